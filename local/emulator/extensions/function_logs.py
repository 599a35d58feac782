"""What functions print reaches CloudWatch Logs under the execution role, one stream for each environment.

On AWS a function without logs:CreateLogStream and logs:PutLogEvents on its group runs and leaves no log, and a missing
group is made only with logs:CreateLogGroup
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-permissions.html). With the JSON log format the
platform's own lines are JSON, too
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html).
The stock server writes whatever the role says, makes the group, and starts a stream for every invocation, so that
`context.log_stream_name` names none of them.
"""

from __future__ import annotations

import datetime
import json
import time
from contextvars import ContextVar
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from local.emulator import frame, roles
from local.emulator.frame import Server

NAME = "function_logs"

log_stream: ContextVar[str] = ContextVar("log_stream", default="")
"""The stream of the environment that ran this context's last invocation."""


def install(server: Server) -> None:
    for name in ("_log_groups", "_create_log_group", "_create_log_stream", "_put_log_events"):
        frame.require(NAME, cloudwatch_logs, name)
    parameters = "func request_id log_text error duration_ms log_source"
    frame.replace(NAME, lambda_svc, "_emit_lambda_logs", parameters, _emit)


def _emit(original: Any) -> Any:
    def emit(
        func: dict[str, Any],
        request_id: str,
        log_text: str,
        error: bool,
        duration_ms: int,
        *,
        log_source: str | None = None,
    ) -> None:
        config = func.get("config") or func
        stream = log_stream.get()
        if not stream:  # a runtime that is not Python's keeps the stock way
            original(func, request_id, log_text, error, duration_ms, log_source=log_source)
            return
        logging = config.get("LoggingConfig") or {}
        group = logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        if not _may_write(config, group, stream):
            return
        before, after = _platform_lines(config, request_id, duration_ms, as_json=logging.get("LogFormat") == "JSON")
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in [before, *log_text.splitlines(), *after]]
        cloudwatch_logs._create_log_group({"logGroupName": group})
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
        cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": events})

    return emit


def _may_write(config: dict[str, Any], group: str, stream: str) -> bool:
    arn = f"arn:aws:logs:{roles.region_of(config)}:{roles.account_of(config)}:log-group:{group}"
    existing = cloudwatch_logs._log_groups.get(group)
    needed = [("logs:PutLogEvents", f"{arn}:log-stream:{stream}")]
    if existing is None or stream not in existing["streams"]:
        needed.insert(0, ("logs:CreateLogStream", f"{arn}:log-stream:{stream}"))
    if existing is None:
        needed.insert(0, ("logs:CreateLogGroup", f"{arn}:*"))
    return all(roles.allowed(config, action, resource) for action, resource in needed)


def _platform_lines(config: dict[str, Any], request_id: str, duration_ms: int, as_json: bool) -> tuple[str, list[str]]:
    version, memory = config.get("Version", "$LATEST"), config.get("MemorySize", 128)
    if as_json:
        metrics = {"durationMs": duration_ms, "billedDurationMs": duration_ms, "memorySizeMB": memory}
        report = _platform("report", {"requestId": request_id, "metrics": metrics})
        return _platform("start", {"requestId": request_id, "version": version}), [report]
    report = f"Duration: {duration_ms} ms\tBilled Duration: {duration_ms} ms\tMemory Size: {memory} MB"
    return (
        f"START RequestId: {request_id} Version: {version}",
        [f"END RequestId: {request_id}", f"REPORT RequestId: {request_id}\t{report}"],
    )


def _platform(kind: str, record: dict[str, Any]) -> str:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": f"platform.{kind}", "record": record})
