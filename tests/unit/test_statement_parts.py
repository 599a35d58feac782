"""A statement taken apart says the same."""

from __future__ import annotations

from typing import Any

import pytest

from local.prove.parts import parts_of
from policies.iam.documents import parse
from policies.iam.evaluation import applies
from tests.policies.evaluation_cases import ALLOW, CASES, CONDITIONS, JOBS, ROLE, STRANGER, Case, request

WIDE = {
    **ALLOW,
    "Action": ["sqs:ReceiveMessage", "sqs:SendMessage"],
    "Resource": [JOBS, f"{JOBS}-dlq"],
    "Principal": {"AWS": [STRANGER, ROLE], "Service": "sns.amazonaws.com"},
}


@pytest.mark.parametrize(("condition", "sent", "met"), CONDITIONS)
def test_a_statement_applies_where_one_of_its_parts_does(
    condition: dict[str, Any], sent: dict[str, Any], met: bool | None
) -> None:
    (statement,) = parse({"Statement": {**WIDE, "Condition": condition}})
    applying = [said for part, said in parts_of(statement) if applies(part, request(**sent))]

    assert bool(applying) is (met is True)
    assert all(ROLE in said for said in applying)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_parts_of_a_policy_allow_what_it_allows(case: Case) -> None:
    for statements, identity in ((case.identity, True), (case.resource, False)):
        for statement in filter(lambda each: each.allows, statements):
            whole = applies(statement, case.request, identity=identity)
            assert any(applies(part, case.request, identity=identity) for part, _ in parts_of(statement)) is whole
