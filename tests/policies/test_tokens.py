"""Who answers task tokens, and who reads them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from policies.framework.resources import UNKNOWN
from policies.framework.types import PATTERN, STATE_MACHINE
from policies.rules.tokens import task_tokens
from tests.policies.builders import Record, from_example, violations

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/tokens"


def stack(*grants: dict[str, Any], **machine: Any) -> list[Record]:
    """The rule's example with more grants, or another machine."""
    records = copy.deepcopy(from_example(task_tokens.passes))
    for each in records:
        if each["type"].startswith(PATTERN):
            more = [{"service": "states.amazonaws.com", "because": "a test", **grant} for grant in grants]
            each["props"]["grants"] = [*each["props"]["grants"], *more]
        if each["type"] == STATE_MACHINE:
            each["props"] |= machine
    return records


def found(records: list[Record]) -> str:
    return " · ".join(each.message for each in violations(records, "task-tokens"))


def test_a_second_principal_that_answers_is_a_violation() -> None:
    second = {"principal": "work", "actions": ["states:SendTaskFailure"], "resources": ["*"]}
    assert "decide, work may all answer task tokens" in found(stack(second))


@pytest.mark.parametrize(
    "resource",
    [
        TABLE,
        f"{TABLE}/index/by-run",
        f"{TABLE}/stream/*",
        TABLE.replace("tokens", "to*"),
        TABLE.replace("tokens", "*"),
        "*",
    ],
)
def test_whoever_reads_the_table_and_answers_nothing_is_a_violation(resource: str) -> None:
    reader = {"principal": "report", "actions": ["dynamodb:Query", "dynamodb:PutItem"], "resources": [resource]}
    assert "report may dynamodb:Query in tokens" in found(stack(reader))


def test_who_writes_tokens_or_reads_other_tables_may() -> None:
    writer = {"principal": "work", "actions": ["dynamodb:PutItem"], "resources": [TABLE]}
    other = {"principal": "report", "actions": ["dynamodb:Scan"], "resources": [f"{TABLE}-of-parking"]}
    assert found(stack(writer, other)) == ""


def test_a_wait_inside_a_branch_counts() -> None:
    waiting = {"Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"}
    branch = {"States": {"Wait": {**waiting, "Parameters": {"TableName": "tokens"}}}}
    nested = json.dumps({"States": {"All": {"Type": "Parallel", "Branches": [branch]}}})
    reader = {"principal": "report", "actions": ["dynamodb:GetItem"], "resources": [TABLE]}
    assert "report may dynamodb:GetItem in tokens" in found(stack(reader, definition=nested))


@pytest.mark.parametrize("definition", ["{", UNKNOWN])
def test_a_definition_that_cannot_be_read_is_a_violation(definition: Any) -> None:
    assert "cannot be judged" in found(stack(definition=definition))
