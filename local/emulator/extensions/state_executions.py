"""Executions start at once, and synchronous ones are of Express machines alone and leave nothing behind.

On AWS StartSyncExecution takes Express machines only
(https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html), whose executions can't be
described afterwards (https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).
The stock server sleeps 150 ms before each execution, runs every machine synchronously, and keeps each such execution in
its memory for ever.
"""

from __future__ import annotations

import json
import time
from types import ModuleType
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions

from local.emulator import frame
from local.emulator.extensions.state_tasks import within_task
from local.emulator.frame import Server

NAME = "state_executions"
_START_DELAY_SECONDS = 0.15


class _Clock(ModuleType):
    """The module `time` for the server's executions, without its delay at their start: no state waits so short."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless it is the delay."""
        if seconds != _START_DELAY_SECONDS:
            time.sleep(seconds)


def install(server: Server) -> None:
    for name in ("_executions", "_run_execution", "_state_machines", "time"):
        frame.require(NAME, stepfunctions, name)
    stepfunctions.time = _Clock("time")
    frame.replace(NAME, stepfunctions, "_start_sync_execution", "data", _of_express_machines)


def _of_express_machines(original: Any) -> Any:
    def start(data: dict[str, Any]) -> Any:
        arn = data.get("stateMachineArn", "")
        machine = stepfunctions._state_machines.get(arn)
        express = machine is None or machine.get("type", "STANDARD") == "EXPRESS"
        if not express and not within_task():
            message = f"This operation is not supported by this type of state machine: {arn}"
            return responses.error_response_json("StateMachineTypeNotSupported", message, 400)
        status, headers, body = original(data)
        if express:
            stepfunctions._executions.pop(json.loads(body).get("executionArn"), None)
        return status, headers, body

    return start
