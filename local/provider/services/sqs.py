"""SQS: queues and their policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, tag_changes
from local.wire import UNKNOWN

_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_NUMBERS = {
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_FLAGS = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "fifoQueue": "FifoQueue",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}
_TEXTS = {"redrivePolicy": "RedrivePolicy", "redriveAllowPolicy": "RedriveAllowPolicy"}
_FIFO = {"deduplicationScope": "DeduplicationScope", "fifoThroughputLimit": "FifoThroughputLimit"}
_FIFO_DEFAULTS = {"deduplicationScope": "queue", "fifoThroughputLimit": "perQueue"}
_FIFO_ONLY = ("fifoQueue", "contentBasedDeduplication", *_FIFO)
_REDRIVE_RECEIVES = range(1, 1001)


class Queue(Resource):
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

    token = "aws:sqs/queue:Queue"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What the API refuses, and the service model doesn't say."""
        fifo = inputs.get("fifoQueue")
        if given(inputs, "name") and fifo is not UNKNOWN and inputs["name"].endswith(".fifo") is not (fifo is True):
            yield Failure("name", "a FIFO queue's name ends in .fifo, and no other's does")
        if inputs.get("contentBasedDeduplication") is True and fifo is False:
            yield Failure("contentBasedDeduplication", "only a FIFO queue deduplicates by content")
        for name in _FIFO:
            if inputs.get(name) is not None and fifo is False:
                yield Failure(name, f"only a FIFO queue has {name}")
        limit, scope = inputs.get("fifoThroughputLimit"), inputs.get("deduplicationScope")
        if limit == "perMessageGroupId" and scope not in ("messageGroup", UNKNOWN):
            yield Failure("fifoThroughputLimit", "perMessageGroupId needs the deduplicationScope messageGroup")
        if given(inputs, "redrivePolicy"):
            yield from _redrive_failures(json.loads(inputs["redrivePolicy"]), fifo)

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateQueue; see the facts' note on names that exist."""
        made = aws.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=_attributes(inputs, set(inputs)), tags=inputs.get("tags") or {}
        )
        return made["QueueUrl"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """Attributes and tags."""
        sqs = aws.client("sqs")
        try:
            attributes = sqs.get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]
            tags = sqs.list_queue_tags(QueueUrl=id_).get("Tags", {})
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        properties: Props = {"name": id_.rsplit("/", 1)[-1], "url": id_, "arn": attributes["QueueArn"], "tags": tags}
        properties.update({name: int(attributes[key]) for name, key in _NUMBERS.items() if key in attributes})
        properties.update({name: attributes.get(key, "false") == "true" for name, key in _FLAGS.items()})
        properties.update({name: attributes[key] for name, key in _TEXTS.items() if attributes.get(key)})
        if properties["fifoQueue"]:
            properties.update({name: attributes.get(key, _FIFO_DEFAULTS[name]) for name, key in _FIFO.items()})
        return properties

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """SetQueueAttributes, TagQueue and UntagQueue."""
        sqs = aws.client("sqs")
        attributes = _attributes(new, changed)
        if attributes:
            sqs.set_queue_attributes(QueueUrl=id_, Attributes=attributes)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                sqs.untag_queue(QueueUrl=id_, TagKeys=removed)
            if added:
                sqs.tag_queue(QueueUrl=id_, Tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteQueue, and wait until the queue is no longer found."""
        try:
            aws.client("sqs").delete_queue(QueueUrl=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: self.read(aws, id_, state) is None, f"the deletion of {id_}")


class QueuePolicy(Resource):
    """A queue's resource policy: its own Pulumi resource, the same queue's attribute."""

    token = "aws:sqs/queuePolicy:QueuePolicy"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """SetQueueAttributes."""
        _set_policy(aws, inputs["queueUrl"], inputs["policy"])
        return inputs["queueUrl"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """The attribute; a queue without policy has none of these."""
        try:
            answer = aws.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["Policy"])
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        policy = answer.get("Attributes", {}).get("Policy")
        return {"queueUrl": id_, "policy": policy} if policy else None

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """SetQueueAttributes."""
        _set_policy(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """An empty policy removes it."""
        try:
            _set_policy(aws, id_, "")
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def policy_of(aws: Aws, arn: str) -> str | None:
    """The policy of the queue with this ARN, None without one or without queue."""
    sqs = aws.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise
    return answer.get("Attributes", {}).get("Policy")


def attributes_of(aws: Aws, arn: str) -> dict[str, str]:
    """The attributes of the queue with this ARN."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def visibility_timeout_of(aws: Aws, arn: str) -> int:
    """Seconds that a received message of this queue stays hidden."""
    return int(attributes_of(aws, arn)["VisibilityTimeout"])


def _set_policy(aws: Aws, url: str, policy: str) -> None:
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _attributes(inputs: Props, names: set[str]) -> dict[str, str]:
    """The attributes to send. On a queue that isn't FIFO, AWS refuses the FIFO ones even as false."""
    fifo = bool(inputs.get("fifoQueue"))
    return {
        key: str(inputs[name]).lower() if name in _FLAGS else str(inputs[name])
        for name, key in {**_NUMBERS, **_FLAGS, **_TEXTS, **_FIFO}.items()
        if name in names and inputs.get(name) is not None and (fifo or name not in _FIFO_ONLY)
    }


def _redrive_failures(policy: Props, fifo: Any) -> Iterator[Failure]:
    for key in ("deadLetterTargetArn", "maxReceiveCount"):
        if key not in policy:
            yield Failure("redrivePolicy", f"a redrive policy needs {key}")
    for key in policy.keys() - {"deadLetterTargetArn", "maxReceiveCount"}:
        yield Failure("redrivePolicy", f"a redrive policy has no {key}")
    count = policy.get("maxReceiveCount", 1)
    if not str(count).isdigit() or int(count) not in _REDRIVE_RECEIVES:
        yield Failure("redrivePolicy", "maxReceiveCount is from 1 to 1,000")
    target = policy.get("deadLetterTargetArn")
    if isinstance(target, str) and fifo is not UNKNOWN and target.endswith(".fifo") is not (fifo is True):
        yield Failure("redrivePolicy", "the dead-letter queue of a FIFO queue is FIFO too, and any other's isn't")
