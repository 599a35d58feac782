"""Rights are taken from a role's document one by one, and the document comes back as it was."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from rich.console import Console

from local.prove.removal import Statements, without
from local.settings import Settings
from local.tour.guide import Guide

READ = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["a", "b"]}
SEND = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["q"]}


class Roles:
    """IAM with one role, as far as inline policies go."""

    def __init__(self, *statements: dict[str, Any]) -> None:
        self.document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def get_role_policy(self, **_: str) -> dict[str, Any]:
        return {"PolicyDocument": json.loads(self.document)}

    def put_role_policy(self, *, PolicyDocument: str, **_: str) -> None:
        self.document = PolicyDocument

    def delete_role_policy(self, **_: str) -> None:
        self.document = json.dumps({"Statement": []})

    @property
    def statements(self) -> Statements:
        return json.loads(self.document)["Statement"]


@dataclass(frozen=True, kw_only=True)
class Looking(Guide):
    roles: Roles

    def aws(self, service: str) -> Any:
        assert service == "iam"
        return self.roles


def guide(*statements: dict[str, Any]) -> Looking:
    return Looking(outputs={}, settings=Settings(), console=Console(file=io.StringIO()), roles=Roles(*statements))


def test_one_action_on_one_resource_goes_and_everything_else_stays() -> None:
    led = guide(READ, SEND)
    before = led.roles.document
    with without(led, "worker", "s3:GetObject", "a"):
        assert led.roles.statements == [
            {**READ, "Action": ["s3:ListBucket"]},
            {**READ, "Action": ["s3:GetObject"], "Resource": ["b"]},
            SEND,
        ]
    assert led.roles.document == before


def test_the_last_right_of_a_role_can_go() -> None:
    led = guide(SEND)
    before = led.roles.document
    with without(led, "worker", "sqs:SendMessage", "q"):
        assert led.roles.statements == []
    assert led.roles.document == before


def test_rights_nest_and_come_back_when_what_runs_breaks() -> None:
    led = guide(READ, SEND)
    before = led.roles.document
    with (
        pytest.raises(KeyError),
        without(led, "worker", "sqs:SendMessage", "q"),
        without(led, "worker", "s3:ListBucket", "b"),
    ):
        assert [one["Action"] for one in led.roles.statements] == [["s3:GetObject"], ["s3:ListBucket"]]
        raise KeyError
    assert led.roles.document == before


def test_a_right_that_is_out_stays_out_for_its_own_while() -> None:
    led = guide(READ, SEND)
    with without(led, "worker", "sqs:SendMessage", "q"):
        with without(led, "worker", "sqs:SendMessage", "q"):
            assert led.roles.statements == [READ]
        assert led.roles.statements == [READ]
    assert led.roles.statements == [READ, SEND]


def test_a_right_that_a_role_does_not_have_cannot_be_lost() -> None:
    led = guide(SEND)
    before = led.roles.document
    with (
        pytest.raises(ValueError, match="worker has no sqs:SendMessage on elsewhere to lose"),
        without(led, "worker", "sqs:SendMessage", "elsewhere"),
    ):
        pass
    assert led.roles.document == before
