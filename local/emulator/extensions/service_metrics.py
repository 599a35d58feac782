"""Functions and state machines send CloudWatch their metrics, whoever calls them.

On AWS each invocation of a function counts, whatever its source
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html), and each execution of a machine
(https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html).
The stock server counts only direct invocations of functions, asynchronous ones before they ran, and no executions.
"""

from __future__ import annotations

import datetime
import time
from typing import Any

from ministack.services import lambda_svc, stepfunctions

from local.emulator import frame, roles
from local.emulator.frame import Server
from local.emulator.watch import metrics

NAME = "service_metrics"
_ENDED = {
    "ABORTED": "ExecutionsAborted",
    "FAILED": "ExecutionsFailed",
    "SUCCEEDED": "ExecutionsSucceeded",
    "TIMED_OUT": "ExecutionsTimedOut",
}


def install(server: Server) -> None:
    invoked = "func config event request_id started"
    frame.replace(NAME, lambda_svc, "_execute_function_dispatch", invoked, _counted)
    emitted = "function_name duration_ms error throttle"
    frame.replace(NAME, lambda_svc, "_emit_lambda_metrics", emitted, _of_throttles)
    frame.replace(NAME, stepfunctions, "_emit_execution_status_event", "execution", _of_executions)


def _counted(original: Any) -> Any:
    def dispatch(func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
        result = original(func, config, event, request_id, started)
        failed = bool(isinstance(result, dict) and result.get("error"))
        values = {
            "Invocations": (1, "Count"),
            "Errors": (int(failed), "Count"),
            "Duration": ((time.time() - started) * 1000, "Milliseconds"),
            "Throttles": (0, "Count"),
        }
        _of_function(config, values)
        return result

    return dispatch


def _of_function(config: dict[str, Any], values: dict[str, tuple[float, str]]) -> None:
    scope = (roles.account_of(config), roles.region_of(config))
    metrics.send(scope, "AWS/Lambda", values, FunctionName=config["FunctionName"])


def _of_throttles(original: Any) -> Any:
    """What ran was counted where it ran; what was refused is known here."""

    def emit(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            original(function_name, duration_ms, error, throttle)

    return emit


def _of_executions(original: Any) -> Any:
    def emit(execution: dict[str, Any]) -> None:
        ended = _ENDED.get(execution["status"])
        values: dict[str, tuple[float, str]] = {}
        if ended is None or execution.get("sync"):
            values["ExecutionsStarted"] = (1, "Count")
        if ended:
            values[ended] = (1, "Count")
            values["ExecutionTime"] = (_milliseconds(execution), "Milliseconds")
        arn = execution["stateMachineArn"]
        metrics.send(metrics.scope_of(arn), "AWS/States", values, StateMachineArn=arn)
        original(execution)

    return emit


def _milliseconds(execution: dict[str, Any]) -> float:
    start, stop = (_moment(execution.get(key)) for key in ("startDate", "stopDate"))
    return max(0.0, stop - start) * 1000


def _moment(text: str | None) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else time.time()
