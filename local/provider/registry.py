"""Which class stands for which type."""

from __future__ import annotations

import grpc

from local.provider.errors import ProviderError
from local.provider.resource import Resource
from local.provider.services import (
    apigateway,
    apigateway_account,
    apigateway_integrations,
    apigateway_methods,
    apigateway_plans,
    apigateway_requests,
    apigateway_stages,
    cloudfront,
    cloudfront_function,
    cognito,
    cognito_client,
    dynamodb,
    event_source,
    event_target,
    events,
    iam,
    key_value_store,
    kinesis,
    lambda_,
    lambda_permission,
    logs,
    monitoring,
    pipes,
    s3,
    s3_configuration,
    s3_notification,
    s3_object,
    scheduler,
    sfn,
    sns,
    sns_subscription,
    sqs,
)
from local.provider.services import distribution as cdn

_ALL: tuple[type[Resource], ...] = (
    s3.Bucket,
    s3_configuration.PublicAccessBlock,
    s3_configuration.Encryption,
    s3_configuration.Ownership,
    s3_configuration.Cors,
    s3_configuration.Lifecycle,
    s3_configuration.BucketPolicy,
    s3_notification.BucketNotification,
    sns.Topic,
    sns.TopicPolicy,
    sns_subscription.TopicSubscription,
    sqs.Queue,
    sqs.QueuePolicy,
    lambda_.Function,
    event_source.EventSourceMapping,
    lambda_permission.Permission,
    iam.Role,
    iam.RolePolicy,
    logs.LogGroup,
    dynamodb.Table,
    kinesis.Stream,
    pipes.Pipe,
    scheduler.Schedule,
    scheduler.ScheduleGroup,
    sfn.StateMachine,
    events.EventBus,
    events.EventRule,
    event_target.EventTarget,
    cdn.Distribution,
    cloudfront.OriginAccessControl,
    cloudfront_function.Function,
    key_value_store.KeyValueStore,
    key_value_store.Key,
    s3_object.BucketObject,
    s3_object.BucketObjectv2,
    monitoring.Dashboard,
    monitoring.MetricAlarm,
    apigateway.RestApi,
    apigateway.ApiResource,
    apigateway_methods.Method,
    apigateway_methods.MethodResponse,
    apigateway_integrations.Integration,
    apigateway_integrations.IntegrationResponse,
    apigateway_requests.Model,
    apigateway_requests.RequestValidator,
    apigateway_requests.GatewayResponse,
    apigateway_requests.Authorizer,
    apigateway_stages.Deployment,
    apigateway_stages.Stage,
    apigateway_stages.MethodSettings,
    apigateway_plans.ApiKey,
    apigateway_plans.UsagePlan,
    apigateway_plans.UsagePlanKey,
    apigateway_account.Account,
    cognito.UserPool,
    cognito.UserPoolDomain,
    cognito.ResourceServer,
    cognito_client.UserPoolClient,
)
RESOURCES: dict[str, Resource] = {kind.token: kind() for kind in _ALL}


def find(token: str) -> Resource:
    """The type of this token. Raises ProviderError for one that this provider doesn't have."""
    if token not in RESOURCES:
        raise ProviderError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{token} is not available locally: local/provider has {len(RESOURCES)} types and this is none of them",
        )
    return RESOURCES[token]
