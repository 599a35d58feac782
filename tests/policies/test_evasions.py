"""Ways around the ledger: each grants something that no component wrote, beside a stack that passes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.framework.types import (
    BUCKET,
    FUNCTION,
    FUNCTION_URL,
    LAMBDA_PERMISSION,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    TOPIC,
    TOPIC_POLICY,
)
from policies.rules.roles import trust
from policies.rules.subjects import document
from tests.policies.builders import PATTERN_TYPE, arn, record, violations
from tests.policies.posters import Posters

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
UPLOADS = "video-test-posters-uploads"
READ = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{UPLOADS}/*"})
OPEN = json.dumps(document({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}))
INVOKE = {"action": "lambda:InvokeFunction", "function": "video-test-posters-worker"}
THEIRS = "arn:aws:sns:eu-west-1:999999999999:theirs"

EVASIONS = [
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": ADMIN}, "iam-one-document"),
    ("aws:iam/policyAttachment:PolicyAttachment", {"roles": ["r"], "policyArn": ADMIN}, "iam-one-document"),
    ("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"user": "u", "policyArn": ADMIN}, "iam-one-document"),
    ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", {"group": "g", "policyArn": ADMIN}, "iam-one-document"),
    ("aws:iam/policy:Policy", {"name": "p", "policy": READ}, "iam-one-document"),
    ("aws:iam/userPolicy:UserPolicy", {"user": "u", "policy": READ}, "ledger-grants"),
    (
        ROLE,
        {"assumeRolePolicy": trust("lambda.amazonaws.com"), "inlinePolicies": [{"name": "p", "policy": READ}]},
        "iam-one-document",
    ),
    (ROLE_POLICY, {"role": "somebody-elses", "policy": READ}, "ledger-grants"),
    (FUNCTION, {"name": "f", "role": "arn:aws:iam::111122223333:role/admin"}, "iam-one-principal-one-role"),
    (QUEUE, {"name": "q", "policy": OPEN}, "resource-policy-apart"),
    (TOPIC, {"name": "t", "policy": OPEN}, "resource-policy-apart"),
    ("aws:secretsmanager/secret:Secret", {"name": "s", "policy": OPEN}, "resource-policy-apart"),
    (QUEUE_POLICY, {"queueUrl": "q", "policy": OPEN}, "ledger-statements"),
    (TOPIC_POLICY, {"arn": "t", "policy": OPEN}, "resource-policy-no-public-principal"),
    ("aws:dynamodb/resourcePolicy:ResourcePolicy", {"resourceArn": "t", "policy": OPEN}, "ledger-statements"),
    ("aws:kinesis/resourcePolicy:ResourcePolicy", {"resourceArn": "s", "policy": OPEN}, "ledger-statements"),
    (LAMBDA_PERMISSION, {**INVOKE, "principal": "*"}, "resource-policy-no-public-principal"),
    (LAMBDA_PERMISSION, {**INVOKE, "principal": "999999999999"}, "ledger-statements"),
    (LAMBDA_PERMISSION, {**INVOKE, "principal": "sns.amazonaws.com", "sourceArn": THEIRS}, "ledger-statements"),
    (FUNCTION_URL, {"authorizationType": "NONE"}, "resource-policy-no-public-principal"),
    ("aws:s3/bucketAcl:BucketAcl", {"bucket": UPLOADS, "acl": "public-read"}, "s3-no-acls"),
    (BUCKET, {"bucket": "b", "grants": [{"permissions": ["READ"], "type": "CanonicalUser"}]}, "s3-no-acls"),
]


@pytest.mark.parametrize(("type_", "props", "rule"), EVASIONS)
def test_what_is_granted_beside_the_components_is_a_violation(type_: str, props: dict[str, Any], rule: str):
    urns = {finding.urn for finding in violations([*Posters().records(), record(type_, "beside", props)], rule)}
    assert any(urn.endswith("::beside") for urn in urns)


def test_a_function_url_that_asks_for_iam_is_no_public_grant():
    url = record(FUNCTION_URL, "url", {"authorizationType": "AWS_IAM"})
    assert violations([*Posters().records(), url]) == []


def test_a_lambda_permission_that_stands_in_the_ledger_passes():
    topic, function = arn("sns", "video-test-arrivals"), arn("lambda", "function:video-test-posters-worker")
    entry = {
        "policy": f"{LAMBDA_PERMISSION}::invoke",
        "principals": {"Service": ["sns.amazonaws.com"]},
        "actions": ["lambda:InvokeFunction"],
        "resources": [function],
        "conditions": {"ArnLike": {"aws:SourceArn": [topic]}},
        "because": "the topic wakes the function",
    }
    given = {**INVOKE, "function": function, "principal": "sns.amazonaws.com", "sourceArn": topic}

    def found(entry: dict[str, Any]) -> list[str]:
        ledger = record(PATTERN_TYPE, "more", {"grants": [], "statements": [entry], "accepted": []})
        stack = [*Posters().records(), ledger, record(LAMBDA_PERMISSION, "invoke", given)]
        return [finding.rule for finding in violations(stack)]

    assert found(entry) == []
    assert set(found({**entry, "actions": ["lambda:InvokeFunctionUrl"]})) == {"ledger-statements"}


def test_a_grant_without_a_reason_is_a_violation():
    posters = Posters()
    posters.grants[0] = {**posters.grants[0], "because": ""}
    (found,) = violations(posters.records(), "ledger-grants")
    assert "has no reason" in found.message
