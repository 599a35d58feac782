"""What is known of AWS's actions is what its reference says, and nothing is guessed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator

import pytest

from policies.framework.types import ROLE_POLICY
from policies.iam import facts
from policies.iam.facts import AMENDED, NoFacts, action, expand, find, nearest, service, takes_no_resource
from policies.iam.formats import takes
from policies.rules.subjects import document
from tests.policies.builders import arn, record, violations

QUEUE, TABLE = arn("sqs", "jobs"), arn("dynamodb", "table/orders")


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Facts are read anew, and again after the test."""
    memory = (facts.service, facts.expand, facts._copy)
    for each in memory:
        each.cache_clear()
    yield monkeypatch
    for each in memory:
        each.cache_clear()


def test_every_service_of_the_copy_is_found_in_its_text():
    text, starts = facts._copy()
    everything = {prefix: body for prefix, body in json.loads(text).items() if isinstance(body, dict)}
    assert len(everything) > 400
    assert {prefix: json.JSONDecoder().raw_decode(text, start)[0] for prefix, start in starts.items()} == everything


def test_an_action_is_found_in_any_case_and_told_as_aws_spells_it():
    found = action("SQS:sendMESSAGE")
    assert (found.name, found.level, found.types) == ("sqs:SendMessage", "Write", ("queue",))
    assert find("sqs:SendMesage") is None
    assert nearest("sqs:SendMesage") == "sqs:SendMessage"
    assert nearest("sqs:Xyzzy") == ""
    assert {each.name for each in expand("sqs:*MessageMove*")} == {
        "sqs:CancelMessageMoveTask",
        "sqs:ListMessageMoveTasks",
        "sqs:StartMessageMoveTask",
    }


def test_some_actions_take_no_resource():
    assert takes_no_resource("xray:PutTraceSegments")
    assert takes_no_resource("s3:ListAllMyBuckets")
    assert not takes_no_resource("s3:GetObject")
    with pytest.raises(NoFacts, match="AWS has no action xray:puttraces"):
        takes_no_resource("XRay:PutTraces")


@pytest.mark.parametrize("name", ["queue:SendMessage", ":SendMessage", "SendMessage", 'sqs":{"x'])
def test_of_a_service_that_the_copy_lacks_nothing_is_guessed(name):
    with pytest.raises(NoFacts, match="nothing is known of the service"):
        find(name)


def test_without_the_copy_nothing_can_be_judged(forgetful):
    forgetful.setattr(importlib.util, "find_spec", lambda _: None)
    body = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
    policy = record(ROLE_POLICY, "w", {"role": "w", "policy": document(body)})
    (found,) = violations([policy], "iam-action-exists")
    assert "cannot be judged: policy_sentry isn't installed" in found.message


@pytest.mark.parametrize("name", AMENDED)
def test_an_amendment_is_still_needed(name, forgetful):
    amended = AMENDED[name]
    assert amended.page.startswith("https://docs.aws.amazon.com/")
    forgetful.setattr(facts, "AMENDED", {})
    plain = action(name)
    assert not set(amended.types) & set(plain.types)
    assert not set(amended.keys) & set(plain.keys)


@pytest.mark.parametrize(
    ("name", "resource", "fits"),
    [
        ("s3:GetObject", "arn:aws:s3:::posters/*", True),
        ("s3:GetObject", "arn:aws:s3:::posters*", True),
        ("s3:GetObject", "arn:aws:s3:::posters", False),
        ("s3:GetObject", "arn:aws:s3:::posters/", False),
        ("s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:posters/a", False),
        ("s3:ListBucket", "arn:aws:s3:::posters", True),
        ("s3:ListBucket", "arn:aws:s3:::post?rs", True),
        ("s3:ListBucket", "arn:aws:s3:::posters/*", False),
        ("dynamodb:Query", f"{TABLE}/index/by-day", True),
        ("dynamodb:GetItem", f"{TABLE}/index/by-day", False),
        ("dynamodb:GetItem", f"{TABLE}/*", False),
        ("dynamodb:GetItem", arn("dynamodb", "table/*"), True),
        ("sqs:SendMessage", QUEUE, True),
        ("sqs:SendMessage", "*", True),
        ("sqs:SendMessage", "arn:aws-cn:sqs:cn-north-1:111122223333:jobs", True),
        ("sqs:SendMessage", "arn:aws:sqs:*:${aws:PrincipalAccount}:jobs", True),
        ("sqs:SendMessage", arn("sns", "jobs"), False),
        ("sqs:SendMessage", arn("sqs", ""), False),
        ("sqs:SendMessage", "arn:aws:sqs::111122223333:jobs", False),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1::jobs", False),
        ("sqs:SendMessage", "arn:aws:sqs:111122223333:eu-west-1:jobs", False),
        ("sqs:SendMessage", "arn:sqs:eu-west-1:111122223333:jobs", False),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1111-2222-3333:jobs", False),
        ("sqs:SendMessage", "ARN:aws:sqs:eu-west-1:111122223333:jobs", False),
        ("sqs:SendMessage", "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs", False),
        ("lambda:InvokeFunction", arn("lambda", "function:worker:live"), True),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/service/worker", True),
        ("iam:PassRole", "arn:aws:iam:eu-west-1:111122223333:role/worker", False),
        ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/worker:*"), True),
        ("execute-api:Invoke", arn("execute-api", "a1b2/prod/GET/posters/1"), True),
        ("execute-api:Invoke", "execute-api:/*", True),
        ("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", True),
        ("xray:PutTraceSegments", "*", True),
        ("xray:PutTraceSegments", arn("xray", "group/a"), False),
    ],
)
def test_an_action_takes_resources_in_the_reference_s_format(name, resource, fits):
    assert takes(action(name), resource) == fits


def test_few_services_are_decoded_and_each_of_them_once(forgetful):
    expand("sqs:SendMessage"), find("sqs:GetQueueUrl"), expand("s3:Get*")
    assert service.cache_info().misses == 2
