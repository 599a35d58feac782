"""S3: where a bucket reports what happens in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.grants import service_may
from local.provider.resource import Props, Resource
from local.provider.services import sns, sqs
from local.provider.services.s3 import GONE
from local.wire import contains_unknown

_SERVICE = "s3.amazonaws.com"


class BucketNotification(Resource):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html"""

    token = "aws:s3/bucketNotification:BucketNotification"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """AWS refuses two notifications of one event whose filters overlap, whatever they notify."""
        known = [row for name in ("topics", "queues") for row in inputs.get(name) or [] if not contains_unknown(row)]
        for index, row in enumerate(known):
            for other in known[:index]:
                if set(row["events"]) & set(other["events"]) and _overlap(row, other):
                    yield Failure("topics", "two notifications of one event type have overlapping filters")

    def create(self, aws: Aws, inputs: Props) -> str:
        """Write the bucket's one configuration."""
        self._put(aws, inputs["bucket"], inputs)
        return inputs["bucket"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetBucketNotificationConfiguration; an empty one is there as long as the bucket is."""
        try:
            found = aws.client("s3").get_bucket_notification_configuration(Bucket=id_)
        except ClientError as error:
            if is_missing(error, GONE):
                return None
            raise
        return {
            "bucket": id_,
            "eventbridge": "EventBridgeConfiguration" in found,
            "topics": [_from_aws(row, "topicArn", "TopicArn") for row in found.get("TopicConfigurations", [])] or None,
            "queues": [_from_aws(row, "queueArn", "QueueArn") for row in found.get("QueueConfigurations", [])] or None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """Write it again; entries keep the ids that they had."""
        kept = {
            name: [
                {"id": before.get("id"), **row}
                for row, before in zip(new[name], (old.get(name) or []) + [{}] * len(new[name]), strict=False)
            ]
            for name in ("topics", "queues")
            if new.get(name)
        }
        self._put(aws, id_, {**new, **kept})

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """An empty configuration."""
        try:
            aws.client("s3").put_bucket_notification_configuration(Bucket=id_, NotificationConfiguration={})
        except ClientError as error:
            if not is_missing(error, GONE):
                raise

    def _put(self, aws: Aws, bucket: str, inputs: Props) -> None:
        topics, queues = inputs.get("topics") or [], inputs.get("queues") or []
        for row in topics:
            attributes = sns.attributes_of(aws, row["topicArn"]) or {}
            _validate(aws, bucket, row["topicArn"], "sns:Publish", attributes.get("Policy"))
        for row in queues:
            _validate(aws, bucket, row["queueArn"], "sqs:SendMessage", sqs.policy_of(aws, row["queueArn"]))
        sent: Props = {}
        if topics:
            sent["TopicConfigurations"] = [_to_aws(row, "topicArn", "TopicArn") for row in topics]
        if queues:
            sent["QueueConfigurations"] = [_to_aws(row, "queueArn", "QueueArn") for row in queues]
        if inputs.get("eventbridge"):
            sent["EventBridgeConfiguration"] = {}
        aws.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=sent)


def _validate(aws: Aws, bucket: str, target: str, action: str, policy: str | None) -> None:
    """S3 sends a test event and refuses a target that doesn't take it; the local AWS doesn't ask.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    source = f"arn:aws:s3:::{bucket}"
    if not service_may(
        policy, service=_SERVICE, action=action, resource=target, source_arn=source, account=aws.account
    ):
        raise RefusedError(
            "InvalidArgument: Unable to validate the following destination configurations: the policy of "
            f"{target} doesn't let {_SERVICE} {action} for {source}. Make the notification depend on that policy"
        )


def _overlap(left: Props, right: Props) -> bool:
    def nested(name: str, begins: bool) -> bool:
        one, two = left.get(name) or "", right.get(name) or ""
        return one.startswith(two) or two.startswith(one) if begins else one.endswith(two) or two.endswith(one)

    return nested("filterPrefix", True) and nested("filterSuffix", False)


def _to_aws(row: Props, name: str, key: str) -> Props:
    rules = [
        {"Name": kind, "Value": row[field]}
        for kind, field in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
        if row.get(field)
    ]
    sent: Props = {"Id": row.get("id") or f"tf-s3-{uuid4().hex}", key: row[name], "Events": row["events"]}
    if rules:
        sent["Filter"] = {"Key": {"FilterRules": rules}}
    return sent


def _from_aws(row: dict[str, Any], name: str, key: str) -> Props:
    rules = {
        rule["Name"].lower(): rule["Value"] for rule in row.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    }
    read = {"id": row.get("Id"), name: row[key], "events": row["Events"]}
    return {
        **read,
        **{f"filter{kind.capitalize()}": rules[kind] for kind in ("prefix", "suffix") if rules.get(kind)},
    }
