"""Taking rights away one by one: which exercise is asked whether it misses a right."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.emulator.decision import Decision
from local.prove import decisions, removals
from local.prove.exercise import Exercise
from local.prove.removals import Remover
from local.prove.rights import Right
from local.prove.runs import Run, Usage


def exercise(name: str) -> Exercise:
    return Exercise(name=f"shop.{name}", needs="", run=lambda guide: None)


def right(role: str, action: str = "logs:PutLogEvents") -> Right:
    return Right(role=role, action=action, resource="*", service="lambda.amazonaws.com", pattern="shop")


def denial(of: Right) -> Decision:
    principal = f"arn:aws:sts::000000000000:assumed-role/{of.role}/session"
    return Decision(
        n=1, principal=principal, action=of.action, resource=of.resource, allowed=False, reason="", time=0.0
    )


@dataclass
class Stage:
    """Exercises that notice what they are told to notice."""

    notices: Callable[[str], bool]
    exercises: list[Exercise]
    settings: Any = None
    ran: list[str] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)

    def prepare(self, exercise: Exercise) -> None:
        self.prepared.append(exercise.name)

    def tidy(self, exercise: Exercise) -> None:
        pass

    def guide(self) -> Any:
        return None

    def run(self, exercise: Exercise, patience: float | None = None) -> Run:
        self.ran.append(exercise.name)
        broken = "it broke" if self.notices(exercise.name) else ""
        return Run(exercise=exercise, seconds=1, broken=broken)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[Right]:
    """The rights that were taken away, in their order; IAM refuses what needs the last."""
    taken: list[Right] = []

    @contextlib.contextmanager
    def without(_guide: Any, role: str, action: str, _resource: str) -> Iterator[None]:
        taken.append(right(role, action))
        yield

    monkeypatch.setattr(removals, "without", without)
    monkeypatch.setattr(decisions, "last", lambda _settings: 0)
    monkeypatch.setattr(decisions, "since", lambda *_: [denial(taken[-1])])
    return taken


def test_what_told_of_an_action_is_asked_first_about_it_elsewhere(lost: list[Right]) -> None:
    short, telling = exercise("short"), exercise("telling")
    stage: Any = Stage(notices=lambda name: name == telling.name, exercises=[short, telling])
    rights = [right("one"), right("two"), right("three")]
    runs = {one.name: Run(exercise=one, seconds=seconds) for seconds, one in enumerate((short, telling))}
    active = {name: frozenset(one.role for one in rights) for name in runs}
    usage = Usage(runs=runs, uses={one: Counter(runs.keys()) for one in rights}, active=active)
    done = Remover(stage=stage, usage=usage).remove(rights)
    assert {(removal.proves, removal.exercise) for removal in done.values()} == {(True, telling.name)}
    assert stage.ran == [short.name, telling.name, telling.name, telling.name]
    assert lost == [rights[0], *rights]


def test_rights_go_one_exercise_after_another_each_run_prepared(lost: list[Right]) -> None:
    first, second = exercise("first"), exercise("second")
    stage: Any = Stage(notices=lambda name: True, exercises=[first, second])
    rights = [right("role", f"sqs:Action{number}") for number in range(4)]
    runs = {one.name: Run(exercise=one, seconds=1) for one in (first, second)}
    uses = {one: Counter([(second, first)[number % 2].name]) for number, one in enumerate(rights)}
    usage = Usage(runs=runs, uses=uses, active={name: frozenset({"role"}) for name in runs})
    Remover(stage=stage, usage=usage).remove(rights)
    assert stage.ran == stage.prepared == [first.name, first.name, second.name, second.name]
    assert lost == [rights[1], rights[3], rights[0], rights[2]]
