"""What AWS refuses and the local AWS takes: the provider refuses it, and nothing is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import empty_pb2

from local.provider.clients import Aws, Clients
from local.provider.errors import ProviderError, RefusedError
from local.settings import Settings
from tests.local.provider_cases import CODE, World, document, unique
from tests.local.provider_cases_edge import distribution
from tests.local.provider_driver import Driver, driver

pytestmark = pytest.mark.local


def test_a_property_without_a_fact_is_refused_by_name(provider: Driver) -> None:
    failures = provider.of("aws:sqs/queue:Queue").check({"foo": 1}).failures

    assert failures == {
        "foo": "aws:sqs/queue:Queue has no property 'foo' here: local/provider/facts/sqs.yaml lists those handled"
    }


@pytest.mark.parametrize(
    ("token", "inputs", "property_"),
    [
        ("aws:sqs/queue:Queue", {"name": "with space"}, "name"),
        ("aws:sqs/queue:Queue", {"name": "x.fifo", "fifoQueue": False}, "name"),
        ("aws:sqs/queue:Queue", {"visibilityTimeoutSeconds": 43201}, "visibilityTimeoutSeconds"),
        ("aws:sqs/queue:Queue", {"redrivePolicy": '{"maxReceiveCount": 3}'}, "redrivePolicy"),
        ("aws:sqs/queue:Queue", {"visibilityTimeoutSeconds": "60"}, "visibilityTimeoutSeconds"),
        ("aws:s3/bucket:Bucket", {"bucket": "192.168.5.4"}, "bucket"),
        ("aws:s3/bucket:Bucket", {"bucket": "Capital"}, "bucket"),
        ("aws:s3/bucket:Bucket", {"tags": {"aws:mine": "no"}}, 'tags["aws:mine"]'),
        ("aws:s3/bucket:Bucket", {"tags": {"owner": "x" * 257}}, 'tags["owner"]'),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "a", "retentionInDays": 2}, "retentionInDays"),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "a", "kmsKeyId": "k"}, "kmsKeyId"),
        ("aws:sns/topic:Topic", {"kmsMasterKeyId": "alias/mine"}, "kmsMasterKeyId"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r"}, "policy"),
        (
            "aws:iam/rolePolicy:RolePolicy",
            {"role": "r", "policy": document({"Effect": "Allow", "Action": "s3:GetObject"})},
            "policy",
        ),
        (
            "aws:sns/topicSubscription:TopicSubscription",
            {"topic": "t", "protocol": "sqs", "endpoint": "e", "filterPolicy": '{"a": {"b": ["c"]}}'},
            "filterPolicy",
        ),
        (
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {"eventSourceArn": "arn:aws:sqs:us-east-1:000000000000:q", "functionName": "f", "batchSize": 11},
            "batchSize",
        ),
        (
            "aws:dynamodb/table:Table",
            {
                "name": "table",
                "billingMode": "PAY_PER_REQUEST",
                "hashKey": "k",
                "attributes": [{"name": "k", "type": "S"}, {"name": "unused", "type": "S"}],
            },
            "attributes",
        ),
    ],
)
def test_check_answers_what_is_wrong_and_where(
    provider: Driver, token: str, inputs: dict[str, Any], property_: str
) -> None:
    assert property_ in provider.of(token).check(inputs).failures


def test_two_viewer_request_functions_on_one_behaviour_are_refused(provider: Driver, world: World) -> None:
    inputs = distribution.inputs(world)
    behavior = inputs["defaultCacheBehavior"]
    other = {"eventType": "viewer-request", "functionArn": "arn:aws:cloudfront::000000000000:function/other"}
    twice = {**behavior, "functionAssociations": [*behavior["functionAssociations"], other]}

    failures = provider.of(distribution.token).check({**inputs, "defaultCacheBehavior": twice}).failures

    assert failures == {
        "defaultCacheBehavior.functionAssociations": "a behaviour has at most one viewer-request function: "
        "compose them into one"
    }


def test_a_private_page_is_refused_because_it_would_be_open(provider: Driver, world: World) -> None:
    inputs = distribution.inputs(world)
    private = {**inputs["defaultCacheBehavior"], "trustedKeyGroups": ["group"]}

    failures = provider.of(distribution.token).check({**inputs, "defaultCacheBehavior": private}).failures

    assert "not available locally" in failures["defaultCacheBehavior.trustedKeyGroups"]


@pytest.mark.parametrize(
    "statement",
    [
        None,
        {"Principal": {"Service": "events.amazonaws.com"}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::another"}}},
        {"Action": "sns:Subscribe"},
    ],
)
def test_a_topic_that_does_not_let_s3_publish_gets_no_notification(
    provider: Driver, world: World, statement: dict[str, Any] | None
) -> None:
    bucket, topic = world.bucket(), world.topic()
    if statement is not None:
        base = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
        policy = document({**base, "Resource": topic, **statement})
        world.make("aws:sns/topicPolicy:TopicPolicy", arn=topic, policy=policy)

    with pytest.raises(ProviderError, match="Unable to validate the following destination") as error:
        world.make(
            "aws:s3/bucketNotification:BucketNotification",
            bucket=bucket,
            topics=[{"topicArn": topic, "events": ["s3:ObjectCreated:*"]}],
        )
    assert topic in error.value.message


def test_overlapping_notifications_are_refused(provider: Driver) -> None:
    topics = [
        {"topicArn": "arn:aws:sns:us-east-1:000000000000:a", "events": ["s3:ObjectCreated:*"], "filterPrefix": "a/"},
        {"topicArn": "arn:aws:sns:us-east-1:000000000000:b", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".png"},
    ]
    kind = provider.of("aws:s3/bucketNotification:BucketNotification")

    assert "overlapping" in kind.check({"bucket": "pictures", "topics": topics}).failures["topics"]


def test_a_queue_that_shows_messages_again_too_soon_is_refused(world: World) -> None:
    queue, function = world.queue(visibilityTimeoutSeconds=9), world.function(timeout=10)

    with pytest.raises(ProviderError, match="Queue visibility timeout: 9 seconds is less than Function timeout: 10"):
        world.make(
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            eventSourceArn=queue.outputs["arn"],
            functionName=function,
        )


def test_a_role_that_lambda_cannot_assume_is_refused(world: World) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    role = world.make("aws:iam/role:Role", assumeRolePolicy=document(trust))

    with pytest.raises(ProviderError, match="cannot be assumed by Lambda"):
        world.make(
            "aws:lambda/function:Function",
            role=role.outputs["arn"],
            runtime="python3.13",
            handler="handlers.handler",
            code=CODE,
        )


def test_a_bucket_that_exists_is_not_taken_over(world: World) -> None:
    with pytest.raises(ProviderError, match="BucketAlreadyExists"):
        world.make("aws:s3/bucket:Bucket", bucket=world.bucket())


def test_a_bucket_with_objects_is_deleted_only_by_force(provider: Driver, aws: Any) -> None:
    kind, s3 = provider.of("aws:s3/bucket:Bucket"), aws("s3")
    state = kind.create({"bucket": unique("full")})
    s3.put_bucket_versioning(Bucket=state.id, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=state.id, Key="key", Body=body)
    s3.delete_object(Bucket=state.id, Key="key")

    with pytest.raises(ProviderError, match="BucketNotEmpty"):
        kind.delete(state)
    kind.update(state, {"bucket": state.id, "forceDestroy": True})
    kind.delete(state)

    assert kind.read(state).id == ""


@pytest.fixture
def clients(local_aws: Settings) -> tuple[Clients, list[str]]:
    """Clients, and the operations that left for the server."""
    made, sent = Clients(local_aws.endpoint, local_aws.region), []
    made._session.register("request-created", lambda **call: sent.append(call["operation_name"]))
    return made, sent


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "problem"),
    [
        (
            "lambda",
            "create_event_source_mapping",
            {"FunctionName": "f", "FunctionResponseTypes": ["Everything"]},
            r"FunctionResponseTypes\[0\] must be one of ReportBatchItemFailures",
        ),
        ("iam", "get_role", {"RoleName": "r" * 65}, "RoleName has 65 characters, at most 64"),
        ("iam", "get_role", {"RoleName": "with space"}, "RoleName must match"),
        ("lambda", "get_function", {"FunctionName": "f", "Qualifier": "a b"}, "Qualifier must match"),
        ("lambda", "create_event_source_mapping", {"FunctionName": "f", "BatchSize": 10001}, "is 10001, at most 10000"),
        ("logs", "create_log_group", {"logGroupName": "a", "colour": "red"}, "colour is unknown to AWS"),
        ("dynamodb", "describe_table", {}, "TableName is missing"),
        (
            "sqs",
            "get_queue_attributes",
            {"QueueUrl": "u", "AttributeNames": ["Colour"]},
            "AttributeNames.0. must be one",
        ),
        ("s3", "put_bucket_versioning", {"Bucket": "b", "VersioningConfiguration": {"Status": "On"}}, "must be one of"),
    ],
)
def test_a_call_that_the_model_refuses_never_leaves(
    clients: tuple[Clients, list[str]], service: str, operation: str, parameters: dict[str, Any], problem: str
) -> None:
    made, sent = clients

    with pytest.raises(RefusedError, match=problem):
        getattr(made.client(service), operation)(**parameters)
    assert sent == []


def test_paginators_waiters_and_signed_urls_are_held_too(clients: tuple[Clients, list[str]]) -> None:
    made, sent = clients
    client = made.client("iam")

    with pytest.raises(RefusedError):
        list(client.get_paginator("list_role_policies").paginate(RoleName="a b"))
    with pytest.raises(RefusedError):
        client.get_waiter("role_exists").wait(RoleName="a b")
    with pytest.raises(RefusedError):
        client.generate_presigned_url("get_role", Params={"RoleName": "a b"})
    assert sent == []


def test_a_request_that_would_leave_the_machine_is_stopped(clients: tuple[Clients, list[str]]) -> None:
    made, _ = clients
    made._session.register(
        "before-sign", lambda **call: setattr(call["request"], "url", "https://sqs.us-east-1.amazonaws.com/")
    )

    with pytest.raises(RefusedError, match=r"sqs\.us-east-1\.amazonaws\.com was stopped"):
        made.client("sqs").list_queues()


def test_another_account_is_refused(local_aws: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Clients(local_aws.endpoint, local_aws.region)
    monkeypatch.setattr("local.provider.clients.ACCOUNT", "111111111111")

    with pytest.raises(RefusedError, match="answers as account 000000000000"):
        made.verify_account()


def test_nobody_at_the_endpoint_says_what_to_do() -> None:
    with pytest.raises(ProviderError, match="start it with `make start`"):
        Clients("http://127.0.0.1:9", "us-east-1").verify_account()


def test_waiting_ends_at_the_deadline(local_aws: Settings) -> None:
    aws = Aws(clients=Clients(local_aws.endpoint, "us-east-1"), region="us-east-1", deadline=0)

    with pytest.raises(ProviderError, match="gave up waiting for the moon"):
        aws.wait_until(lambda: False, "the moon")


def test_a_cancelled_provider_stops_waiting(local_aws: Settings) -> None:
    with driver(local_aws) as made:
        made.provider.Cancel(empty_pb2.Empty())

        with pytest.raises(ProviderError, match="cancelled while waiting for the moon"):
            made.provider._aws({}).wait_until(lambda: False, "the moon")


def test_a_fifo_queue_gets_a_fifo_name(provider: Driver) -> None:
    inputs = provider.of("aws:sqs/queue:Queue", "orders").accepted({"fifoQueue": True})

    assert inputs["name"].startswith("orders-") and inputs["name"].endswith(".fifo")
    assert json.dumps(inputs["__defaults"]).count("name") == 1
