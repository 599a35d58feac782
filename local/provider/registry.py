"""Which class stands for which type."""

from __future__ import annotations

import grpc

from local.provider.errors import ProviderError
from local.provider.resource import Resource
from local.provider.services import (
    cloudfront,
    dynamodb,
    event_source,
    iam,
    lambda_,
    logs,
    s3,
    s3_configuration,
    s3_notification,
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
    iam.Role,
    iam.RolePolicy,
    logs.LogGroup,
    dynamodb.Table,
    cdn.Distribution,
    cloudfront.OriginAccessControl,
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
