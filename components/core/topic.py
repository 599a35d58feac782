"""An SNS topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi_aws as aws

from .alarm import Alarm
from .metric import Metric
from .pattern import Pattern
from .permissions import Statement, allow_service, resource_document, tls_only
from .queue import Queue

MANAGED_KEY: Final = "alias/aws/sns"


class Topic:
    """A topic that only the services named in its policy, and roles of this account, publish to, with TLS.

    SNS has no AWS-owned key. `encrypted` takes the AWS-managed one, which roles of the account may use through SNS:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html. S3 can't publish through it, so a topic for S3
    has none: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """

    def __init__(self, owner: Pattern, name: str, *, encrypted: bool = False) -> None:
        self._owner, self._name, self.tree_name = owner, name, owner.tree_name(name)
        self.physical_name = owner.physical("topic", name)
        self.arn = owner.names.arn("sns", self.physical_name)
        self.topic = aws.sns.Topic(
            self.tree_name,
            name=self.physical_name,
            kms_master_key_id=MANAGED_KEY if encrypted else None,
            tags=owner.tags,
            opts=owner.child(),
        )
        owner.watch.show(f"topic {name}", self.published(), self.undelivered())
        if encrypted:
            return
        owner.ledger.accept(
            "encryption-at-rest",
            f"aws:sns/topic:Topic::{self.tree_name}",
            "S3 can't publish through the AWS-managed key of SNS; messages name objects and hold none of their content",
        )

    def published(self) -> Metric:
        """Messages that came in."""
        return self._metric("NumberOfMessagesPublished")

    def undelivered(self) -> Metric:
        """Deliveries that failed after all attempts; sent only when there are any."""
        return self._metric("NumberOfNotificationsFailed")

    def warn_of_losses(self) -> Alarm:
        """An alarm on the first message that a subscriber didn't get."""
        return Alarm(
            self._owner,
            f"{self._name}-undelivered",
            self.undelivered(),
            threshold=1,
            means=f"A subscriber of {self.physical_name} didn't get a message.",
            runbook="undelivered",
        )

    def _metric(self, name: str) -> Metric:
        """https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html"""
        dimensions = {"TopicName": self.physical_name}
        return Metric(namespace="AWS/SNS", name=name, dimensions=dimensions, statistic="Sum", unit="Count")

    def published_by_bucket(self, bucket_arn: str) -> Statement:
        """Let S3 publish the events of one bucket of this account (a bucket's ARN holds no account)."""
        return allow_service(
            "s3.amazonaws.com",
            ("sns:Publish",),
            self.arn,
            source_arn=bucket_arn,
            account=self._owner.names.account,
            because="the bucket announces new objects",
        )

    def policy(self, *statements: Statement) -> aws.sns.TopicPolicy:
        """Attach the topic's one policy: `statements`, and TLS for everybody."""
        everything = (tls_only(("sns:Publish",), self.arn), *statements)
        self._owner.ledger.state(f"aws:sns/topicPolicy:TopicPolicy::{self.tree_name}", everything)
        return aws.sns.TopicPolicy(
            self.tree_name, arn=self.topic.arn, policy=resource_document(everything), opts=self._owner.child()
        )

    def feed(
        self, queue: Queue, *, only: Mapping[str, Any], after: aws.sqs.QueuePolicy, name: str
    ) -> aws.sns.TopicSubscription:
        """Send the messages whose body matches `only` to `queue`, as they are.

        `queue` was made for this topic: what can't be delivered ends in its dead-letter queue.
        `only` is a filter policy over the message's body: at most 150 combinations of values, and a change takes up to
        15 minutes to be in force: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
        """
        return aws.sns.TopicSubscription(
            self._owner.tree_name(name),
            topic=self.topic.arn,
            protocol="sqs",
            endpoint=queue.queue.arn,
            raw_message_delivery=True,
            filter_policy=json.dumps(only),
            filter_policy_scope="MessageBody",
            redrive_policy=json.dumps({"deadLetterTargetArn": queue.dead_letters.arn}),
            opts=self._owner.child(after=[after, queue.dead_letters.policy]),
        )
