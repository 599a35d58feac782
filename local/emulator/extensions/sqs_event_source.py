"""Event source mappings read their queue under the function's role.

On AWS Lambda receives, deletes and asks for the queue's attributes with the execution role, and refuses a mapping whose
role may not receive or whose queue hides messages for less time than the function may take
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html); it waits for a fuller batch as long as the
mapping says, and takes a malformed list of failures as the failure of the whole batch
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
The stock server reaches into the queue without any permission, doesn't wait, and ignores failures that it doesn't know.
"""

from __future__ import annotations

from typing import Any

from ministack.core import responses
from ministack.services import lambda_svc, sqs

from local.emulator import frame, roles
from local.emulator.event_sources.queue_poller import QueuePoller
from local.emulator.frame import Server

NAME = "sqs_event_source"
_DEFAULT_VISIBILITY_SECONDS = 30
_NEEDED = (
    "_apply_filter_criteria",
    "_esm_wake",
    "_esms",
    "_execute_function",
    "_get_func_record_for_qualifier",
    "_iter_all_esms",
    "_resolve_existing_esm_function",
)

_pollers: dict[str, QueuePoller] = {}


def install(server: Server) -> None:
    for name in _NEEDED:
        frame.require(NAME, lambda_svc, name)
    frame.require(NAME, sqs, "_queue_by_arn")
    frame.replace(NAME, lambda_svc, "_poll_sqs", "", lambda original: lambda: _supervise(server))
    frame.replace(NAME, lambda_svc, "_create_esm", "data", _checked)


def _supervise(server: Server) -> bool:
    """Give every enabled mapping of a queue its poller. Tells the server's own loop that there is nothing to do."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":sqs:" not in mapping["EventSourceArn"] or not mapping.get("Enabled", True):
            continue
        poller = _pollers.get(mapping["UUID"])
        if poller is None or not poller.is_alive():
            poller = QueuePoller(mapping["UUID"], account, region, server.endpoint)
            _pollers[mapping["UUID"]] = poller
            poller.start()
    return False


def _checked(original: Any) -> Any:
    def create(data: dict[str, Any]) -> Any:
        problem = _problem(data) if ":sqs:" in data.get("EventSourceArn", "") else None
        if problem:
            return responses.error_response_json("InvalidParameterValueException", problem, 400)
        created = original(data)
        lambda_svc._esm_wake.set()
        return created

    return create


def _problem(data: dict[str, Any]) -> str | None:
    """Why Lambda refuses the mapping; whatever is wrong with the function itself is found by the server."""
    name, qualifier, error = lambda_svc._resolve_existing_esm_function(data.get("FunctionName", ""))
    queue = sqs._queue_by_arn(data["EventSourceArn"])
    if error or queue is None:
        return None
    _, config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    if not roles.allowed(config, "sqs:ReceiveMessage", data["EventSourceArn"]):
        return "The function execution role does not have permissions to call ReceiveMessage on SQS"
    hidden = int(queue["attributes"].get("VisibilityTimeout", _DEFAULT_VISIBILITY_SECONDS))
    if hidden < config["Timeout"]:
        return f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {config['Timeout']} seconds"
    return None
