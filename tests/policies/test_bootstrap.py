"""The one role that may log everywhere: API Gateway's own, and no other."""

from __future__ import annotations

import copy
import json

import pytest

from bootstrap.account import Account
from policies.framework.types import API_ACCOUNT, PATTERN, ROLE_POLICY
from tests.policies.builders import Record, violations
from tests.policies.test_patterns import first_preview
from tests.recorder import record

RULE = "iam-no-wildcard-resource"


@pytest.fixture
def records() -> list[Record]:
    return first_preview(record(lambda: Account("account")))


def reported(records: list[Record]) -> set[str]:
    return {each.rule for each in violations(records)}


def test_the_program_passes_at_its_first_preview(records: list[Record]) -> None:
    assert violations(records) == []


def test_a_role_that_no_account_names_may_not_log_everywhere(records: list[Record]) -> None:
    assert RULE in reported([each for each in records if each["type"] != API_ACCOUNT])


def test_the_accounts_role_may_not_do_more(records: list[Record]) -> None:
    wider = copy.deepcopy(records)
    for each in wider:
        if each["type"] == ROLE_POLICY:
            document = json.loads(each["inputs"]["policy"])
            document["Statement"][0]["Action"].append("logs:DeleteLogGroup")
            each["inputs"]["policy"] = each["props"]["policy"] = json.dumps(document)
        if each["type"].startswith(PATTERN):
            each["props"]["grants"][0]["actions"].append("logs:DeleteLogGroup")
    assert RULE in reported(wider)


def test_the_accounts_role_needs_its_reason_in_the_ledger(records: list[Record]) -> None:
    silent = copy.deepcopy(records)
    for each in silent:
        if each["type"].startswith(PATTERN):
            each["props"]["grants"][0]["because"] = ""
    assert RULE in reported(silent)
