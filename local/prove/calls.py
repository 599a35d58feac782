"""One harmless call for an action: what IAM is asked with, when a proof wants to know whether a role may.

Should IAM let it pass by mistake, the service finds nothing, or refuses the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PROBE = "proof"
"""Stands for what a wildcard leaves open."""

Arguments = Callable[[str], Mapping[str, Any]]
"""Of the resource's ARN."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """How an action is asked for."""

    action: str
    on: str
    """The kind of resource that it takes, as `kind` says; empty where it takes none."""
    client: str
    method: str
    arguments: Arguments


def kind(arn: str) -> str:
    """`service:type` of a resource: `s3:object`, `sqs:queue`, `dynamodb:stream`."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    service, rest = parts[2], parts[5]
    if service == "s3":
        return "s3:object" if "/" in rest else "s3:bucket"
    if service in ("sqs", "sns"):
        return {"sqs": "sqs:queue", "sns": "sns:topic"}[service]
    if service == "dynamodb" and "/stream/" in rest:
        return "dynamodb:stream"
    return f"{service}:{rest.replace('/', ':').split(':')[0]}"


def concrete(resource: str) -> str:
    """A resource that a grant's pattern covers."""
    return resource.replace("*", PROBE)


def _name(arn: str) -> str:
    return arn.split(":", 5)[-1].partition("/")[2].partition("/")[0]


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]


def _object(arn: str) -> dict[str, str]:
    bucket, _, key = arn.split(":::", 1)[1].partition("/")
    return {"Bucket": bucket, "Key": key}


def _queue(arn: str) -> str:
    _, _, _, region, account, name = arn.split(":", 5)
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


def _calls(on: str, client: str, *calls: tuple[str, str, Arguments]) -> list[Call]:
    service = on.partition(":")[0]
    return [
        Call(action=f"{service}:{action}", on=on, client=client, method=method, arguments=arguments)
        for action, method, arguments in calls
    ]


_ITEM = {PROBE: {"S": PROBE}}
"""No table's key: DynamoDB refuses it after IAM has agreed."""

CALLS: tuple[Call, ...] = (
    *_calls(
        "s3:object",
        "s3",
        ("GetObject", "get_object", _object),
        ("PutObject", "put_object", lambda arn: {**_object(arn), "Body": b"", "IfMatch": PROBE}),
        ("GetObjectTagging", "get_object_tagging", _object),
    ),
    *_calls(
        "s3:bucket",
        "s3",
        ("ListBucket", "list_objects_v2", lambda arn: {"Bucket": _last(arn), "MaxKeys": 1}),
        ("GetBucketPolicy", "get_bucket_policy", lambda arn: {"Bucket": _last(arn)}),
        ("GetBucketNotification", "get_bucket_notification_configuration", lambda arn: {"Bucket": _last(arn)}),
    ),
    *_calls(
        "dynamodb:table",
        "dynamodb",
        ("GetItem", "get_item", lambda arn: {"TableName": _name(arn), "Key": _ITEM}),
        ("PutItem", "put_item", lambda arn: {"TableName": _name(arn), "Item": _ITEM}),
        ("UpdateItem", "update_item", lambda arn: {"TableName": _name(arn), "Key": _ITEM}),
        ("DeleteItem", "delete_item", lambda arn: {"TableName": _name(arn), "Key": _ITEM}),
        ("Scan", "scan", lambda arn: {"TableName": _name(arn), "Limit": 1}),
        ("DescribeTable", "describe_table", lambda arn: {"TableName": _name(arn)}),
    ),
    *_calls(
        "dynamodb:stream",
        "dynamodbstreams",
        ("DescribeStream", "describe_stream", lambda arn: {"StreamArn": arn}),
    ),
    *_calls(
        "sqs:queue",
        "sqs",
        ("SendMessage", "send_message", lambda arn: {"QueueUrl": _queue(arn), "MessageBody": "", "DelaySeconds": -1}),
        ("ReceiveMessage", "receive_message", lambda arn: {"QueueUrl": _queue(arn), "VisibilityTimeout": 0}),
        ("DeleteMessage", "delete_message", lambda arn: {"QueueUrl": _queue(arn), "ReceiptHandle": PROBE}),
        (
            "GetQueueAttributes",
            "get_queue_attributes",
            lambda arn: {"QueueUrl": _queue(arn), "AttributeNames": ["QueueArn"]},
        ),
    ),
    *_calls(
        "kinesis:stream",
        "kinesis",
        (
            "PutRecord",
            "put_record",
            lambda arn: {"StreamName": _name(arn), "Data": b"", "PartitionKey": PROBE, "ExplicitHashKey": PROBE},
        ),
        ("DescribeStreamSummary", "describe_stream_summary", lambda arn: {"StreamName": _name(arn)}),
        ("ListShards", "list_shards", lambda arn: {"StreamName": _name(arn)}),
    ),
    *_calls(
        "lambda:function",
        "lambda",
        ("InvokeFunction", "invoke", lambda arn: {"FunctionName": _last(arn), "InvocationType": "DryRun"}),
        ("GetFunction", "get_function", lambda arn: {"FunctionName": _last(arn)}),
        ("GetPolicy", "get_policy", lambda arn: {"FunctionName": _last(arn)}),
    ),
    *_calls(
        "states:stateMachine",
        "stepfunctions",
        ("StartExecution", "start_execution", lambda arn: {"stateMachineArn": arn, "input": "{"}),
        ("StartSyncExecution", "start_sync_execution", lambda arn: {"stateMachineArn": arn, "input": "{"}),
        ("DescribeStateMachine", "describe_state_machine", lambda arn: {"stateMachineArn": arn}),
    ),
    *_calls(
        "sns:topic",
        "sns",
        ("Publish", "publish", lambda arn: {"TopicArn": arn, "Message": ""}),
        ("GetTopicAttributes", "get_topic_attributes", lambda arn: {"TopicArn": arn}),
    ),
    *_calls(
        "secretsmanager:secret",
        "secretsmanager",
        ("GetSecretValue", "get_secret_value", lambda arn: {"SecretId": arn, "VersionStage": PROBE}),
        ("DescribeSecret", "describe_secret", lambda arn: {"SecretId": arn}),
    ),
    *_calls(
        "kms:key",
        "kms",
        (
            "GenerateMac",
            "generate_mac",
            lambda arn: {"KeyId": arn, "Message": b"x", "MacAlgorithm": "HMAC_SHA_512", "DryRun": True},
        ),
        ("DescribeKey", "describe_key", lambda arn: {"KeyId": arn}),
    ),
    *_calls(
        "events:event-bus",
        "events",
        (
            "PutEvents",
            "put_events",
            lambda arn: {
                "Entries": [{"EventBusName": _name(arn), "Source": PROBE, "DetailType": PROBE, "Detail": "{}"}]
            },
        ),
        ("DescribeEventBus", "describe_event_bus", lambda arn: {"Name": _name(arn)}),
    ),
    *_calls("events:rule", "events", ("DescribeRule", "describe_rule", lambda arn: {"Name": _name(arn)})),
    *_calls(
        "logs:log-group",
        "logs",
        ("FilterLogEvents", "filter_log_events", lambda arn: {"logGroupName": arn.split(":")[6], "limit": 1}),
        ("DescribeLogStreams", "describe_log_streams", lambda arn: {"logGroupName": arn.split(":")[6], "limit": 1}),
    ),
    *_calls("iam:role", "iam", ("GetRole", "get_role", lambda arn: {"RoleName": arn.rpartition("/")[2]})),
    *_calls("pipes:pipe", "pipes", ("DescribePipe", "describe_pipe", lambda arn: {"Name": _name(arn)})),
    *_calls(
        "bedrock:foundation-model",
        "bedrock-runtime",
        ("InvokeModel", "invoke_model", lambda arn: {"modelId": arn.rpartition("/")[2], "body": b"{}"}),
    ),
    *(
        Call(action=action, on="", client=client, method=method, arguments=lambda arn: {})
        for action, client, method in (
            ("iam:ListRoles", "iam", "list_roles"),
            ("s3:ListAllMyBuckets", "s3", "list_buckets"),
            ("dynamodb:ListTables", "dynamodb", "list_tables"),
            ("lambda:ListFunctions", "lambda", "list_functions"),
            ("secretsmanager:ListSecrets", "secretsmanager", "list_secrets"),
            ("kms:ListKeys", "kms", "list_keys"),
            ("ec2:DescribeInstances", "ec2", "describe_instances"),
            ("cognito-idp:ListUserPools", "cognito-idp", "list_user_pools"),
        )
    ),
)
"""Of each kind of resource that the patterns hold."""
