"""A queue that a service fills, for as long as somebody listens."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.tour.guide import Guide


@dataclass(frozen=True)
class Inbox:
    """A queue."""

    url: str
    arn: str


@contextmanager
def inbox(guide: Guide, service: str, source: str) -> Iterator[Inbox]:
    """A queue into which `service` may send for the resource `source`."""
    sqs = guide.aws("sqs")
    url = sqs.create_queue(QueueName=f"inbox-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    try:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        yield Inbox(url, arn)
    finally:
        sqs.delete_queue(QueueUrl=url)
