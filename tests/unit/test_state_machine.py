"""The part of a pattern that makes a machine: its role, its ledger, its definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest

from components.core.pattern import Pattern
from components.core.permissions import Permission
from components.core.state_machine import StateMachine
from local.wire import UNKNOWN
from tests.asl import machine, task
from tests.policies.builders import violations
from tests.policies.test_patterns import first_preview
from tests.recorder import Plan, record

FILE = Path(__file__).parents[1] / "data" / "echo.asl.json"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
MACHINE = "aws:sfn/stateMachine:StateMachine"
GET = Permission(actions=("dynamodb:GetItem",), resources=(TABLE,))


class Shop(Pattern):
    """A pattern of one machine."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("serviceful:index:Shop", "shop", physical_name=None, opts=None)
        made = aws.ssm.Parameter("made", type="String", value="orders", opts=self.child())
        for name, value in settings["substitutions"].items():
            if value is None:
                settings["substitutions"][name] = made.arn
        self.machine = StateMachine(self, "look-up", kind="EXPRESS", **settings)
        self.publish()


def planned(**settings: Any) -> Plan:
    return record(lambda: Shop(**settings))


def granted(plan: Plan) -> list[tuple[list[str], list[str], str]]:
    return [(entry["actions"], entry["resources"], entry["because"]) for entry in plan.ledger("grants")]


def test_the_role_holds_what_the_states_do_and_the_ledger_says_which() -> None:
    plan = planned(definition=FILE, substitutions={"Table": "orders"})
    find, logs, traces = granted(plan)

    assert find == (["dynamodb:GetItem"], [TABLE], "state Find of echo.asl.json")
    assert {because for _, _, because in (logs, traces)} == {"executions of echo.asl.json"}
    document = json.loads(plan.one("aws:iam/rolePolicy:RolePolicy", "shop-look-up").inputs["policy"])
    assert [statement["Action"] for statement in document["Statement"]] == [find[0], logs[0], traces[0]]


def test_a_definition_may_be_an_object_and_is_named_after_the_machine() -> None:
    definition = machine(task("dynamodb:getItem", {"TableName": "${Table}"}))
    plan = planned(definition=definition, substitutions={"Table": "orders"})

    assert granted(plan)[0] == (["dynamodb:GetItem"], [TABLE], "state Do of shop-look-up")
    filled = json.loads(plan.one(MACHINE, "shop-look-up").inputs["definition"])
    assert filled["States"]["Do"]["Arguments"] == {"TableName": "orders"}


def test_what_aws_has_yet_to_make_is_filled_in_later_and_said_by_the_program() -> None:
    plan = planned(definition=FILE, substitutions={"Table": None}, resources={"Find": GET})

    made = plan.one("aws:ssm/parameter:Parameter", "made")
    found = plan.one(MACHINE, "shop-look-up")
    assert made.urn in found.property_dependencies["definition"]
    assert found.inputs["definition"] is UNKNOWN
    assert violations(first_preview(plan), "machine-role") == []
    assert granted(plan)[0] == (["dynamodb:GetItem"], [TABLE], "state Find of echo.asl.json")


@pytest.mark.parametrize(
    ("substitutions", "resources", "message"),
    [
        ({}, {}, "echo.asl.json uses Table, which substitutions lack"),
        ({"Table": "orders", "Bus": "b"}, {}, "echo.asl.json doesn't use the substitutions Bus"),
        ({"Table": 7}, {}, "shop-look-up: the substitutions Table are no text"),
        ({"Table": None}, {}, "echo.asl.json:\n  Find: computes TableName"),
        ({"Table": "orders"}, {"Find": GET}, "echo.asl.json:\n  Find: its parameters say what it calls"),
    ],
)
def test_it_is_refused_before_it_is_registered(
    substitutions: dict[str, Any], resources: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        planned(definition=FILE, substitutions=substitutions, resources=resources)
