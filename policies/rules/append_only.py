"""The event log: what was written stays as it was written, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack, physical_name
from ..framework.types import ROLE_POLICY, STREAM, TABLE
from ..iam.arns import overlap
from ..iam.documents import Statement, parse
from .subjects import IDENTITY_POLICIES, document, identity_statements

TAG: Final = "writes"
APPEND_ONLY: Final = "append-only"
_INSERT: Final = "dynamodb:PartiQLInsert"

_CHANGES: Final = {
    TABLE: tuple(
        f"dynamodb:{action}"
        for action in (
            *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"),
            *("UpdateTable", "DeleteTable", "UpdateTimeToLive", "UpdateContinuousBackups"),
            *("ImportTable", "RestoreTableFromBackup", "RestoreTableToPointInTime"),
            *("PutResourcePolicy", "DeleteResourcePolicy", "TagResource", "UntagResource"),
        )
    ),
    STREAM: tuple(
        f"kinesis:{action}"
        for action in (
            *("DecreaseStreamRetentionPeriod", "DeleteStream", "StopStreamEncryption"),
            *("PutResourcePolicy", "DeleteResourcePolicy"),
        )
    ),
}
"""What changes or removes what is there, or opens a way to. An INSERT fails on a key that exists.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
"""

_POLICIES: Final = {
    TABLE: "aws:dynamodb/resourcePolicy:ResourcePolicy",
    STREAM: "aws:kinesis/resourcePolicy:ResourcePolicy",
}
_PART: Final = {TABLE: "table/", STREAM: "stream/"}


def _written(action: str) -> Example:
    events = "arn:aws:dynamodb:eu-west-1:111122223333:table/events"
    allow = {"Effect": "Allow", "Action": ["dynamodb:PartiQLInsert", action], "Resource": events}
    return {
        f"{TABLE} events": {"name": "events", "tags": {TAG: APPEND_ONLY}},
        f"{ROLE_POLICY} ingest": {"role": "ingest", "policy": document(allow)},
    }


@rule(
    "append-only-log",
    "Nobody changes or removes what is in the event log",
    severity=Severity.CRITICAL,
    on=resources(TABLE, STREAM),
    judges={TABLE: ("tags",), ROLE_POLICY: ("policy",)},
    why="The log is the source of truth: one PutItem over an event, and every replay tells another story. No condition "
    "key forbids PutItem to overwrite.",
    fix="Write by PartiQL INSERT alone (`table.append()`), and let nobody change the table, or shorten the stream",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html",
    frameworks=("SEC03-BP02", "SEC08-BP04"),
    passes=_written("dynamodb:Query"),
    fails=_written("dynamodb:PutItem"),
)
def append_only_log(log: Resource, context: Context) -> Iterator[str]:
    """Judge a stream, and a table that is append-only: it says so by its tag, or somebody inserts into it.

    Whoever would hide it has to take away both the tag and the grant by which events come in.
    """
    grants = context.stack.once(_grants)
    name = _PART[log.type] + physical_name(log)
    if log.type == TABLE:
        if not _is_append_only(log, name, grants):
            return
        if (log.given("ttl") or {}).get("enabled"):
            yield "lets items expire (ttl)"
    for label, statement in (*grants, *_own_grants(log, context.stack)):
        if denied := sorted({action for action in _CHANGES[log.type] if _allows(statement, action, name)}):
            yield f"{label} allows {', '.join(denied)}"


def _is_append_only(table: Resource, name: str, grants: list[tuple[str, Statement]]) -> bool:
    tagged = (table.known("tags") or {}).get(TAG) == APPEND_ONLY
    return tagged or any(_inserts(statement, name) for _, statement in grants)


def _inserts(statement: Statement, name: str) -> bool:
    named = any(action.lower() == _INSERT.lower() for action in statement.actions)
    return named and _allows(statement, _INSERT, name)


def _grants(stack: Stack) -> list[tuple[str, Statement]]:
    """All that identity policies allow in DynamoDB and Kinesis, with how a message names it."""
    return [
        (f"{policy.name}, {statement.label},", statement)
        for policy in stack.of(*IDENTITY_POLICIES)
        for statement in identity_statements(policy, stack)
        if statement.allows and _concerns_logs(statement)
    ]


def _own_grants(log: Resource, stack: Stack) -> Iterator[tuple[str, Statement]]:
    for policy in stack.naming(log, _POLICIES[log.type], "resourceArn"):
        for statement in parse(policy.known("policy")):
            if statement.allows:
                yield f"{policy.name}, {statement.label},", statement


def _concerns_logs(statement: Statement) -> bool:
    if statement.not_actions:
        return True
    return any(
        action.lower().startswith(("dynamodb:", "kinesis:")) or "*" in action.partition(":")[0]
        for action in statement.actions
    )


def _allows(statement: Statement, action: str, name: str) -> bool:
    acts = bool(statement.not_actions) or any(overlap(own.lower(), action.lower()) for own in statement.actions)
    return acts and (bool(statement.not_resources) or any(_names(own, name) for own in statement.resources))


def _names(resource: str, name: str) -> bool:
    """Whether an ARN, in which a policy variable stands for any text, may be the table's or stream's."""
    parts = resource.split(":", 5)
    return overlap(_open(parts[5]) if len(parts) == 6 else "*", name)


def _open(pattern: str) -> str:
    before, variable, after = pattern.partition("${")
    return before + ("*" + _open(after.partition("}")[2]) if variable else "")
