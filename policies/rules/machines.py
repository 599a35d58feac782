"""State machines: the role is what the definition does."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import PATTERN, ROLE, STATE_MACHINE
from ..iam.facts import NoFacts
from ..iam.machines import UnknownCall, calls
from .roles import trust

_LOGGING = frozenset(
    f"logs:{action}"
    for action in (
        "createlogdelivery",
        "getlogdelivery",
        "updatelogdelivery",
        "deletelogdelivery",
        "listlogdeliveries",
        "putresourcepolicy",
        "describeresourcepolicies",
        "describeloggroups",
    )
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""

_TRACING = frozenset(
    f"xray:{action}" for action in ("puttracesegments", "puttelemetryrecords", "getsamplingrules", "getsamplingtargets")
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html"""


def _working(*actions: str) -> Example:
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    state = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}
    definition = {"StartAt": "Find", "States": {"Find": {**state, "Arguments": {"TableName": "orders"}}}}
    grant = {
        "principal": "work",
        "service": "states.amazonaws.com",
        "actions": list(actions),
        "resources": [table],
        "because": "state Find of work.asl.json",
    }
    role = {"name": "work", "arn": "arn:aws:iam::111122223333:role/work"}
    return {
        f"{PATTERN}Example shop": {"grants": [grant]},
        f"{ROLE} work": {**role, "assumeRolePolicy": trust("states.amazonaws.com")},
        f"{STATE_MACHINE} work": {"name": "work", "roleArn": role["arn"], "definition": json.dumps(definition)},
    }


@rule(
    "machine-role",
    "A state machine's role does what its states do, and nothing else",
    severity=Severity.HIGH,
    on=resources(STATE_MACHINE),
    judges={STATE_MACHINE: ("definition", "roleArn"), PATTERN: ("grants",)},
    why="A grant that no state uses is open to whoever changes the definition; a state without one fails when it runs.",
    fix="Let StateMachine derive the role: name what states call in their parameters, or by resources={…}",
    page="https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html",
    frameworks=("SEC03-BP02",),
    passes=_working("dynamodb:GetItem"),
    fails=_working("dynamodb:GetItem", "dynamodb:PutItem"),
)
def machine_role(machine: Resource, context: Context) -> Iterator[str]:
    """Judge one machine: the actions of its states against those that the ledger grants to its role."""
    role = context.stack.named_by(machine, "roleArn", ROLE)
    if role is None:
        yield "runs under a role that isn't of this stack"
        return
    granted = {
        action.lower()
        for grant in context.stack.ledger.grants.get(role.known("name"), ())
        for action in grant.statement.actions
    }
    allowed = _beside(machine)
    try:
        for call in calls(definition_of(machine, context.stack)):
            allowed |= call.needs | call.some
            missing = sorted(call.needs - granted)
            if not call.needs and call.some and not call.some & granted:
                missing = sorted(call.some)
            if missing:
                yield f"state {call.state} does {', '.join(missing)}, which no grant of its role allows"
    except UnknownCall as error:
        raise NoFacts(f"the state {error}") from error
    if surplus := sorted(granted - allowed):
        yield f"its role is granted {', '.join(surplus)}, which no state does"


def definition_of(machine: Resource, stack: Stack) -> str:
    """The definition; while it waits for what AWS makes, as the ledger has it."""
    try:
        return machine.known("definition") or ""
    except UnknownValueError:
        text = stack.ledger.definitions.get(machine.key)
        if text is None:
            raise
        return text


def _beside(machine: Resource) -> frozenset[str]:
    """What the role may do for the machine itself."""
    logging = machine.known("loggingConfiguration") or {}
    tracing = machine.known("tracingConfiguration") or {}
    logs = _LOGGING if logging.get("level", "OFF") != "OFF" else frozenset()
    return logs | (_TRACING if tracing.get("enabled") else frozenset())
