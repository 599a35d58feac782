"""The role of a machine against its definition, as the pack reads it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from components.core.asl.integrations import INTEGRATIONS
from policies.framework.resources import UNKNOWN
from policies.framework.types import PATTERN, STATE_MACHINE
from policies.iam.machines import calls
from policies.rules.machines import machine_role
from tests.asl import derived, machine, task
from tests.asl_cases import CASES
from tests.policies.builders import Record, from_example, violations

CALL = task("dynamodb:getItem", {"TableName": "orders"})


def stack(definition: Any, *actions: str, **more: Any) -> list[Record]:
    """The rule's example with another definition, and a role with other actions."""
    records = copy.deepcopy(from_example(machine_role.passes))
    for each in records:
        if each["type"] == STATE_MACHINE:
            text = definition if isinstance(definition, str) else json.dumps(definition)
            each["props"] |= {"definition": text, **more}
        if each["type"].startswith(PATTERN):
            each["props"]["grants"][0]["actions"] = list(actions)
    return records


def found(records: list[Record]) -> str:
    return " · ".join(each.message for each in violations(records, "machine-role"))


@pytest.mark.parametrize(("integration", "arguments", "expected"), CASES)
def test_the_pack_reads_a_definition_as_the_component_does(integration: str, arguments: Any, expected: Any) -> None:
    definition = machine(task(integration, arguments))
    actions = {action for permission in derived(definition) for action in permission.actions}

    assert found(stack(definition, *actions)) == ""
    assert "is granted iam:passrole, which no state does" in found(stack(definition, *actions, "iam:PassRole"))
    for action in actions:
        optional = next(calls(json.dumps(definition))).some
        if action.lower() not in optional or len(actions) == 1:
            assert action.lower() in found(stack(definition, *(actions - {action})))


def test_the_pack_knows_what_the_component_knows() -> None:
    for name in INTEGRATIONS:
        assert "cannot be judged" not in found(stack(machine(task(name, {})))), name


@pytest.mark.parametrize(
    "definition",
    [
        "{",
        "[]",
        "{}",
        {"States": {"Do": []}},
        {"States": {"Do": {"Type": "Work"}}},
        {"States": {"Do": {"Type": "Task"}}},
        machine(task("ecs:runTask.sync", {})),
        machine(task("lambda:invoke.sync", {})),
        machine(task("aws-sdk:iam:createRole", {})),
        machine({**CALL, "Credentials": {"RoleArn": "arn:aws:iam::444455556666:role/other"}}),
        machine({"Type": "Map", "ItemReader": {"Resource": "arn:aws:states:::s3:selectObject"}, "End": True}),
    ],
)
def test_what_the_pack_does_not_know_is_a_violation(definition: Any) -> None:
    assert "cannot be judged" in found(stack(definition, "dynamodb:GetItem"))


@pytest.mark.parametrize(
    "outer",
    [
        {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {"In": CALL}}]},
        {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": CALL}}},
        {"Type": "Map", "Iterator": {"StartAt": "In", "States": {"In": CALL}}},
    ],
)
def test_nested_states_need_their_grants(outer: dict[str, Any]) -> None:
    assert found(stack(machine(outer), "dynamodb:GetItem")) == ""
    assert "state In does dynamodb:getitem" in found(stack(machine(outer), "dynamodb:PutItem"))


def test_grants_for_logs_and_traces_are_for_machines_that_have_them() -> None:
    grants = ("dynamodb:GetItem", "logs:CreateLogDelivery", "xray:PutTraceSegments")
    on = {"loggingConfiguration": {"level": "ERROR"}, "tracingConfiguration": {"enabled": True}}

    assert found(stack(machine(CALL), *grants, **on)) == ""
    assert "logs:createlogdelivery, xray:puttracesegments" in found(stack(machine(CALL), *grants))


def test_a_role_of_another_stack_cannot_be_judged_and_is_a_violation() -> None:
    strange = stack(machine(CALL), "dynamodb:GetItem", roleArn="arn:aws:iam::444455556666:role/other")
    assert "a role that isn't of this stack" in found(strange)


def test_a_definition_that_waits_for_aws_is_judged_as_the_ledger_has_it() -> None:
    waiting = stack(UNKNOWN, "dynamodb:GetItem")
    assert "cannot be judged: definition is known only after the update" in found(waiting)

    definition = machine(task("dynamodb:getItem", {"TableName": "${Made}"}))
    for each in waiting:
        if each["type"].startswith(PATTERN):
            each["props"]["definitions"] = {f"{STATE_MACHINE}::work": json.dumps(definition)}
    assert found(waiting) == ""
    waiting[0]["props"]["grants"][0]["actions"].append("dynamodb:PutItem")
    assert "is granted dynamodb:putitem, which no state does" in found(waiting)
