"""State machines: nothing waits for ever, and what fails ends in a state with a name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Severity, resources, rule
from ..framework.types import STATE_MACHINE
from ..iam.documents import MalformedDocument
from .machines import definition_of

PRACTICE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html"
_LONGEST_EXPRESS_S: Final = 300
"""https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""

_TRIED: Final = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3}]
_CAUGHT: Final = [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]


def _working(machine: Mapping[str, Any], **task: Any) -> Example:
    state = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True, **task}
    body = {"StartAt": "Find", **machine, "States": {"Find": state, "Failed": {"Type": "Fail"}}}
    return {f"{STATE_MACHINE} work": {"name": "work", "type": "STANDARD", "definition": json.dumps(body)}}


@rule(
    "machine-timeouts",
    "A state machine and each of its tasks end after a time",
    severity=Severity.MEDIUM,
    on=resources(STATE_MACHINE),
    judges={STATE_MACHINE: ("definition", "type")},
    why="A task waits for ever by default (99,999,999 seconds): a lost answer leaves an execution that nobody sees.",
    fix="Give the definition TimeoutSeconds, and each Task its own; a wait for a task token too",
    page=PRACTICE,
    frameworks=("REL05-BP05",),
    passes=_working({"TimeoutSeconds": 60}, TimeoutSeconds=5),
    fails=_working({}, TimeoutSeconds=5),
    options={
        "longest": Option(
            31_536_000, "Seconds that an execution may take, at most; a year is Step Functions' limit",
            {"type": "number", "minimum": 1},
        )
    },
)  # fmt: skip
def machine_timeouts(machine: Resource, context: Context) -> Iterator[str]:
    """Judge one machine's definition."""
    body = _body(machine, context)
    longest = context.options["longest"]
    if machine.known("type") == "EXPRESS":
        longest = min(longest, _LONGEST_EXPRESS_S)
    timeout = body.get("TimeoutSeconds")
    if not isinstance(timeout, int | float):
        yield "has no TimeoutSeconds: an execution may wait for ever"
    elif timeout > longest:
        yield f"may run for {timeout:g} s, and {longest:g} are allowed"
    for name, state, _ in _states(body):
        if state.get("Type") == "Task" and not state.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}:
            yield f"has no TimeoutSeconds at its state {name}: the default is to wait for ever"


@rule(
    "machine-failures",
    "Each task of a state machine is tried again, and what fails for good is caught",
    severity=Severity.MEDIUM,
    on=resources(STATE_MACHINE),
    judges={STATE_MACHINE: ("definition",)},
    why="A throttled call ends the execution at its first attempt; an error that nobody catches loses the input.",
    fix='Give each Task a Retry ("MaxAttempts": 0 where it must not be tried again), and it or a state around it a '
    "Catch of States.ALL",
    page="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
    frameworks=("REL05-BP03", "REL04-BP04"),
    passes=_working({"TimeoutSeconds": 60}, Retry=_TRIED, Catch=_CAUGHT),
    fails=_working({"TimeoutSeconds": 60}, Retry=_TRIED),
)
def machine_failures(machine: Resource, context: Context) -> Iterator[str]:
    """Judge one machine's definition."""
    for name, state, around in _states(_body(machine, context)):
        if state.get("Type") != "Task":
            continue
        if not state.get("Retry"):
            yield f"doesn't say at its state {name} how it is tried again"
        if not any(_catches_all(each) for each in (state, *around)):
            yield f"catches no failure of its state {name}"


def _catches_all(state: Mapping[str, Any]) -> bool:
    return any("States.ALL" in catcher.get("ErrorEquals", ()) for catcher in state.get("Catch") or ())


def _body(machine: Resource, context: Context) -> Mapping[str, Any]:
    try:
        body = json.loads(definition_of(machine, context.stack))
    except ValueError as error:
        raise MalformedDocument(f"is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise MalformedDocument("has no States")
    return body


def _states(
    body: Mapping[str, Any], around: tuple[Mapping[str, Any], ...] = ()
) -> Iterator[tuple[str, Mapping[str, Any], tuple[Mapping[str, Any], ...]]]:
    """Each state with its name and the states that it stands in."""
    states = body.get("States")
    if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
        raise MalformedDocument("has no States")
    for name, state in states.items():
        yield name, state, around
        parts = (*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator"))
        for inner in filter(None, parts):
            yield from _states(inner, (*around, state))
