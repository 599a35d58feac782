"""Whether a text is a state machine that Step Functions would take: shape, transitions, retries and catches.

The local AWS takes any text. https://states-language.net/spec.html
The components ask statelint before that; this is the service's own answer, which knows more fields and refuses more.
Expressions (JSONPath, JSONata) and what a task's service wants of its parameters aren't judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_STATES = 10_000
_NAME_LENGTH = 80
_COMMON = frozenset({"Type", "Comment", "QueryLanguage"})
_MOVES = frozenset({"Next", "End"})
_JSONPATH = frozenset(
    {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector", "ItemsPath", "SecondsPath"}
    | {"TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath", "ErrorPath", "CausePath"}
    | {"ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "MaxItemsPath", "MaxItemsPerBatchPath"}
)
_JSONATA = frozenset({"Arguments", "Output", "Items"})
_PATHS = frozenset({"InputPath", "OutputPath", "Assign", "Output"})
_WORK = _PATHS | _MOVES | {"Parameters", "Arguments", "ResultPath", "ResultSelector", "Retry", "Catch"}
_FIELDS = {
    "Task": _WORK
    | {"Resource", "Credentials"}
    | {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"},
    "Parallel": _WORK | {"Branches"},
    "Map": (_WORK - {"Arguments"})
    | {"ItemProcessor", "Iterator", "ItemReader", "ItemSelector", "ItemBatcher", "ResultWriter", "Items", "ItemsPath"}
    | {"MaxConcurrency", "MaxConcurrencyPath", "Label", "ToleratedFailureCount", "ToleratedFailureCountPath"}
    | {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"},
    "Pass": _PATHS | _MOVES | {"Parameters", "Result", "ResultPath"},
    "Wait": _PATHS | _MOVES | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Choice": _PATHS | {"Choices", "Default"},
    "Succeed": frozenset({"InputPath", "OutputPath", "Output"}),
    "Fail": frozenset({"Error", "ErrorPath", "Cause", "CausePath"}),
}
_TOP = frozenset({"Comment", "StartAt", "States", "QueryLanguage"})
_RETRIER = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
_CATCHER = frozenset({"ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"})


def problems(definition: str, kind: str) -> Iterator[str]:
    """What Step Functions would refuse in the definition of a machine of this kind, one sentence each."""
    try:
        machine = json.loads(definition)
    except ValueError:
        yield "the definition is no JSON"
        return
    if not isinstance(machine, dict):
        yield "the definition is no object"
        return
    yield from _unknown(machine, _TOP | {"Version", "TimeoutSeconds"}, "")
    yield from _Scope(kind == "EXPRESS", set()).level(machine, "", "JSONPath")


class _Scope:
    """One machine: whether it is Express, and the names that its states have at every level."""

    def __init__(self, express: bool, names: set[str]) -> None:
        self.express = express
        self.names = names

    def level(self, machine: dict[str, Any], path: str, language: str) -> Iterator[str]:
        """A machine, a branch or what a Map runs: its states, and the ways between them."""
        language = machine.get("QueryLanguage", language)
        if language not in ("JSONPath", "JSONata"):
            yield f"{path}/QueryLanguage is JSONPath or JSONata"
        states = machine.get("States")
        if not isinstance(states, dict) or not states:
            yield f"{path}/States needs at least one state"
            return
        if machine.get("StartAt") not in states:
            yield f"{path}/StartAt names no state: {machine.get('StartAt')!r}"
        for name, state in states.items():
            where = f"{path}/States/{name}"
            if len(name) > _NAME_LENGTH:
                yield f"{where}: a state's name has at most {_NAME_LENGTH} characters"
            if name in self.names:
                yield f"{where}: another state is called {name!r}"
            self.names.add(name)
            if isinstance(state, dict) and state.get("Type") in _FIELDS:
                yield from self._state(state, where, language, states)
            else:
                yield f"{where}/Type is one of {', '.join(_FIELDS)}"
        if len(self.names) > _STATES:
            yield f"a machine has at most {_STATES:,} states"
        yield from _unreached(machine, states, path)

    def _state(self, state: dict[str, Any], where: str, language: str, states: dict[str, Any]) -> Iterator[str]:
        kind = state["Type"]
        yield from _unknown(state, _FIELDS[kind] | _COMMON, where)
        yield from _languages(state, where, language)
        if "Next" in _FIELDS[kind] and ("Next" in state) is (state.get("End") is True):
            yield f"{where} needs either Next or End"
        for target in _targets(state):
            if target not in states:
                yield f"{where} goes to {target!r}, which is no state beside it"
        yield from _handlers(state, where)
        match kind:
            case "Task":
                yield from self._task(state, where)
            case "Parallel":
                branches = state.get("Branches")
                if not isinstance(branches, list) or not branches:
                    yield f"{where}/Branches needs at least one branch"
                    return
                for index, branch in enumerate(branches):
                    yield from self._nested(branch, f"{where}/Branches[{index}]", _TOP, language)
            case "Map":
                yield from self._map(state, where, language)
            case "Wait":
                if len(state.keys() & {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}) != 1:
                    yield f"{where} needs one of Seconds, SecondsPath, Timestamp and TimestampPath"
            case "Choice":
                yield from _choices(state, where, state.get("QueryLanguage", language))

    def _task(self, state: dict[str, Any], where: str) -> Iterator[str]:
        resource = state.get("Resource")
        if not isinstance(resource, str) or not resource.startswith("arn:"):
            yield f"{where}/Resource is an ARN"
        elif self.express and (
            resource.endswith((".sync", ".sync:2", ".waitForTaskToken")) or ":activity:" in resource
        ):
            # https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
            yield f"{where}/Resource: an Express machine can't wait for a job, a callback or an activity"

    def _map(self, state: dict[str, Any], where: str, language: str) -> Iterator[str]:
        given = [name for name in ("ItemProcessor", "Iterator") if name in state]
        if len(given) != 1:
            yield f"{where} needs an ItemProcessor"
            return
        processor = state[given[0]]
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        express = self.express
        if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
            if self.express:
                yield f"{where}: an Express machine has no distributed Map"
            if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
                yield f"{where}/{given[0]}/ProcessorConfig/ExecutionType is STANDARD or EXPRESS"
            # What a distributed Map runs are executions of their own kind.
            express = config.get("ExecutionType") == "EXPRESS"
        scope = _Scope(express, self.names)
        yield from scope._nested(processor, f"{where}/{given[0]}", _TOP | {"ProcessorConfig"}, language)

    def _nested(self, machine: Any, where: str, fields: frozenset[str], language: str) -> Iterator[str]:
        if isinstance(machine, dict):
            yield from _unknown(machine, fields, where)
            yield from self.level(machine, where, language)
        else:
            yield f"{where} is no object"


def _unknown(row: dict[str, Any], fields: frozenset[str], where: str) -> Iterator[str]:
    for name in sorted(row.keys() - fields):
        yield f"{where}/{name} is no field that belongs there"


def _languages(state: dict[str, Any], where: str, language: str) -> Iterator[str]:
    own = state.get("QueryLanguage", language)
    if language == "JSONata" and own == "JSONPath":
        yield f"{where}/QueryLanguage: a state of a JSONata machine is JSONata too"
    for name in sorted(state.keys() & (_JSONPATH if own == "JSONata" else _JSONATA)):
        yield f"{where}/{name} is not for {own}"
    if own == "JSONPath" and any("Assign" in row for row in _rows(state)):
        # Step Functions takes it; the local AWS would pass over it.
        yield f"{where}/Assign is not available locally in JSONPath: make the state JSONata"


def _rows(state: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The state itself, its choices and its catchers."""
    yield state
    for name in ("Choices", "Catch"):
        rows = state.get(name)
        yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _targets(state: dict[str, Any]) -> Iterator[Any]:
    """Where a state can go next."""
    yield from (state[name] for name in ("Next", "Default") if name in state)
    for name in ("Choices", "Catch"):
        rows = state.get(name)
        yield from (
            (row["Next"] for row in rows if isinstance(row, dict) and "Next" in row) if isinstance(rows, list) else ()
        )


def _unreached(machine: dict[str, Any], states: dict[str, Any], path: str) -> Iterator[str]:
    reached: set[Any] = set()
    left = [machine.get("StartAt")]
    while left:
        name = left.pop()
        if isinstance(name, str) and name not in reached and isinstance(states.get(name), dict):
            reached.add(name)
            left.extend(_targets(states[name]))
    for name in states.keys() - reached if machine.get("StartAt") in states else ():
        yield f"{path}/States/{name} can't be reached"


def _handlers(state: dict[str, Any], where: str) -> Iterator[str]:
    """Retry and Catch: what they name, and that States.ALL stands alone and last."""
    for field, fields in (("Retry", _RETRIER), ("Catch", _CATCHER)):
        rows = state.get(field, [])
        if not isinstance(rows, list):
            yield f"{where}/{field} is a list"
            continue
        for index, row in enumerate(rows):
            at = f"{where}/{field}[{index}]"
            if not isinstance(row, dict):
                yield f"{at} is no object"
                continue
            yield from _unknown(row, fields, at)
            yield from _errors(row.get("ErrorEquals"), at, last=index == len(rows) - 1)
            if field == "Catch" and "Next" not in row:
                yield f"{at} needs Next"
            if field == "Retry":
                yield from _retrier(row, at)


def _errors(names: Any, at: str, last: bool) -> Iterator[str]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        yield f"{at}/ErrorEquals needs at least one error's name"
    elif "States.ALL" in names and not (last and len(names) == 1):
        yield f"{at}/ErrorEquals: States.ALL stands alone, and last"


def _retrier(row: dict[str, Any], at: str) -> Iterator[str]:
    for name, least, kinds in (
        ("IntervalSeconds", 1, int),
        ("MaxAttempts", 0, int),
        ("MaxDelaySeconds", 1, int),
        ("BackoffRate", 1, (int, float)),
    ):
        value = row.get(name, least)
        if isinstance(value, bool) or not isinstance(value, kinds) or value < least:
            yield f"{at}/{name} is a number of at least {least}"
    if row.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
        yield f"{at}/JitterStrategy is NONE or FULL"


def _choices(state: dict[str, Any], where: str, language: str) -> Iterator[str]:
    rows = state.get("Choices")
    if not isinstance(rows, list) or not rows:
        yield f"{where}/Choices needs at least one rule"
        return
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or "Next" not in row:
            yield f"{where}/Choices[{index}] needs Next"
        elif language == "JSONata" and "Condition" not in row:
            yield f"{where}/Choices[{index}] needs Condition"
        elif language == "JSONPath" and not row.keys() & {"Variable", "And", "Or", "Not"}:
            yield f"{where}/Choices[{index}] needs Variable, And, Or or Not"
