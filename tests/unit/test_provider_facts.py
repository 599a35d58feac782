"""The facts: every name in them is the official SDK's, and every type has its class."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from local.provider import schema
from local.provider.registry import RESOURCES

FILES = {
    "aws:apigateway/account:Account": "apigateway/account.py",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": "s3/bucket_cors_configuration.py",
    "aws:s3/bucket:Bucket": "s3/bucket.py",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3/bucket_public_access_block.py",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3/bucket_server_side_encryption_configuration.py"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3/bucket_ownership_controls.py",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3/bucket_lifecycle_configuration.py",
    "aws:s3/bucketPolicy:BucketPolicy": "s3/bucket_policy.py",
    "aws:s3/bucketNotification:BucketNotification": "s3/bucket_notification.py",
    "aws:sns/topic:Topic": "sns/topic.py",
    "aws:sns/topicPolicy:TopicPolicy": "sns/topic_policy.py",
    "aws:sns/topicSubscription:TopicSubscription": "sns/topic_subscription.py",
    "aws:sqs/queue:Queue": "sqs/queue.py",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs/queue_policy.py",
    "aws:lambda/function:Function": "lambda_/function.py",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "lambda_/event_source_mapping.py",
    "aws:iam/role:Role": "iam/role.py",
    "aws:iam/rolePolicy:RolePolicy": "iam/role_policy.py",
    "aws:cloudwatch/logGroup:LogGroup": "cloudwatch/log_group.py",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "cloudwatch/log_metric_filter.py",
    "aws:dynamodb/table:Table": "dynamodb/table.py",
    "aws:lambda/permission:Permission": "lambda_/permission.py",
    "aws:kinesis/stream:Stream": "kinesis/stream.py",
    "aws:pipes/pipe:Pipe": "pipes/pipe.py",
    "aws:scheduler/schedule:Schedule": "scheduler/schedule.py",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler/schedule_group.py",
    "aws:sfn/stateMachine:StateMachine": "sfn/state_machine.py",
    "aws:cloudwatch/eventBus:EventBus": "cloudwatch/event_bus.py",
    "aws:cloudwatch/eventRule:EventRule": "cloudwatch/event_rule.py",
    "aws:cloudwatch/eventTarget:EventTarget": "cloudwatch/event_target.py",
    "aws:cloudfront/distribution:Distribution": "cloudfront/distribution.py",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "cloudfront/origin_access_control.py",
    "aws:cloudfront/function:Function": "cloudfront/function.py",
    "aws:cloudfront/keyValueStore:KeyValueStore": "cloudfront/key_value_store.py",
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey": "cloudfront/keyvaluestore_key.py",
    "aws:s3/bucketObject:BucketObject": "s3/bucket_object.py",
    "aws:s3/bucketObjectv2:BucketObjectv2": "s3/bucket_objectv2.py",
    "aws:cloudwatch/dashboard:Dashboard": "cloudwatch/dashboard.py",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch/metric_alarm.py",
    "aws:apigateway/restApi:RestApi": "apigateway/rest_api.py",
    "aws:apigateway/resource:Resource": "apigateway/resource.py",
    "aws:apigateway/method:Method": "apigateway/method.py",
    "aws:apigateway/methodResponse:MethodResponse": "apigateway/method_response.py",
    "aws:apigateway/integration:Integration": "apigateway/integration.py",
    "aws:apigateway/integrationResponse:IntegrationResponse": "apigateway/integration_response.py",
    "aws:apigateway/model:Model": "apigateway/model.py",
    "aws:apigateway/requestValidator:RequestValidator": "apigateway/request_validator.py",
    "aws:apigateway/response:Response": "apigateway/response.py",
    "aws:apigateway/authorizer:Authorizer": "apigateway/authorizer.py",
    "aws:apigateway/deployment:Deployment": "apigateway/deployment.py",
    "aws:apigateway/stage:Stage": "apigateway/stage.py",
    "aws:apigateway/methodSettings:MethodSettings": "apigateway/method_settings.py",
    "aws:apigateway/apiKey:ApiKey": "apigateway/api_key.py",
    "aws:apigateway/usagePlan:UsagePlan": "apigateway/usage_plan.py",
    "aws:apigateway/usagePlanKey:UsagePlanKey": "apigateway/usage_plan_key.py",
    "aws:cognito/userPool:UserPool": "cognito/user_pool.py",
    "aws:cognito/userPoolClient:UserPoolClient": "cognito/user_pool_client.py",
    "aws:cognito/userPoolDomain:UserPoolDomain": "cognito/user_pool_domain.py",
    "aws:bedrock/guardrail:Guardrail": "bedrock/guardrail.py",
    "aws:bedrock/guardrailVersion:GuardrailVersion": "bedrock/guardrail_version.py",
    "aws:cloudwatch/eventConnection:EventConnection": "cloudwatch/event_connection.py",
    "aws:kms/alias:Alias": "kms/alias.py",
    "aws:kms/key:Key": "kms/key.py",
    "aws:secretsmanager/secret:Secret": "secretsmanager/secret.py",
    "aws:cognito/resourceServer:ResourceServer": "cognito/resource_server.py",
}
every_type = pytest.mark.parametrize("token", sorted(schema.load()))


@cache
def _names(file: str) -> frozenset[str]:
    """The camelCase names of the properties that a file of the SDK declares."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec and spec.origin
    text = (Path(spec.origin).parent / file).read_text()
    getters = re.findall(r"@pulumi\.getter(?:\(name=\"(\w+)\"\))?\s+def (\w+)", text)
    return frozenset(camel or name for camel, name in getters)


def _nested(properties: dict[str, schema.Property]) -> Iterator[str]:
    for prop in properties.values():
        yield from prop.properties
        yield from _nested(prop.properties)


@every_type
def test_every_property_is_one_of_the_sdk(token: str) -> None:
    facts = schema.load()[token]
    file = FILES[token]

    assert {*facts.inputs, *facts.outputs, *facts.echoes} <= _names(file)
    assert set(_nested(facts.inputs)) <= _names(f"{file.split('/', maxsplit=1)[0]}/_inputs.py")


@every_type
def test_every_type_names_its_source_and_has_a_class(token: str) -> None:
    facts = schema.load()[token]

    assert all(re.fullmatch(r"internal/service/[\w/]+\.go@[0-9a-f]{12}", source) for source in facts.source)
    assert facts.id
    assert RESOURCES[token].facts is facts


@every_type
def test_what_a_fact_refers_to_is_there(token: str) -> None:
    facts = schema.load()[token]

    assert set(facts.echoes.values()) <= facts.inputs.keys()
    for row in facts.unknown_on_update:
        assert set(row.outputs) <= {*facts.outputs, *facts.inputs}
        assert set(row.when) <= facts.inputs.keys()


def test_what_the_local_aws_only_keeps_is_listed_with_the_reason() -> None:
    rows = {(row.token, row.path): row.why for row in schema.unenforced()}

    assert rows["aws:lambda/function:Function", "tracingConfig.mode"] == "there is no X-Ray"
    assert rows["aws:lambda/function:Function", "architectures"]
    assert all(rows.values())
