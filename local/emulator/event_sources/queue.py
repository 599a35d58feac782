"""A queue through the eyes of the role that reads it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator
from typing import Any

_RECEIVE_AT_MOST = 10
_LONG_POLL_SECONDS = 2
_WINDOW_PAUSE_SECONDS = 0.05

Message = dict[str, Any]


class Queue:
    """One queue, and the client that may or may not read it."""

    def __init__(self, arn: str, client: Any, endpoint: str) -> None:
        _, _, _, self._region, account, name = arn.split(":")
        self._arn = arn
        self._url = f"{endpoint}/{account}/{name}"
        self._client = client

    def check(self) -> None:
        """Ask for its attributes, as Lambda does to follow its length."""
        self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])

    def receive(self, batch_size: int, window: float) -> list[Message]:
        """At most `batch_size` messages: those there are, or those that come within `window` seconds of the first."""
        messages = self._receive(min(batch_size, _RECEIVE_AT_MOST), _LONG_POLL_SECONDS)
        deadline = time.monotonic() + window
        while messages and len(messages) < batch_size and time.monotonic() < deadline:
            messages += self._receive(min(batch_size - len(messages), _RECEIVE_AT_MOST), 0)
            time.sleep(_WINDOW_PAUSE_SECONDS)
        return messages

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete received messages."""
        self._delete([(message["MessageId"], message["ReceiptHandle"]) for message in messages])

    def delete_records(self, records: Iterable[Message]) -> None:
        """Delete the messages of processed records."""
        self._delete([(record["messageId"], record["receiptHandle"]) for record in records])

    def record(self, message: Message) -> Message:
        """The message as the function gets it (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {k: _attribute(v) for k, v in message.get("MessageAttributes", {}).items()},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._region,
        }
        if "MD5OfMessageAttributes" in message:
            record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
        return record

    def _receive(self, number: int, wait: int) -> list[Message]:
        received = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=number,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return received.get("Messages", [])

    def _delete(self, received: list[tuple[str, str]]) -> None:
        for part in _parts(received, _RECEIVE_AT_MOST):
            entries = [{"Id": identifier, "ReceiptHandle": handle} for identifier, handle in part]
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    attribute = {name[0].lower() + name[1:]: content for name, content in value.items()}
    if isinstance(attribute.get("binaryValue"), bytes):
        attribute["binaryValue"] = base64.b64encode(attribute["binaryValue"]).decode()
    return {"stringListValues": [], "binaryListValues": [], **attribute}


def _parts(values: list[Any], size: int) -> Iterator[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))
