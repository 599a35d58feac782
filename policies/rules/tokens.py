"""Task tokens: whoever has one answers for a person, so few may, and few may read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import PATTERN, STATE_MACHINE
from ..iam.arns import has_wildcard, overlap, physical_name_in
from ..iam.documents import MalformedDocument
from .machines import definition_of

_ANSWERS: Final = frozenset(f"states:sendtask{what}" for what in ("success", "failure", "heartbeat"))
_READS: Final = frozenset(
    f"dynamodb:{action}"
    for action in (
        *("getitem", "batchgetitem", "query", "scan", "partiqlselect"),
        *("updateitem", "deleteitem", "partiqlupdate", "partiqldelete"),  # they can return what was there
        *("getrecords", "exporttabletopointintime"),
    )
)
_CALLBACK: Final = ".waitForTaskToken"


def _approved(*, reader: str) -> Example:
    tokens = "arn:aws:dynamodb:eu-west-1:111122223333:table/tokens"
    state = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:dynamodb:putItem{_CALLBACK}", "End": True}
    definition = {"StartAt": "Wait", "States": {"Wait": {**state, "Arguments": {"TableName": "tokens"}}}}
    service = {"service": "states.amazonaws.com", "because": "a state"}
    grants = [
        {"principal": "decide", **service, "actions": ["states:SendTaskSuccess"], "resources": ["*"]},
        {"principal": reader, **service, "actions": ["dynamodb:UpdateItem"], "resources": [tokens]},
    ]
    return {
        f"{PATTERN}Example titles": {"grants": grants},
        f"{STATE_MACHINE} work": {"name": "work", "definition": json.dumps(definition)},
    }


@rule(
    "task-tokens",
    "One principal of a pattern answers task tokens, and nobody else reads the table that keeps them",
    severity=Severity.HIGH,
    on=resources(STATE_MACHINE, PATTERN),
    judges={STATE_MACHINE: ("definition",), PATTERN: ("grants",)},
    why="states:SendTask* takes no resource: whoever holds it and knows a token approves in a person's name.",
    fix="Keep the token in a table of its own; let the one machine that checks the person's link read it and answer",
    page="https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token",
    frameworks=(
        "SEC03-BP02",
        "SEC02-BP03",
    ),
    passes=_approved(reader="decide"),
    fails=_approved(reader="report"),
)
def task_tokens(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a pattern by who answers tokens, and a machine by who reads those that it waits with."""
    grants = context.stack.ledger.grants
    answering = {
        principal: entries[0].pattern
        for principal, entries in grants.items()
        if any(_may(action, _ANSWERS) for one in entries for action in one.statement.actions)
    }
    if resource.type != STATE_MACHINE:
        mine = sorted(principal for principal, pattern in answering.items() if pattern is resource)
        if len(mine) > 1:
            yield f"{', '.join(mine)} may all answer task tokens"
        return
    for table in _tables(resource, context.stack):
        for principal, entries in grants.items():
            read = sorted({action for one in entries for action in _reading(one.statement, table)})
            if read and principal not in answering:
                yield f"{principal} may {', '.join(read)} in {table}, which keeps task tokens, and answers none"


def _tables(machine: Resource, stack: Stack) -> list[str]:
    """The tables into which the machine's states put their tokens."""
    try:
        top = json.loads(definition_of(machine, stack) or "{}")
    except ValueError as error:
        raise MalformedDocument(f"is no JSON: {error}") from error
    return [
        _table(state.get("Arguments") or state.get("Parameters") or {})
        for state in _states(top)
        if str(state.get("Resource", "")).endswith(_CALLBACK) and ":dynamodb:" in state["Resource"]
    ]


def _table(parameters: Any) -> str:
    """The name of the one table that a call writes to."""
    given = parameters.get("TableName") if isinstance(parameters, dict) else None
    if not isinstance(given, str) or given.startswith("{%"):
        raise MalformedDocument("keeps a task token in a table that it doesn't name")
    return physical_name_in(given, "dynamodb") or given


def _states(machine: Any) -> Iterator[Mapping[str, Any]]:
    states = machine.get("States", {}) if isinstance(machine, dict) else None
    if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
        raise MalformedDocument("has no States")
    for state in states.values():
        yield state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {}), state.get("Iterator", {})):
            yield from _states(inner)


def _reading(statement: Any, table: str) -> Iterator[str]:
    """The actions of a statement that read the table, its indexes or its stream."""
    if any(_covers(resource, table) for resource in statement.resources):
        yield from (action for action in statement.actions if _may(action, _READS))


def _may(action: str, wanted: Collection[str]) -> bool:
    action = action.lower()
    return action in wanted or (has_wildcard(action) and any(overlap(action, each) for each in wanted))


def _covers(resource: str, table: str) -> bool:
    part = resource.split(":", 5)[-1]
    return fnmatchcase(f"table/{table}", part) or part.startswith(f"table/{table}/")
