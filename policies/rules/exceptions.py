"""The exceptions of a stack: each needed, with a reason, an owner and an end; and those in force are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..framework.exceptions import PolicyException
from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.types import LOG_GROUP, STACK

PAGE = "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/aws-account-management-and-separation.html"
NUMBER: Mapping[str, Any] = {"type": "integer", "minimum": 1}


def _excepting(expires: str, resource: str = "debug") -> Example:
    exception = {
        "rule": "log-retention",
        "resource": f"{LOG_GROUP}::{resource}",
        "reason": "kept until the auditors have been",
        "owner": "video-team",
        "expires": expires,
    }
    return {
        f"{LOG_GROUP} debug": {"name": "debug"},
        f"{STACK} video-dev": {},
        "exceptions": {"list": [exception]},
    }


@rule(
    "exceptions",
    "Every exception is needed, and has a reason, an owner and an end",
    severity=Severity.MEDIUM,
    on=resources(STACK),
    judges={STACK: ("the stack's configuration",)},
    why="An exception that nobody owns or that never ends is a rule that doesn't hold.",
    fix="Meet the rule and take the exception out, or have its owner renew it",
    page=PAGE,
    frameworks=("SEC03-BP04",),
    passes=_excepting("2026-03-31"),
    fails=_excepting("2025-12-31"),
    options={
        "days": Option(180, "Days that an exception may last from today, at most", NUMBER),
        "critical": Option(30, "The same for rules of critical severity", NUMBER),
    },
)
def exceptions(_: Resource, context: Context) -> Iterator[str]:
    """Judge all exceptions of the stack. This rule comes after the others: they tell what was needed."""
    yield from context.stack.exceptions.problems
    for entry in context.stack.exceptions.entries:
        if problem := _problem(entry, context):
            yield f"the exception from {entry.rule} for {entry.resource} {problem}"


def _problem(entry: PolicyException, context: Context) -> str:
    stack, given = context.stack, context.stack.exceptions
    excepted = given.rules.get(entry.rule)
    if excepted is None:
        return "is from a rule that doesn't exist"
    left, most = given.days_left(entry), context.options["days"]
    if left < 0:
        return f"expired on {entry.expires}"
    if excepted.severity is Severity.CRITICAL:
        most = min(most, context.options["critical"])
    if left > most:
        return f"lasts {left} days more, and at most {most:g} are allowed"
    resource = next((each for each in stack.resources if entry.is_about(each)), None)
    if resource is None:
        return "is for a resource that doesn't exist"
    # An update of some targets alone doesn't show the others to the rules over one resource.
    unseen = excepted.scope is Scope.RESOURCE and excepted.on.covers(resource.type) and not given.judged(entry)
    return "" if given.needed(entry) or unseen else "isn't needed: the rule is met"


@rule(
    "exceptions-live",
    "An exception is in force",
    severity=Severity.LOW,
    on=resources(STACK),
    judges={STACK: ("the stack's configuration",)},
    why="Whoever deploys sees what doesn't hold, and how long.",
    fix="Meet the rule by then",
    page=PAGE,
    frameworks=("SEC03-BP04",),
    passes=_excepting("2025-12-31"),
    fails=_excepting("2026-03-31"),
    advisory=True,
)
def exceptions_live(_: Resource, context: Context) -> Iterator[str]:
    """Tell the exceptions in force, with the days that they last."""
    given = context.stack.exceptions
    for entry in sorted(given.entries, key=lambda entry: entry.expires):
        if (left := given.days_left(entry)) >= 0:
            days = "its last day" if left == 0 else f"{left} day{'s' * (left != 1)} left"
            why = f"{entry.reason} ({entry.owner})"
            yield f"{entry.resource} need not meet {entry.rule} until {entry.expires}, {days}: {why}"
