"""Documents say the same in many spellings; none of them gets past a rule."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.framework.types import LAMBDA_PERMISSION, QUEUE_POLICY, ROLE, ROLE_POLICY
from policies.iam.arns import is_pinned, overlap, physical_name_in
from policies.iam.documents import MalformedDocument, parse
from policies.rules.subjects import document
from tests.policies.builders import UNKNOWN, arn, identity_text, record, violations
from tests.policies.posters import Posters

JOBS = arn("sqs", "video-test-jobs")


def granted(statement: object, rule: str) -> list[str]:
    """What a rule says of a role's document with this statement (or whole Statement element)."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return [each.message for each in violations([record(ROLE_POLICY, "w", {"role": "w", "policy": policy})], rule)]


def opened(statement: dict[str, Any], rule: str) -> list[str]:
    """What a rule says of a queue's policy with this statement."""
    body = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": JOBS, **statement}
    policy = json.dumps(document(body))
    return [each.message for each in violations([record(QUEUE_POLICY, "q", {"queueUrl": "q", "policy": policy})], rule)]


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "*"},
        {"Action": "*:*"},
        {"Action": ["sqs:SendMessage", "s3:Get*"]},
        {"Action": "s3:Get*"},
        {"Action": "sqs:SendMess?ge"},
        {"Action": "sqs:Send${aws:username}"},
        {"NotAction": "iam:PassRole"},
        {"Action": "sqs:SendMessage", "NotResource": JOBS},
    ],
)
def test_a_wildcard_action_is_found_in_every_spelling(statement):
    body = {"Effect": "Allow", "Resource": JOBS, **statement}
    if "NotResource" in statement:
        del body["Resource"]
    assert granted([body], "iam-no-wildcard-action")
    assert granted(body, "iam-no-wildcard-action"), "Statement may be one object"
    assert granted([{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": JOBS}, body], "iam-no-wildcard-action")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "Sqs:SENDmessage", "Resource": JOBS},
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
    ],
)
def test_a_written_out_action_or_a_denial_passes(statement):
    assert not granted(statement, "iam-no-wildcard-action")


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "arn:aws:sqs:*:111122223333:jobs",
        "arn:aws:sqs:eu-west-1:*:jobs",
        "arn:*:sqs:eu-west-1:111122223333:jobs",
        arn("sqs", "job*"),
        arn("sqs", "job?"),
        "arn:aws:s3:::*",
        "arn:aws:s3:::posters*",
        "arn:aws:s3:::posters*/uploads/a.png",
        "arn:aws:s3:::${aws:username}/*",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/*",
        arn("dynamodb", "table/*"),
        "arn:aws:dynamodb:*:111122223333:table/orders",
        "arn:aws:dynamodb:eu-west-1:*:table/orders",
        arn("logs", "log-group:/aws/lambda/*"),
        arn("logs", "log-group:*:*"),
        arn("logs", "*"),
        arn("lambda", "function:*"),
        "arn:aws:iam::111122223333:role/service-role/*",
    ],
)
def test_a_wildcard_above_the_name_is_a_wildcard_resource(resource):
    body = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resource}
    assert granted([body], "iam-no-wildcard-resource")


def test_an_id_that_aws_makes_may_be_open_where_a_condition_names_its_owner():
    mappings, worker = arn("lambda", "event-source-mapping:*"), arn("lambda", "function:worker")
    body = {"Effect": "Allow", "Action": "lambda:UpdateEventSourceMapping", "Resource": mappings}
    owned = {"ArnEquals": {"lambda:FunctionArn": worker}}
    assert not granted([{**body, "Condition": owned}], "iam-no-wildcard-resource")
    assert granted([body], "iam-no-wildcard-resource")
    loose = [
        {"ArnLike": {"lambda:FunctionArn": arn("lambda", "function:*")}},
        {"Null": {"lambda:FunctionArn": "false"}},
    ]
    for condition in loose:
        assert granted([{**body, "Condition": condition}], "iam-no-wildcard-resource")
    assert granted([{**body, "Resource": "*", "Condition": owned}], "iam-no-wildcard-resource")


@pytest.mark.parametrize(
    ("action", "resource", "condition"),
    [
        ("kms:VerifyMac", "key/*", {"StringEquals": {"kms:RequestAlias": "alias/links"}}),
        ("bedrock:ApplyGuardrail", "guardrail/*", {"StringEquals": {"aws:ResourceTag/component": "titles"}}),
    ],
)
def test_a_key_goes_by_its_alias_and_a_guardrail_by_its_tags(action, resource, condition):
    body = {"Effect": "Allow", "Action": action, "Resource": arn(action.partition(":")[0], resource)}
    assert not granted([{**body, "Condition": condition}], "iam-no-wildcard-resource")
    assert granted([body], "iam-no-wildcard-resource")
    assert granted([{**body, "Resource": "*", "Condition": condition}], "iam-no-wildcard-resource")


def test_what_runs_make_goes_by_a_name_that_begins_with_the_workflows():
    body = {"Effect": "Allow", "Action": "transcribe:GetTranscriptionJob"}
    mine, everybodys = arn("transcribe", "transcription-job/video-titles-*"), arn("transcribe", "transcription-job/*")
    assert not granted([{**body, "Resource": mine}], "iam-no-wildcard-resource")
    assert granted([{**body, "Resource": everybodys}], "iam-no-wildcard-resource")


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::posters/uploads/*",
        "arn:aws:s3:::posters/*",
        arn("dynamodb", "table/orders/stream/*"),
        arn("logs", "log-group:/aws/lambda/worker:*"),
        arn("lambda", "function:worker:*"),
        arn("states", "execution:machine:*"),
        arn("secretsmanager", "secret:token-??????"),
        arn("execute-api", "a1b2c3/prod/GET/*"),
    ],
)
def test_a_wildcard_below_the_name_is_a_path(resource):
    assert is_pinned(resource)


def test_everything_is_refused_where_the_action_takes_a_resource():
    body = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}
    assert "on every resource" in granted(body, "iam-no-wildcard-resource")[0]


def test_a_resource_among_others_is_found():
    body = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [JOBS, "*"]}
    assert granted(body, "iam-no-wildcard-resource")


def test_an_action_that_aws_lacks_cant_be_judged():
    body = {"Effect": "Allow", "Action": ["xray:PutTraces"], "Resource": "*"}
    assert "AWS has no action xray:puttraces" in granted(body, "iam-no-wildcard-resource")[0]


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["arn:aws:iam::111122223333:root", "*"]},
        {"AWS": "arn:aws:iam::*:root"},
        {"AWS": "arn:aws:iam:::role/worker"},
        {"Service": "*"},
        {"Service": "*.amazonaws.com"},
        {"Federated": "*"},
    ],
)
def test_everybody_is_found_in_every_spelling(principal):
    assert opened({"Principal": principal}, "resource-policy-no-public-principal")


@pytest.mark.parametrize("element", [{"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}, {}])
def test_all_but_some_and_nobody_named_are_everybody(element):
    assert opened(element, "resource-policy-no-public-principal")


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ({"ArnEquals": {"aws:SourceArn": JOBS}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringEquals": {"AWS:sourceaccount": ["111122223333"]}}, True),
        ({"ArnLike": {"aws:SourceArn": "*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "111122223333"}}, False),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": "111122223333"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"StringEquals": {"aws:SourceAccount": []}}, False),
    ],
)
def test_only_a_condition_that_holds_to_somebody_closes_a_public_statement(condition, held):
    found = opened({"Principal": "*", "Condition": condition}, "resource-policy-no-public-principal")
    assert (not found) == held


def test_a_bucket_as_source_needs_its_account_too():
    source = {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::posters"}}
    statement = {"Principal": {"Service": "s3.amazonaws.com"}, "Condition": source}
    assert "aws:SourceAccount" in opened(statement, "resource-policy-confused-deputy")[0]
    source["StringEquals"] = {"aws:SourceAccount": "111122223333"}
    assert not opened(statement, "resource-policy-confused-deputy")


def test_a_lambda_permission_is_a_statement_of_the_functions_policy():
    props = {"action": "lambda:InvokeFunction", "function": "worker", "principal": "sns.amazonaws.com"}
    assert violations([record(LAMBDA_PERMISSION, "p", props)], "resource-policy-confused-deputy")
    assert not violations(
        [record(LAMBDA_PERMISSION, "p", {**props, "sourceArn": arn("sns", "arrivals")})],
        "resource-policy-confused-deputy",
    )
    assert violations(
        [record(LAMBDA_PERMISSION, "p", {**props, "principal": "*"})], "resource-policy-no-public-principal"
    )
    wired = record(LAMBDA_PERMISSION, "p", {**props, "sourceArn": UNKNOWN}, {"sourceArn": "aws:sns/topic:Topic t"})
    assert not violations([wired], "resource-policy-confused-deputy"), "it is the output of one resource of the stack"
    wired["propertyDependencies"] = {}
    assert violations([wired], "resource-policy-confused-deputy")


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": [{"Effect": "Allow", "Action": "a:b", "action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "a:b", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": [{"a": "b"}], "Resource": "*"}]}',
        '{"Statement": ["Allow"]}',
    ],
)
def test_a_document_that_readers_may_read_differently_cant_be_judged(text):
    with pytest.raises(MalformedDocument):
        parse(text)
    found = violations([record(ROLE_POLICY, "w", {"role": "w", "policy": text})], "iam-no-wildcard-action")
    assert "cannot be judged: the document" in found[0].message


def test_equal_meanings_are_equal_whatever_their_spelling():
    one = {"Effect": "Allow", "Action": ["sqs:sendmessage", "sqs:GetQueueUrl"], "Resource": JOBS, "Sid": "One"}
    other = {"Resource": [JOBS], "Action": ["SQS:GetQueueUrl", "SQS:SendMessage"], "Effect": "Allow"}
    (first,), (second,) = parse(document(one)), parse(document(other))
    assert first.meaning() == second.meaning()
    (third,) = parse(document({**other, "Condition": {"Bool": {"aws:SecureTransport": True}}}))
    assert third.meaning() != second.meaning()


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}, "AWS"),
        ({"Principal": "*", "Action": "sts:AssumeRole"}, "no service"),
        ({"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:*"}, "sts:*"),
        ({"Principal": {"Service": "*.amazonaws.com"}, "Action": "sts:AssumeRole"}, "*.amazonaws.com"),
    ],
)
def test_a_trust_policy_names_one_service_and_nobody_else(trust, reason):
    role = record(ROLE, "w", {"name": "w", "assumeRolePolicy": json.dumps(document({"Effect": "Allow", **trust}))})
    found = violations([role], "iam-trust-one-service")
    assert any(reason in each.message for each in found)


def test_a_grant_hidden_in_a_second_statement_of_a_role_is_found():
    posters = Posters()
    hidden = [*posters.grants, {**posters.grants[0], "actions": ["s3:*"]}]
    posters.change(ROLE_POLICY, "posters-worker", policy=identity_text(hidden))
    rules = {each.rule for each in violations(posters.records())}
    assert rules == {"iam-no-exposure", "iam-no-wildcard-action", "ledger-grants", "s3-no-notification-loop"}


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_overlap_with_a_literal_is_matching(pattern, text):
    assert overlap(pattern, text) == fnmatch.fnmatchcase(text, pattern)
    assert overlap(text, pattern) == overlap(pattern, text)


@given(st.text("ab*?", max_size=5), st.text("ab*?", max_size=5), st.text("ab", max_size=5))
def test_patterns_that_match_one_text_overlap(one, other, text):
    if fnmatch.fnmatchcase(text, one) and fnmatch.fnmatchcase(text, other):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("value", "service", "name"),
    [
        (JOBS, "sqs", "video-test-jobs"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/video-test-jobs", "sqs", "video-test-jobs"),
        ("http://127.0.0.1:4747/111122223333/video-test-jobs", "sqs", "video-test-jobs"),
        ("arn:aws:s3:::posters/uploads/a", "s3", "posters"),
        (arn("lambda", "function:worker:live"), "lambda", "worker"),
        (arn("logs", "log-group:/aws/lambda/worker:*"), "logs", "/aws/lambda/worker"),
        ("arn:aws:iam::111122223333:role/path/worker", "iam", "worker"),
        (JOBS, "sns", ""),
        ("video-test-jobs", "sqs", ""),
    ],
)
def test_names_are_read_from_arns_and_urls(value, service, name):
    assert physical_name_in(value, service) == name
