"""Cases of SQS, SNS, IAM, CloudWatch Logs and DynamoDB."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import ACCOUNT, ASSUMED_BY_LAMBDA, TAGS, World, case, document, unique

DENY_PLAIN_HTTP = {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def _tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in rows}


def _queue(aws: Any, url: str, inputs: dict[str, Any]) -> Any:
    found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    numbers = ["DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds"]
    return {
        "numbers": [int(found[name]) for name in [*numbers, "VisibilityTimeout"]],
        "redrive": json.loads(found["RedrivePolicy"]),
        "allow": json.loads(found["RedriveAllowPolicy"]),
        "encrypted": found["SqsManagedSseEnabled"],
        "fifo": [found.get("FifoQueue"), found.get("ContentBasedDeduplication")],
        "throughput": [found["DeduplicationScope"], found["FifoThroughputLimit"]],
        "tags": aws("sqs").list_queue_tags(QueueUrl=url)["Tags"],
    }


@case(
    "aws:sqs/queue:Queue",
    seen=_queue,
    expected=lambda given: {
        "numbers": [5, 2048, 3600, 10, 90],
        "redrive": json.loads(given["redrivePolicy"]),
        "allow": {"redrivePermission": "denyAll"},
        "encrypted": "true",
        "fifo": ["true", "true"],
        "throughput": ["messageGroup", "perMessageGroupId"],
        "tags": TAGS,
    },
    update=lambda given: {**given, "visibilityTimeoutSeconds": 91, "delaySeconds": 0, "tags": {"owner": "me"}},
    replace={"name": "another-name.fifo"},
)
def queue(world: World) -> dict[str, Any]:
    dead_letters = world.queue(fifoQueue=True).outputs["arn"]
    return {
        "name": f"{unique('queue')}.fifo",
        "fifoQueue": True,
        "contentBasedDeduplication": True,
        "deduplicationScope": "messageGroup",
        "fifoThroughputLimit": "perMessageGroupId",
        "delaySeconds": 5,
        "maxMessageSize": 2048,
        "messageRetentionSeconds": 3600,
        "receiveWaitTimeSeconds": 10,
        "visibilityTimeoutSeconds": 90,
        "redrivePolicy": json.dumps({"maxReceiveCount": 3, "deadLetterTargetArn": dead_letters}),
        "redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
        "sqsManagedSseEnabled": True,
        "region": "us-east-1",
        "tags": TAGS,
    }


def _queue_policy(aws: Any, url: str, inputs: dict[str, Any]) -> Any:
    found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    return json.loads(found["Policy"])


@case(
    "aws:sqs/queuePolicy:QueuePolicy",
    seen=_queue_policy,
    expected=lambda given: json.loads(given["policy"]),
    update=lambda given: {**given, "policy": document({**DENY_PLAIN_HTTP, "Action": "sqs:Send*", "Resource": "*"})},
    replace={"queueUrl": "http://127.0.0.1/000000000000/another"},
)
def queue_policy(world: World) -> dict[str, Any]:
    made = world.queue()
    policy = document({**DENY_PLAIN_HTTP, "Action": "sqs:*", "Resource": made.outputs["arn"]})
    return {"queueUrl": made.id, "policy": policy, "region": "us-east-1"}


def _topic(aws: Any, arn: str, inputs: dict[str, Any]) -> Any:
    found = aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    tags = aws("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]
    return [found["DisplayName"], found["FifoTopic"], found["ContentBasedDeduplication"], _tags(tags)]


@case(
    "aws:sns/topic:Topic",
    seen=_topic,
    expected=lambda given: ["Arrivals", "true", "true", TAGS],
    update=lambda given: {**given, "displayName": "Other", "tags": {}},
    replace={"name": "another-name.fifo"},
)
def topic(world: World) -> dict[str, Any]:
    return {
        "name": f"{unique('topic')}.fifo",
        "displayName": "Arrivals",
        "fifoTopic": True,
        "contentBasedDeduplication": True,
        "region": "us-east-1",
        "tags": TAGS,
    }


@case(
    "aws:sns/topicPolicy:TopicPolicy",
    seen=lambda aws, arn, inputs: json.loads(aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]),
    expected=lambda given: json.loads(given["policy"]),
    update=lambda given: {**given, "policy": given["policy"].replace("sns:Publish", "sns:Subscribe")},
    replace={"arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:another"},
)
def topic_policy(world: World) -> dict[str, Any]:
    arn = world.topic()
    policy = document({**DENY_PLAIN_HTTP, "Action": "sns:Publish", "Resource": arn})
    return {"arn": arn, "policy": policy, "region": "us-east-1"}


def _subscription(aws: Any, arn: str, inputs: dict[str, Any]) -> Any:
    found = aws("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    documents = [json.loads(found[name]) for name in ("FilterPolicy", "RedrivePolicy")]
    return [found["RawMessageDelivery"], found["FilterPolicyScope"], *documents, found["Endpoint"]]


@case(
    "aws:sns/topicSubscription:TopicSubscription",
    seen=_subscription,
    expected=lambda given: [
        "true",
        "MessageBody",
        json.loads(given["filterPolicy"]),
        json.loads(given["redrivePolicy"]),
        given["endpoint"],
    ],
    update=lambda given: {
        **given,
        "filterPolicy": json.dumps({"kind": ["picture"]}),
        "filterPolicyScope": "MessageAttributes",
        "rawMessageDelivery": False,
    },
    replace={"endpoint": f"arn:aws:sqs:us-east-1:{ACCOUNT}:another"},
)
def subscription(world: World) -> dict[str, Any]:
    return {
        "topic": world.topic(),
        "protocol": "sqs",
        "endpoint": world.queue().outputs["arn"],
        "rawMessageDelivery": True,
        "filterPolicy": json.dumps({"Records": {"s3": {"object": {"key": [{"suffix": ".png"}]}}}}),
        "filterPolicyScope": "MessageBody",
        "redrivePolicy": json.dumps({"deadLetterTargetArn": world.queue().outputs["arn"]}),
        "confirmationTimeoutInMinutes": 2,
        "endpointAutoConfirms": True,
        "region": "us-east-1",
    }


@case(
    "aws:sns/topicSubscription:TopicSubscription",
    seen=lambda aws, id_, inputs: [
        aws("sns").get_subscription_attributes(SubscriptionArn=id_)["Attributes"][name]
        for name in ("Protocol", "Endpoint")
    ],
    expected=lambda given: ["email", "editor@example.com"],
)
def subscription_by_mail(world: World) -> dict[str, Any]:
    return {"topic": world.topic(), "protocol": "email", "endpoint": "editor@example.com"}


def _role(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("iam").get_role(RoleName=name)["Role"]
    boundary = found["PermissionsBoundary"]["PermissionsBoundaryArn"]
    seen = [found["Path"], found["Description"], found["MaxSessionDuration"], boundary, _tags(found["Tags"])]
    return [*seen, found["AssumeRolePolicyDocument"]]


@case(
    "aws:iam/role:Role",
    seen=_role,
    expected=lambda given: [
        "/jobs/",
        "Runs the job",
        7200,
        given["permissionsBoundary"],
        TAGS,
        json.loads(given["assumeRolePolicy"]),
    ],
    update=lambda given: {
        **given,
        "description": "Runs another job",
        "maxSessionDuration": 3600,
        "assumeRolePolicy": ASSUMED_BY_LAMBDA.replace("lambda.", "states."),
        "tags": {"project": "other"},
    },
    replace={"path": "/others/"},
)
def role(world: World) -> dict[str, Any]:
    return {
        "name": unique("role"),
        "path": "/jobs/",
        "assumeRolePolicy": ASSUMED_BY_LAMBDA,
        "description": "Runs the job",
        "forceDetachPolicies": True,
        "maxSessionDuration": 7200,
        "permissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "tags": TAGS,
    }


def _role_policy(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    return aws("iam").get_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"])["PolicyDocument"]


@case(
    "aws:iam/rolePolicy:RolePolicy",
    seen=_role_policy,
    expected=lambda given: json.loads(given["policy"]),
    update=lambda given: {**given, "policy": given["policy"].replace("GetObject", "PutObject")},
    replace={"name": "another"},
)
def role_policy(world: World) -> dict[str, Any]:
    policy = document({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::pictures/*"]})
    return {"name": "job", "role": world.role().id, "policy": policy}


def _log_group(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"
    return [found["retentionInDays"], aws("logs").list_tags_for_resource(resourceArn=arn)["tags"]]


@case(
    "aws:cloudwatch/logGroup:LogGroup",
    seen=_log_group,
    expected=lambda given: [14, TAGS],
    update=lambda given: {**given, "retentionInDays": 30, "tags": {"owner": "me"}},
    replace={"name": "/another"},
)
def log_group(world: World) -> dict[str, Any]:
    return {
        "name": f"/tests/{unique('group')}",
        "retentionInDays": 14,
        "skipDestroy": False,
        "region": "us-east-1",
        "tags": TAGS,
    }


def _table(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    client = aws("dynamodb")
    found = client.describe_table(TableName=name)["Table"]
    capacity, stream = found["ProvisionedThroughput"], found["StreamSpecification"]
    recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return {
        "keys": [(row["AttributeName"], row["KeyType"]) for row in found["KeySchema"]],
        "attributes": sorted((row["AttributeName"], row["AttributeType"]) for row in found["AttributeDefinitions"]),
        "capacity": [capacity["ReadCapacityUnits"], capacity["WriteCapacityUnits"]],
        "stream": stream["StreamViewType"],
        "protected": found["DeletionProtectionEnabled"],
        "encrypted": found["SSEDescription"]["Status"],
        "ttl": client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"],
        "recovery": recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "tags": _tags(client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]),
    }


@case(
    "aws:dynamodb/table:Table",
    seen=_table,
    expected=lambda given: {
        "keys": [("stream", "HASH"), ("position", "RANGE")],
        "attributes": [("position", "N"), ("stream", "S")],
        "capacity": [2, 3],
        "stream": "NEW_AND_OLD_IMAGES",
        "protected": False,
        "encrypted": "ENABLED",
        "ttl": "expires",
        "recovery": "ENABLED",
        "tags": TAGS,
    },
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("readCapacity", "writeCapacity")},
        "billingMode": "PAY_PER_REQUEST",
        "streamViewType": "KEYS_ONLY",
        "ttl": {"attributeName": "expires", "enabled": False},
        "pointInTimeRecovery": {"enabled": False},
        "tags": {"owner": "me"},
    },
    replace={"rangeKey": "other", "attributes": [{"name": "stream", "type": "S"}, {"name": "other", "type": "S"}]},
)
def table(world: World) -> dict[str, Any]:
    return {
        "name": unique("table"),
        "billingMode": "PROVISIONED",
        "readCapacity": 2,
        "writeCapacity": 3,
        "hashKey": "stream",
        "rangeKey": "position",
        "attributes": [{"name": "stream", "type": "S"}, {"name": "position", "type": "N"}],
        "ttl": {"attributeName": "expires", "enabled": True},
        "pointInTimeRecovery": {"enabled": True},
        "streamEnabled": True,
        "streamViewType": "NEW_AND_OLD_IMAGES",
        "deletionProtectionEnabled": False,
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"},
        "region": "us-east-1",
        "tags": TAGS,
    }


CASES = [
    queue,
    queue_policy,
    topic,
    topic_policy,
    subscription,
    subscription_by_mail,
    role,
    role_policy,
    log_group,
    table,
]
