"""Rules reach their targets only where the queue or topic lets them, or the target's role may.

On AWS EventBridge sends to queues and topics as `events.amazonaws.com` with the rule as `aws:SourceArn`, and starts
machines, fills streams and forwards to buses with the target's role
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html). What it has no permission for goes
to the target's dead-letter queue at once (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
The stock server delivers without asking anybody, has no dead-letter queues, and takes targets that it never reaches.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses
from ministack.services import eventbridge, sqs

from local.emulator import frame, principals
from local.emulator.deliveries import Deliveries
from local.emulator.event_sources import threads
from local.emulator.extensions.resource_policies import queue_allows, topic_allows
from local.emulator.frame import Server
from local.emulator.principals import Principal

NAME = "rule_targets"
SERVICE = "events.amazonaws.com"
AVAILABLE = ("events", "kinesis", "lambda", "sns", "sqs", "states")
_WITH_ROLE = ("events", "kinesis", "states")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """An event on its way from a rule to one of its targets."""

    target: dict[str, Any]
    event: dict[str, Any]
    rule_arn: str

    @property
    def account(self) -> str:
        """The account of the rule."""
        return self.rule_arn.split(":")[4]

    @property
    def principal(self) -> Principal:
        """Who delivers, where a role is needed."""
        return Principal(self.target["RoleArn"], self.rule_arn)

    @property
    def partition_key(self) -> str:
        """What the target's path finds in the event; the event's id without a path.

        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_KinesisParameters.html
        """
        value: Any = eventbridge._pattern_event_view(self.event).event_with_detail()
        path = (self.target.get("KinesisParameters") or {}).get("PartitionKeyPath", "$.id")
        for part in path.removeprefix("$.").split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return str(value if value is not None else self.event.get("EventId") or self.event.get("id"))

    def fail(self, code: str, message: str) -> None:
        """Send the event to the dead-letter queue, if there is one that lets the rule in."""
        _log.warning("rule %s to %s: %s: %s", self.rule_arn, self.target["Arn"], code, message)
        letters = (self.target.get("DeadLetterConfig") or {}).get("Arn")
        if not letters or not queue_allows(letters, SERVICE, self.rule_arn, self.account):
            return
        view = eventbridge._pattern_event_view(self.event)
        about = {
            "RULE_ARN": self.rule_arn,
            "TARGET_ARN": self.target["Arn"],
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message,
        }
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in about.items()}
        queue = sqs._queue_by_arn(letters)
        call = {"QueueUrl": queue["url"], "MessageAttributes": attributes}
        sqs._act_send_message({**call, "MessageBody": json.dumps(view.event_with_detail())}, queue["url"])


_delivery: ContextVar[Delivery] = ContextVar("rule_delivery")


def install(server: Server) -> None:
    for name in ("_queue_by_arn", "_act_send_message"):
        frame.require(NAME, sqs, name)
    frame.replace(NAME, eventbridge, "_invoke_target", "target event rule view", _remembering)
    frame.replace(NAME, eventbridge, "_dispatch_to_sqs", "spec payload sqs_parameters", _to_queue)
    frame.replace(NAME, eventbridge, "_dispatch_to_sns", "arn payload", _to_topic)
    machines = "arn payload"
    frame.replace(NAME, eventbridge, "_dispatch_to_stepfunctions", machines, lambda original: _by_role(server))
    buses = "spec event rule event_path target_input_payload"
    frame.replace(NAME, eventbridge, "_dispatch_to_event_bus", buses, _to_bus)
    frame.replace(NAME, eventbridge, "_put_targets", "data", _checked)


def _remembering(original: Any) -> Any:
    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        token = _delivery.set(Delivery(target, event, rule["Arn"]))
        try:
            original(_known(target), event, rule, view)
        finally:
            _delivery.reset(token)

    return invoke


def _known(target: dict[str, Any]) -> dict[str, Any]:
    """The stock dispatcher knows no streams: it takes them for machines, which a role reaches too (`_by_role`)."""
    return {**target, "Arn": target["Arn"].replace(":kinesis:", ":states:", 1)}


def _to_queue(original: Any) -> Any:
    def deliver(spec: Any, payload: str, sqs_parameters: dict[str, Any] | None = None) -> None:
        delivery = _delivery.get()
        if sqs._queue_by_arn(str(spec)) is None:
            delivery.fail("NO_RESOURCE", f"The queue {spec} does not exist.")
        elif queue_allows(str(spec), SERVICE, delivery.rule_arn, delivery.account):
            original(spec, payload, sqs_parameters)
        else:
            delivery.fail("NO_PERMISSIONS", f"The policy of the queue {spec} does not let the rule in.")

    return deliver


def _to_topic(original: Any) -> Any:
    def deliver(arn: str, payload: str) -> None:
        delivery = _delivery.get()
        if topic_allows(arn, SERVICE, delivery.rule_arn, delivery.account):
            original(arn, payload)
        else:
            delivery.fail("NO_PERMISSIONS", f"The policy of the topic {arn} does not let the rule in.")

    return deliver


def _by_role(server: Server) -> Any:
    def deliver(_: str, payload: str) -> None:
        delivery = _delivery.get()
        deliveries, arn = Deliveries(delivery.principal, server.endpoint), delivery.target["Arn"]

        def call() -> None:
            try:
                if ":kinesis:" in arn:
                    deliveries.record(arn, payload, delivery.partition_key)
                else:
                    deliveries.execution(arn, payload)
            except (ClientError, BotoCoreError) as error:
                delivery.fail(*_described(error))

        threads.start(f"rule-target-{arn}", call)

    return deliver


def _to_bus(original: Any) -> Any:
    def deliver(spec: Any, *rest: Any) -> None:
        delivery = _delivery.get()
        if delivery.principal.allowed("events:PutEvents", str(spec)):
            original(spec, *rest)
        else:
            delivery.fail("NO_PERMISSIONS", f"The target's role may not put events on {spec}.")

    return deliver


def _checked(original: Any) -> Any:
    def put_targets(data: dict[str, Any]) -> Any:
        bus = data.get("EventBusName", "default").rpartition("/")[-1]
        arn = eventbridge._rule_arn(data["Rule"], bus)
        for target in data.get("Targets") or []:
            problem = _problem(target, arn)
            if problem:
                return responses.error_response_json("ValidationException", problem, 400)
        return original(data)

    return put_targets


def _problem(target: dict[str, Any], rule_arn: str) -> str | None:
    """Why EventBridge refuses the target, or that the local AWS wouldn't reach it."""
    arn, role = target.get("Arn", ""), target.get("RoleArn")
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if ":api-destination/" in arn:
        return "API destinations are not available as targets on the local AWS."
    if service and service not in AVAILABLE:
        return f"{service} is not available as a target on the local AWS: it sends to {', '.join(AVAILABLE)}."
    if arn.endswith(".fifo") and service == "sqs" and not (target.get("SqsParameters") or {}).get("MessageGroupId"):
        return f"Parameter(s) SqsParameters must be specified for target: {target.get('Id')}."
    if service not in _WITH_ROLE:
        return None
    if not role:
        return f"RoleArn is required for target {arn}."
    if not principals.assumable(role, SERVICE, rule_arn):
        return f"Provided role '{role}' cannot be assumed by principal '{SERVICE}'."
    return None


def _described(error: Exception) -> tuple[str, str]:
    if not isinstance(error, ClientError):
        return "SDK_CLIENT_ERROR", str(error)
    code = error.response["Error"]["Code"]
    return ("NO_PERMISSIONS" if code.startswith("AccessDenied") else code), str(error)
