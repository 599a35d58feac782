"""An execution that did not succeed goes on from the state where it ended.

On AWS RedriveExecution takes Standard executions that failed, timed out or were stopped: it runs the unsuccessful state
again with the input that it had, under the definition and role of the first run, with Retry and TimeoutSeconds counted
anew (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
The stock server has no redrives.
"""

from __future__ import annotations

import contextvars
import json
import threading
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions

from local.emulator import frame
from local.emulator.frame import Server
from local.emulator.states import walk

NAME = "state_redrives"
_ACTION = "AWSStepFunctions.RedriveExecution"
_ENDED = ("ABORTED", "FAILED", "TIMED_OUT")
_Answer = tuple[int, dict[str, str], bytes]


def install(server: Server) -> None:
    for name in ("_add_event", "_executions", "_finalize_response", "_state_machines"):
        frame.require(NAME, stepfunctions, name)
    call = "method path headers body query_params"
    frame.replace(NAME, stepfunctions, "handle_request", call, _with_redrive)
    frame.replace(NAME, stepfunctions, "_describe_execution", "data", _with_count)


def _with_redrive(original: Any) -> Any:
    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> _Answer:
        if headers.get("x-amz-target") == _ACTION:
            return stepfunctions._finalize_response(_redrive(json.loads(body)))
        return await original(method, path, headers, body, query)

    return handle_request


def _with_count(original: Any) -> Any:
    def describe(data: dict[str, Any]) -> _Answer:
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        execution = stepfunctions._executions[data["executionArn"]]
        reason = _obstacle(execution)
        shown = {
            "redriveCount": execution.get("redriveCount", 0),
            "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
            **({"redriveStatusReason": reason} if reason else {}),
            **({"redriveDate": execution["redriveDate"]} if "redriveDate" in execution else {}),
        }
        return responses.json_response({**json.loads(body), **shown})

    return describe


def _redrive(data: dict[str, Any]) -> _Answer:
    arn = data.get("executionArn", "")
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        return responses.error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)
    reason = _obstacle(execution)
    if reason:
        return responses.error_response_json("ExecutionNotRedrivable", reason, 400)
    count, date = execution.get("redriveCount", 0) + 1, responses.now_iso()
    for name in ("error", "cause", "output", "stopDate"):
        execution[name] = None
    execution.update(redriveCount=count, redriveDate=date, status="RUNNING")
    stepfunctions._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(walk.run_execution, arn), daemon=True).start()
    return responses.json_response({"redriveDate": date})


def _obstacle(execution: dict[str, Any]) -> str | None:
    """Why the execution can't be redriven."""
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    if machine.get("type", "STANDARD") == "EXPRESS":
        return "Only Standard executions can be redriven."
    if execution["status"] not in _ENDED:
        return f"Execution is {execution['status']} and cannot be redriven"
    return None
