"""Calls the target of a schedule that is due, in the name of the schedule's role.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import datetime
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses

from local.emulator.deliveries import Deliveries, NotDelivered
from local.emulator.principals import Principal

RETRIES = 185
"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"""

MAX_AGE_SECONDS = 86_400
_LONGEST_PAUSE_SECONDS = 60
_SERVER_ERROR = 500
_FIRST_PAUSE_SECONDS = 0.5

Schedule = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass
class Invocation:
    """One occurrence of a schedule."""

    schedule: Schedule
    scheduled: float
    endpoint: str
    attempts: int = 0

    def run(self) -> None:
        """Call the target; what can't be delivered goes to the dead-letter queue, if there is one."""
        self._execution_id = responses.new_uuid()
        target = self.schedule["Target"]
        policy = target.get("RetryPolicy") or {}
        deadline = self.scheduled + policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS)
        while True:
            self.attempts += 1
            try:
                self._call(target)
            except (ClientError, BotoCoreError, NotDelivered) as error:
                exhausted = self.attempts > policy.get("MaximumRetryAttempts", RETRIES) or time.time() > deadline
                if exhausted or not _worth_another_try(error):
                    self._give_up(target, error, "MaximumRetryAttempts" if exhausted else None)
                    return
                time.sleep(min(_FIRST_PAUSE_SECONDS * 2**self.attempts, _LONGEST_PAUSE_SECONDS))
            else:
                return

    def _call(self, target: dict[str, Any]) -> None:
        arn, text, deliveries = target["Arn"], self._input(), self._deliveries()
        service = arn.split(":")[2]
        if service == "sqs":
            deliveries.message(arn, text, **(target.get("SqsParameters") or {}))
        elif service == "kinesis":
            deliveries.record(arn, text, target["KinesisParameters"]["PartitionKey"])
        elif service == "events":
            deliveries.events([{**target["EventBridgeParameters"], "EventBusName": arn, "Detail": text}])
        elif service == "states":
            deliveries.execution(arn, text)
        else:
            deliveries.invocation(arn, text, wait=False)

    def _input(self) -> str:
        given = self.schedule["Target"].get("Input")
        moment = _iso(self.scheduled)
        if given is None:
            return json.dumps(
                {
                    "version": "0",
                    "id": self._execution_id,
                    "detail-type": "Scheduled Event",
                    "source": "aws.scheduler",
                    "account": self._principal.account,
                    "time": moment,
                    "region": self._principal.region,
                    "resources": [self.schedule["Arn"]],
                    "detail": "{}",
                }
            )
        names = {
            "schedule-arn": self.schedule["Arn"],
            "scheduled-time": moment,
            "execution-id": self._execution_id,
            "attempt-number": str(self.attempts),
        }
        for name, value in names.items():
            given = given.replace(f"<aws.scheduler.{name}>", value)
        return given

    def _give_up(self, target: dict[str, Any], error: Exception, exhausted: str | None) -> None:
        _log.warning("schedule %s: %s", self.schedule["Name"], error)
        letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not letters:
            return
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        about = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error),
            "EXECUTION_ID": self._execution_id,
            "RETRY_ATTEMPTS": str(self.attempts - 1),
            "SCHEDULED_TIME": _iso(self.scheduled),
            "SCHEDULE_ARN": self.schedule["Arn"],
            "TARGET_ARN": target["Arn"],
            **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
        }
        attributes: Any = {name: {"DataType": "String", "StringValue": value} for name, value in about.items()}
        try:
            self._deliveries().message(letters, self._input(), MessageAttributes=attributes)
        except (ClientError, BotoCoreError) as problem:
            _log.warning("schedule %s: %s", self.schedule["Name"], problem)

    def _deliveries(self) -> Deliveries:
        return Deliveries(self._principal, self.endpoint)

    @property
    def _principal(self) -> Principal:
        return Principal(self.schedule["Target"]["RoleArn"], self.schedule["Arn"])


def _worth_another_try(error: Exception) -> bool:
    """What the target refuses it will refuse again; what went wrong on its side may not."""
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= _SERVER_ERROR
    return not isinstance(error, NotDelivered)


def _iso(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
