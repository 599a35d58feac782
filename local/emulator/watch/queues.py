"""What SQS says about queues: looked at again and again, and said when it changed or was last said long ago."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import sqs

from local.emulator.watch import metrics

SAID_AGAIN_SECONDS = 20
"""So that each minute has a value."""

_said: dict[str, tuple[float, tuple[int, int, int]]] = {}
"""Queue's ARN → when its counts were last said, and the counts."""


def look() -> None:
    """Send the metrics of all queues.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    now = time.time()
    for queue in sqs._queues.all_values():
        arn = queue["attributes"]["QueueArn"]
        messages = list(queue["messages"])
        counts = _counts(messages, now)
        last, before = _said.get(arn, (0.0, None))
        if counts != before or now - last >= SAID_AGAIN_SECONDS:
            _said[arn] = now, counts
            _send(arn, counts, _age(messages, now))


def _counts(messages: list[dict[str, Any]], now: float) -> tuple[int, int, int]:
    visible = sum(message["visible_at"] <= now for message in messages)
    delayed = sum(message["visible_at"] > now and message["receive_count"] == 0 for message in messages)
    return visible, len(messages) - visible - delayed, delayed


def _age(messages: list[dict[str, Any]], now: float) -> float:
    return max((now - message.get("enqueued_at", message["sent_at"]) for message in messages), default=0)


def _send(arn: str, counts: tuple[int, int, int], age: float) -> None:
    visible, taken, delayed = counts
    values = {
        "ApproximateNumberOfMessagesVisible": (visible, "Count"),
        "ApproximateNumberOfMessagesNotVisible": (taken, "Count"),
        "ApproximateNumberOfMessagesDelayed": (delayed, "Count"),
        "ApproximateAgeOfOldestMessage": (age, "Seconds"),
    }
    metrics.send(metrics.scope_of(arn), "AWS/SQS", values, QueueName=arn.rpartition(":")[2])
