"""The offline evaluator against what AWS's pages say, each case named by its sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.iam.documents import Statement, parse
from policies.iam.evaluation import Request, Verdict, decide
from policies.iam.operators import matches
from tests.policies.evaluation_cases import ALLOW, CASES, CONDITIONS, JOBS, ROLE, Case, identity, on_queue, request

DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_is_decided_as_aws_says(case: Case) -> None:
    decision = decide(case.request, identity=case.identity, resource=case.resource)

    assert decision.verdict is case.verdict
    assert (decision.by is None) is (case.verdict is Verdict.NOT_ALLOWED)


@pytest.mark.parametrize(("condition", "sent", "met"), CONDITIONS)
def test_a_condition_is_met_as_aws_says(condition: dict[str, Any], sent: dict[str, Any], met: bool | None) -> None:
    """What can't be said lets nobody in and keeps everybody out."""
    asked = request(**sent)
    allowed = decide(asked, identity=identity({**ALLOW, "Condition": condition}))
    denied = decide(asked, identity=identity(ALLOW, {**DENY, "Condition": condition}))

    assert allowed.allowed is (met is True)
    assert denied.allowed is (met is False)


ACTIONS = st.sampled_from(["sqs:SendMessage", "sqs:Send*", "sqs:*", "*", "sqs:ReceiveMessage", "s3:GetObject"])
RESOURCES = st.sampled_from([JOBS, JOBS[:-1] + "?", "arn:aws:sqs:*", "*", "arn:aws:s3:::jobs", "arn:aws:sqs:*:*:j*"])
TESTED = st.sampled_from([{}, *(row[0] for row in CONDITIONS)])
STATEMENTS = st.builds(
    lambda effect, action, resource, tested: parse(
        {"Statement": {"Effect": effect, "Action": action, "Resource": resource, "Condition": tested}}
    )[0],
    st.sampled_from(["Allow", "Deny"]),
    ACTIONS,
    RESOURCES,
    TESTED,
)
BY_RESOURCE = st.builds(
    lambda statement, who: replace(statement, principals=who),
    STATEMENTS,
    st.sampled_from([{"AWS": ("*",)}, {"AWS": (ROLE,)}, {"Service": ("sns.amazonaws.com",)}]),
)
SENT = st.sampled_from([row[1] for row in CONDITIONS])


@settings(max_examples=60, deadline=None)
@given(st.lists(STATEMENTS, max_size=4), st.lists(BY_RESOURCE, max_size=3), SENT, STATEMENTS)
def test_an_allow_takes_nothing_away_and_a_deny_gives_nothing(
    mine: list[Statement], theirs: list[Statement], sent: dict[str, Any], more: Statement
) -> None:
    asked = request(**sent)
    before = decide(asked, identity=mine, resource=theirs).allowed
    after = decide(asked, identity=[*mine, more], resource=theirs).allowed

    assert (after >= before) if more.allows else (after <= before)


@settings(max_examples=60, deadline=None)
@given(st.lists(STATEMENTS, max_size=4), st.lists(BY_RESOURCE, max_size=3), SENT)
def test_the_order_of_statements_says_nothing(
    mine: list[Statement], theirs: list[Statement], sent: dict[str, Any]
) -> None:
    asked = request(**sent)
    verdict = decide(asked, identity=mine, resource=theirs).verdict

    assert decide(asked, identity=mine[::-1], resource=theirs[::-1]).verdict is verdict


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(st.characters(exclude_characters="$*?")))
def test_what_is_written_out_matches_itself_alone(value: str, pattern: str) -> None:
    assert matches(pattern, pattern, {}) is True
    assert matches(value, pattern, {}) is (value == pattern)


def test_a_service_is_let_in_by_the_resource_alone() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html"""
    asked = Request(principal="sns.amazonaws.com", action="sqs:SendMessage", resource=JOBS)

    assert not decide(asked, identity=identity(ALLOW)).allowed
    assert decide(asked, resource=on_queue({"Service": "sns.amazonaws.com"})).allowed
