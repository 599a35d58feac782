"""Resource types that rules speak of, and how other resources name one of them."""

from __future__ import annotations

import re
from typing import Final

API_ACCOUNT: Final = "aws:apigateway/account:Account"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
API_RESOURCE: Final = "aws:apigateway/resource:Resource"
BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_LIFECYCLE: Final = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
BUCKET_NOTIFICATION: Final = "aws:s3/bucketNotification:BucketNotification"
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
EVENT_BUS: Final = "aws:cloudwatch/eventBus:EventBus"
EVENT_RULE: Final = "aws:cloudwatch/eventRule:EventRule"
EVENT_SOURCE_MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
EVENT_TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"
FUNCTION: Final = "aws:lambda/function:Function"
FUNCTION_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
KMS_GRANT: Final = "aws:kms/grant:Grant"
HEADERS_POLICY: Final = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
INTEGRATION: Final = "aws:apigateway/integration:Integration"
KMS_KEY: Final = "aws:kms/key:Key"
LAMBDA_PERMISSION: Final = "aws:lambda/permission:Permission"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
METHOD: Final = "aws:apigateway/method:Method"
METHOD_SETTINGS: Final = "aws:apigateway/methodSettings:MethodSettings"
METRIC_ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
ORIGIN_ACCESS: Final = "aws:cloudfront/originAccessControl:OriginAccessControl"
PARAMETER: Final = "aws:ssm/parameter:Parameter"
PIPE: Final = "aws:pipes/pipe:Pipe"
PUBLIC_ACCESS_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
QUEUE: Final = "aws:sqs/queue:Queue"
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"
REQUEST_VALIDATOR: Final = "aws:apigateway/requestValidator:RequestValidator"
REST_API: Final = "aws:apigateway/restApi:RestApi"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
SCHEDULE_GROUP: Final = "aws:scheduler/scheduleGroup:ScheduleGroup"
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
STACK: Final = "pulumi:pulumi:Stack"
STAGE: Final = "aws:apigateway/stage:Stage"
STATE_MACHINE: Final = "aws:sfn/stateMachine:StateMachine"
STREAM: Final = "aws:kinesis/stream:Stream"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
TABLE: Final = "aws:dynamodb/table:Table"
TOPIC: Final = "aws:sns/topic:Topic"
TOPIC_POLICY: Final = "aws:sns/topicPolicy:TopicPolicy"
USER_POOL: Final = "aws:cognito/userPool:UserPool"
USER_POOL_CLIENT: Final = "aws:cognito/userPoolClient:UserPoolClient"

REDRIVE: Final = {
    "redrivePolicy": "aws:sqs/redrivePolicy:RedrivePolicy",
    "redriveAllowPolicy": "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
}
"""Resources that give a queue's property from outside."""

_OLD_BUCKET: Final = re.compile(r"(aws:s3/bucket\w*)V2:(Bucket\w*)V2")

PATTERN: Final = "serviceful:index:"
"""What the type of every pattern component begins with."""

PHYSICAL_NAME: Final = {BUCKET: "bucket"}
"""Property that holds the physical name, where it isn't `name`."""

ADDRESSES: Final = ("arn", "id", "url", "keyId")
"""Properties by which others name a resource, beside its physical name."""

ARN_SERVICE: Final = {
    BUCKET: "s3",
    DISTRIBUTION: "cloudfront",
    EVENT_BUS: "events",
    EVENT_RULE: "events",
    FUNCTION: "lambda",
    KMS_KEY: "kms",
    LOG_GROUP: "logs",
    METRIC_ALARM: "cloudwatch",
    PIPE: "pipes",
    QUEUE: "sqs",
    REST_API: "execute-api",
    ROLE: "iam",
    SCHEDULE_GROUP: "scheduler",
    STATE_MACHINE: "states",
    STREAM: "kinesis",
    TABLE: "dynamodb",
    TOPIC: "sns",
    USER_POOL: "cognito-idp",
}
"""Service part of the ARNs of each type."""


def canonical(type_: str) -> str:
    """The type's present name: `BucketV2` and its like are the same resources as `Bucket` and its like."""
    return _OLD_BUCKET.sub(r"\1:\2", type_)
