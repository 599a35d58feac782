"""Dead letters are moved back by a task of SQS.

On AWS StartMessageMoveTask takes a dead-letter queue of another queue, and moves its messages to the queue that each
came from or to the one given; moved messages are new ones. It needs sqs:StartMessageMoveTask on the dead-letter queue
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
The stock server knows no such tasks.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from ministack.core import iam_actions
from ministack.services import sqs

from local.emulator import frame
from local.emulator.frame import Server

NAME = "sqs_move_tasks"

_BY_ARN = ("ListMessageMoveTasks", "StartMessageMoveTask")
_LISTED = 10
"""Tasks of a queue that are remembered, as on AWS."""

_tasks: dict[str, list[dict[str, Any]]] = {}
"""ARN of a dead-letter queue → its tasks, newest first."""


def install(server: Server) -> None:
    for name in ("_Err", "_act_send_message", "_queue_by_arn", "_queues"):
        frame.require(NAME, sqs, name)
    handlers = frame.require(NAME, sqs, "_HANDLERS")
    handlers.update(StartMessageMoveTask=start, ListMessageMoveTasks=listed, CancelMessageMoveTask=cancel)
    call = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", call, _of_tasks)


def start(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """Move everything that is visible now; it is done when the answer comes."""
    source, arn = _dead_letter_queue(data["SourceArn"]), data["SourceArn"]
    destination = data.get("DestinationArn")
    now = time.time()
    moving = [message for message in source["messages"] if message["visible_at"] <= now]
    targets = [_target(destination or message["sys"].get("DeadLetterQueueSourceArn")) for message in moving]
    for message, target in zip(moving, targets, strict=True):
        _send(message, target)
        source["messages"].remove(message)
    task = {
        "TaskHandle": str(uuid.uuid4()),
        "Status": "COMPLETED",
        "SourceArn": arn,
        "ApproximateNumberOfMessagesMoved": len(moving),
        "ApproximateNumberOfMessagesToMove": len(moving),
        "StartedTimestamp": int(now * 1000),
        **({"DestinationArn": destination} if destination else {}),
    }
    _tasks[arn] = [task, *_tasks.get(arn, [])][:_LISTED]
    return {"TaskHandle": task["TaskHandle"]}


def listed(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """The latest tasks; only a running one has a handle."""
    _dead_letter_queue(data["SourceArn"])
    tasks = _tasks.get(data["SourceArn"], [])[: data.get("MaxResults", 1)]
    return {"Results": [{key: value for key, value in task.items() if key != "TaskHandle"} for task in tasks]}


def cancel(data: dict[str, Any], _url: str) -> dict[str, Any]:
    """No task runs any more when it could be cancelled."""
    raise sqs._Err("ResourceNotFoundException", "There is no active message movement task with this handle.", 404)


def _dead_letter_queue(arn: str) -> dict[str, Any]:
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", "The queue that SourceArn names doesn't exist.", 404)
    for other in sqs._queues.values():
        redrive = json.loads(other["attributes"].get("RedrivePolicy") or "{}")
        if redrive.get("deadLetterTargetArn") == arn:
            return queue
    raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")


def _target(arn: str | None) -> dict[str, Any]:
    queue = sqs._queue_by_arn(arn) if arn else None
    if queue is None:
        raise sqs._Err("InvalidParameterValue", "A message has no queue that it came from: give DestinationArn.")
    return queue


def _send(message: dict[str, Any], target: dict[str, Any]) -> None:
    arn = target["attributes"]["QueueArn"]
    account, name = arn.split(":")[4:6]
    fifo = {"MessageGroupId": message["group_id"], "MessageDeduplicationId": str(uuid.uuid4())}
    sent = {
        "QueueUrl": f"http://sqs/{account}/{name}",
        "MessageBody": message["body"],
        "MessageAttributes": message["message_attributes"],
        **(fifo if target["is_fifo"] else {}),
    }
    sqs._act_send_message(sent, "")


def _of_tasks(original: Any) -> Any:
    """Calls about tasks name their queue by its ARN."""

    def extract_resource_arn(  # noqa: PLR0917 - the server calls it so
        service: str,
        method: str,
        path: str,
        headers: dict,
        body: bytes,
        query_params: dict,
        region: str,
        account_id: str,
    ) -> str:
        if service == "sqs" and headers.get("x-amz-target", "").rpartition(".")[2] in _BY_ARN:
            return json.loads(body).get("SourceArn", "*")
        return original(service, method, path, headers, body, query_params, region, account_id)

    return extract_resource_arn
