"""What the states of state machines do, and what Step Functions does for their logs and traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import ROLE, STATE_MACHINE
from policies.iam.evaluation import Request
from policies.iam.machines import Calls, calls

from .aims import Aim, Call, aims
from .need import SAMPLE, Need, arn_of, by_role, find, given

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_STATES: Final = _GUIDE + "service-integration-iam-templates.html"
_LOGS: Final = _GUIDE + "cw-logs.html"
_TRACES: Final = _GUIDE + "concepts-xray-tracing.html"
_DELIVERY: Final = (
    "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries "
    "logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups"
)
_TRACING: Final = "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets"

_VERBS: Final = {
    "select": "dynamodb:partiqlselect",
    "insert": "dynamodb:partiqlinsert",
    "update": "dynamodb:partiqlupdate",
    "delete": "dynamodb:partiqldelete",
}
_IN_TRANSACTION: Final = {
    "Put": "dynamodb:putitem",
    "Update": "dynamodb:updateitem",
    "Delete": "dynamodb:deleteitem",
    "ConditionCheck": "dynamodb:conditioncheckitem",
    "Get": "dynamodb:getitem",
}


def needs(stack: Stack) -> Iterator[Need]:
    """Of all machines of a stack. Raises UnknownCall for a state of which nothing is known."""
    for machine in stack.of(STATE_MACHINE):
        role = machine.known("roleArn")
        if not stack.find(role, ROLE):
            continue
        for call in calls(machine.known("definition")):
            yield from _of_state(machine, role, call, stack)
        if given(machine, "loggingConfiguration").get("level", "OFF") != "OFF":
            yield from by_role(stack, machine, role, _DELIVERY, "*", page=_LOGS)
        if given(machine, "tracingConfiguration").get("enabled"):
            yield from by_role(stack, machine, role, _TRACING, "*", page=_TRACES)


def _of_state(machine: Resource, role: str, call: Calls, stack: Stack) -> Iterator[Need]:
    for action, aim in _aimed(machine, call, stack):
        for arn, computed in _places(aim, action, role, call.state, stack):
            target = find(stack, arn)
            yield Need(
                source=f"{machine.key}/{call.state}",
                target=target.key if target else arn,
                request=Request(principal=role, action=action, resource=arn, context=aim.sent),
                side="identity",
                page=_STATES,
                computed=computed,
            )


def _aimed(machine: Resource, call: Calls, stack: Stack) -> Iterator[tuple[str, Aim]]:
    """Each action of a state with what it is done to."""
    parameters = call.body.get("Arguments") or call.body.get("Parameters") or {}
    if not parameters and str(call.body.get("Resource", "")).split(":")[2:3] == ["lambda"]:
        parameters = {"FunctionName": call.body["Resource"]}
    made = Call(parameters, arn_of(machine), stack, machine.known("definition"))
    parts = list(_rows(parameters)) if "dynamodb" in str(call.body.get("Resource", "")) else []
    for action in sorted(call.needs | _asked_for(call, parameters)):
        if parts:
            rows = [row for kind, row in parts if _IN_TRANSACTION.get(kind, action) == action]
            yield from ((action, aim) for row in rows for aim in aims(action, Call(row, made.caller, stack)))
        elif "transcribe:starttranscriptionjob" in call.needs and action.startswith("s3:"):
            yield from ((action, aim) for aim in aims(action.replace("s3:", "transcribe:"), made))
        else:
            yield from ((action, aim) for aim in aims(action, made))


def _asked_for(call: Calls, parameters: Mapping[str, Any]) -> set[str]:
    """Those of the actions that a call may need which its parameters ask for."""
    wanted = {_IN_TRANSACTION[kind] for kind, _ in _rows(parameters) if kind in _IN_TRANSACTION}
    wanted |= {_VERBS.get(str(text).split(" ")[0].lower(), "") for text in _statements(parameters)}
    if "GuardrailConfig" in parameters or "GuardrailIdentifier" in parameters:
        wanted.add("bedrock:applyguardrail")
    if "Media" in parameters:
        wanted |= {"s3:getobject", *(["s3:putobject"] if "OutputBucketName" in parameters else [])}
    elif not call.needs:
        versioned = any(key.startswith("VersionId") for key in parameters)
        wanted |= (
            {"s3:getobjectversion", "s3:deleteobjectversion"} if versioned else {"s3:getobject", "s3:deleteobject"}
        )
    return wanted & call.some


def _rows(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts of a transaction: kind and parameters."""
    items = parameters.get("TransactItems")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            yield from ((kind, row) for kind, row in item.items() if isinstance(row, Mapping))


def _statements(parameters: Mapping[str, Any]) -> Iterator[Any]:
    """The PartiQL statements of a call."""
    yield from (parameters[key] for key in ("Statement",) if key in parameters)
    for part in ("Statements", "TransactStatements"):
        rows = parameters.get(part)
        yield from (row["Statement"] for row in rows or () if isinstance(row, Mapping) and "Statement" in row)


def _places(aim: Aim, action: str, role: str, state: str, stack: Stack) -> Iterator[tuple[str, bool]]:
    """What an aim may become. A computed one is what the ledger lets the state do, as far as the parameters agree."""
    if not aim.begins:
        yield aim.arn, False
        return
    claimed = [
        resource.replace("*", SAMPLE)
        for grant in stack.ledger.grants.get(role.rsplit("/", 1)[-1], ())
        if state in grant.because and action in (each.lower() for each in grant.statement.actions)
        for resource in grant.statement.resources
    ]
    agreed = [arn for arn in dict.fromkeys(claimed) if arn.startswith(aim.arn)]
    yield from ((arn, True) for arn in agreed or [aim.arn + SAMPLE])
