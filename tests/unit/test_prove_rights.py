"""Which grant explains a decision, and what shows that a grant is needed."""

from __future__ import annotations

from typing import Any

import pytest

from local.emulator.decision import Decision
from local.prove.errors import ProofError
from local.prove.evidence import Evidence, by_evidence, evidence, reason
from local.prove.rights import Right, rights

GRANT = {
    "principal": "worker",
    "service": "lambda.amazonaws.com",
    "actions": ["s3:GetObject", "s3:ListBucket"],
    "resources": ["arn:aws:s3:::films/uploads/*"],
    "conditions": {},
    "because": "reads what was uploaded",
    "page": "",
}


def granted(**changes: Any) -> tuple[Right, ...]:
    outputs = {"grants": [{**GRANT, **changes}], "awaited": {"keys.arn": "arn:aws:kms:us-east-1:0:key/k"}}
    return rights([{"urn": "urn:pulumi:local::shop::shop:Fan::films", "outputs": outputs}, {"urn": "urn::other"}])


def decision(**changes: Any) -> Decision:
    given: dict[str, Any] = {
        "n": 1,
        "principal": "arn:aws:sts::000000000000:assumed-role/worker/worker-function",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::films/uploads/a/b.png",
        "allowed": True,
        "reason": "",
        "time": 0.0,
    }
    return Decision(**{**given, **changes})


def test_a_grant_is_one_right_for_each_action_on_each_resource() -> None:
    found = granted(resources=["a", "b"])
    assert [(one.action, one.resource) for one in found] == [
        ("s3:GetObject", "a"),
        ("s3:GetObject", "b"),
        ("s3:ListBucket", "a"),
        ("s3:ListBucket", "b"),
    ]
    assert {one.pattern for one in found} == {"films"}


def test_what_aws_made_is_filled_in() -> None:
    assert {one.resource for one in granted(resources=["${keys.arn}"])} == {"arn:aws:kms:us-east-1:0:key/k"}


@pytest.mark.parametrize(
    ("changes", "explained"),
    [
        ({}, True),
        ({"action": "s3:getobject"}, True),
        ({"action": "s3:GetObjectVersion"}, False),
        ({"resource": "arn:aws:s3:::films/Uploads/a"}, False),
        ({"resource": "arn:aws:s3:::films/uploads"}, False),
        ({"principal": "arn:aws:sts::000000000000:assumed-role/workers/worker"}, False),
        ({"principal": "arn:aws:iam::000000000000:user/worker"}, False),
        ({"principal": "s3.amazonaws.com"}, False),
    ],
)
def test_a_right_explains_decisions_on_what_it_grants_alone(changes: dict[str, Any], explained: bool) -> None:
    right, _ = granted()
    assert right.explains(decision(**changes)) is explained


@pytest.mark.parametrize(
    ("conditions", "keys", "explained"),
    [
        ({"StringLike": {"s3:prefix": ["uploads/*"]}}, {"s3:prefix": "uploads/x"}, True),
        ({"StringLike": {"s3:prefix": ["uploads/*"]}}, {"s3:prefix": "private/x"}, False),
        ({"StringEquals": {"events:source": ["films", "talks"]}}, {"events:source": "talks"}, True),
        ({"StringEquals": {"events:source": ["films"]}}, {"events:source": ["films"]}, True),
        ({"StringEquals": {"events:source": ["films"]}}, {"events:source": ["films", "talks"]}, False),
        ({"StringEquals": {"events:source": ["film*"]}}, {"events:source": "films"}, False),
        ({"StringEquals": {"aws:ResourceTag/stack": ["local"]}}, {}, True),
    ],
)
def test_the_keys_of_a_request_are_held_against_the_conditions(
    conditions: dict[str, Any], keys: dict[str, Any], explained: bool
) -> None:
    right, _ = granted(conditions=conditions)
    assert right.explains(decision(keys=keys)) is explained


def test_what_the_local_aws_asks_for_must_be_shown_by_a_run() -> None:
    assert {evidence(one) for one in granted()} == {Evidence.RUN}


def test_a_right_with_a_page_is_shown_by_a_run_all_the_same_where_it_is_asked_for() -> None:
    (logs,) = granted(actions=["logs:PutLogEvents"], page="https://docs.aws.amazon.com/lambda")
    assert evidence(logs) is Evidence.RUN


def test_what_only_aws_asks_for_is_documented_and_says_why_nothing_here_can_show_it() -> None:
    traced = granted(actions=["xray:PutTraceSegments"], page="https://docs.aws.amazon.com/xray")
    assert by_evidence(traced) == {Evidence.RUN: [], Evidence.EVALUATOR: [], Evidence.DOCUMENTED: list(traced)}
    assert reason(traced[0]) == "there is no X-Ray on the local AWS"


def test_a_machine_that_logs_is_documented_and_a_function_that_does_the_same_is_not() -> None:
    action, page = ["logs:CreateLogDelivery"], "https://docs.aws.amazon.com/step-functions"
    (machine,) = granted(actions=action, service="states.amazonaws.com", page=page)
    (function,) = granted(actions=action, page=page)
    assert (evidence(machine), evidence(function)) == (Evidence.DOCUMENTED, Evidence.RUN)


def test_a_right_that_only_aws_needs_without_a_page_is_an_error() -> None:
    (traced,) = granted(actions=["xray:PutTraceSegments"])
    with pytest.raises(ProofError, match=r"worker: xray:PutTraceSegments .* names no page"):
        by_evidence([traced])
