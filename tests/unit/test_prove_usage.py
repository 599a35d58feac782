"""What exercises used, and which of them is asked first whether it misses a right."""

from __future__ import annotations

from collections import Counter

from local.prove.exercise import Exercise
from local.prove.rights import Right
from local.prove.runs import Run, Usage


def right(action: str) -> Right:
    return Right(role="role", action=action, resource="*", service="lambda.amazonaws.com", pattern="shop")


def usage(seconds: dict[str, float], uses: dict[str, list[str]]) -> Usage:
    exercises = {name: Exercise(name=name, needs="", run=lambda guide: None) for name in seconds}
    return Usage(
        runs={name: Run(exercise=exercises[name], seconds=took) for name, took in seconds.items()},
        uses={right(action): Counter(names) for action, names in uses.items()},
        active={name: frozenset({"role"}) for name in seconds},
    )


def users(used: Usage, action: str) -> list[str]:
    return [exercise.name for exercise in used.users(right(action))]


def test_what_uses_little_else_is_asked_first() -> None:
    everything = usage(
        {"shop.sell": 1, "shop.log": 3},
        {"logs:PutLogEvents": ["shop.sell", "shop.log"], "sqs:SendMessage": ["shop.sell"]},
    )
    assert users(everything, "logs:PutLogEvents") == ["shop.log", "shop.sell"]


def test_of_those_that_use_as_much_the_shortest_is_asked_first() -> None:
    same = usage({"shop.slow": 3, "shop.fast": 1}, {"sqs:SendMessage": ["shop.slow", "shop.fast"]})
    assert users(same, "sqs:SendMessage") == ["shop.fast", "shop.slow"]


def test_a_patterns_own_exercise_is_asked_before_anothers() -> None:
    both = usage({"room.enter": 1, "shop.sell": 3}, {"sqs:SendMessage": ["room.enter", "shop.sell"]})
    assert users(both, "sqs:SendMessage") == ["shop.sell", "room.enter"]
