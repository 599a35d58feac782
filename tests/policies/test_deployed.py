"""Documents that are read back take the place of the state's, here with AWS's answers given."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policies.deployed import UnreadableError, deployed
from policies.framework.resources import Resource
from policies.framework.types import QUEUE, QUEUE_POLICY, REST_API, TOPIC
from policies.rules.subjects import document
from tests.policies.builders import record

JOBS = "arn:aws:sqs:eu-west-1:111122223333:jobs"
URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"
POLICY = document({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": JOBS})
QUEUES = record(QUEUE, "jobs", {"name": "jobs", "arn": JOBS, "url": URL})
OLD = record(QUEUE_POLICY, "of-jobs", {"queueUrl": URL, "policy": "{}"})


def read(*records: dict[str, Any], **answers: Any) -> list[tuple[str, str, Any]]:
    """Type, name and policy of what is there when AWS answers so to each call."""
    client = SimpleNamespace(**{call: lambda answer=answer, **_: answer for call, answer in answers.items()})
    found = deployed(map(Resource.of, records), lambda *_: client)
    return [(each.type, each.name, each.props.get("policy")) for each in found]


def test_a_document_of_the_state_gives_way_to_the_one_that_aws_holds() -> None:
    answer = {"Attributes": {"Policy": json.dumps(POLICY)}}

    assert read(QUEUES, OLD, get_queue_attributes=answer)[1:] == [(QUEUE_POLICY, "of-jobs", json.dumps(POLICY))]


def test_a_document_that_no_resource_made_becomes_one() -> None:
    answer = {"Attributes": {"Policy": json.dumps(POLICY)}}

    assert read(QUEUES, get_queue_attributes=answer)[1:] == [(QUEUE_POLICY, "jobs", json.dumps(POLICY))]


def test_a_document_that_is_gone_is_gone() -> None:
    assert read(QUEUES, OLD, get_queue_attributes={}) == [(QUEUE, "jobs", None)]


def test_an_apis_policy_is_read_as_aws_writes_it() -> None:
    api = record(REST_API, "api", {"name": "api", "arn": "arn:aws:apigateway:eu-west-1::/restapis/a1"})
    (_, (type_, _, policy)) = read(api, get_rest_api={"policy": json.dumps(POLICY).replace('"', '\\"')})

    assert (type_, json.loads(policy)) == ("aws:apigateway/restApiPolicy:RestApiPolicy", POLICY)


def test_the_policy_that_sns_gives_a_topic_is_nobodys() -> None:
    topic = record(TOPIC, "news", {"name": "news", "arn": "arn:aws:sns:eu-west-1:111122223333:news"})
    answer = {"Attributes": {"Policy": json.dumps({**POLICY, "Id": "__default_policy_ID"})}}

    assert len(read(topic, get_topic_attributes=answer)) == 1


@pytest.mark.parametrize(("code", "readable"), [("AccessDenied", False), ("QueueDoesNotExist", True)])
def test_what_aws_refuses_to_say_is_an_error_and_what_is_gone_is_not(code: str, readable: bool) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code}}, "GetQueueAttributes")

    def ask() -> list[Resource]:
        return deployed(map(Resource.of, (QUEUES, OLD)), lambda *_: SimpleNamespace(get_queue_attributes=refuse))

    if readable:
        assert [each.type for each in ask()] == [QUEUE]
    else:
        with pytest.raises(UnreadableError, match="jobs"):
            ask()
