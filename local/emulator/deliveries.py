"""Calls that a service makes on a target in the name of a role: to a queue, stream, bus, machine or function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.emulator.principals import Principal

_MOST_EVENTS = 10


class NotDelivered(Exception):
    """The target answered, but did not take what it was sent."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Deliveries:
    """What `principal` sends. Each raises ClientError when its role may not, or NotDelivered."""

    principal: Principal
    endpoint: str

    def message(self, queue_arn: str, body: str, **more: str) -> None:
        """One message to a queue; `more` are SendMessage's members, such as MessageGroupId."""
        account, name = queue_arn.split(":")[4:]
        self._client("sqs").send_message(QueueUrl=f"{self.endpoint}/{account}/{name}", MessageBody=body, **more)

    def record(self, stream_arn: str, data: str, partition_key: str) -> None:
        """One record to a Kinesis stream."""
        self._client("kinesis").put_record(StreamARN=stream_arn, Data=data.encode(), PartitionKey=partition_key)

    def events(self, entries: list[dict[str, Any]]) -> None:
        """Events to buses: each entry names its own."""
        for part in _parts(entries, _MOST_EVENTS):
            answer = self._client("events").put_events(Entries=part)
            for result in answer["Entries"]:
                if "ErrorCode" in result:
                    raise NotDelivered(result["ErrorCode"], result.get("ErrorMessage", ""))

    def execution(self, machine_arn: str, text: str) -> None:
        """Start an execution and don't wait for it."""
        self._client("stepfunctions").start_execution(stateMachineArn=machine_arn, input=text)

    def synchronous_execution(self, machine_arn: str, text: str) -> Any:
        """Run an Express execution; returns its output."""
        answer = self._client("stepfunctions").start_sync_execution(stateMachineArn=machine_arn, input=text)
        if answer["status"] != "SUCCEEDED":
            raise NotDelivered(answer.get("error", answer["status"]), answer.get("cause", ""))
        return json.loads(answer["output"])

    def invocation(self, function_arn: str, text: str, *, wait: bool) -> Any:
        """Invoke a function; returns its result when it is waited for."""
        kind = "RequestResponse" if wait else "Event"
        answer = self._client("lambda").invoke(FunctionName=function_arn, Payload=text.encode(), InvocationType=kind)
        payload = answer["Payload"].read()
        result = json.loads(payload) if payload else None
        if "FunctionError" in answer:
            error = result if isinstance(result, dict) else {}
            raise NotDelivered(error.get("errorType", "Unhandled"), error.get("errorMessage", ""))
        return result

    def _client(self, service: str) -> Any:
        return self.principal.client(service, self.endpoint)


def _parts(values: list[Any], size: int) -> Iterator[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))
