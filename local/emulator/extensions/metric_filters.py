"""Lines of a log group become metrics, and filter patterns mean what they mean on AWS.

On AWS a metric filter looks at each line that comes in and sends its value, or its default value when lines come of
which none matches (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html); a pattern may be a
condition on JSON (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html), and one that
can't be read is refused.
The stock server keeps metric filters and sends nothing, and takes a pattern for words whatever it is.
"""

from __future__ import annotations

import logging
from typing import Any

from ministack.core import responses
from ministack.services import cloudwatch, cloudwatch_logs

from local.emulator import frame
from local.emulator.frame import Server
from local.emulator.watch import patterns

NAME = "metric_filters"

_log = logging.getLogger("cloudwatch_logs")


def install(server: Server) -> None:
    frame.require(NAME, cloudwatch_logs, "_metric_filters")
    frame.replace(NAME, cloudwatch_logs, "_put_metric_filter", "data", _checked)
    frame.replace(NAME, cloudwatch_logs, "_put_log_events", "data", _measured)
    frame.replace(NAME, cloudwatch_logs, "_filter_log_events", "data", _checked)
    frame.replace(NAME, cloudwatch_logs, "_compile_filter_pattern", "raw", lambda original: patterns.compiled)


def _checked(original: Any) -> Any:
    def call(data: dict[str, Any]) -> Any:
        try:
            patterns.compiled(data.get("filterPattern") or "")
        except patterns.BadPattern as problem:
            return responses.error_response_json("InvalidParameterException", f"Invalid filter pattern: {problem}", 400)
        return original(data)

    return call


def _measured(original: Any) -> Any:
    def put_log_events(data: dict[str, Any]) -> Any:
        answer = original(data)
        if answer[0] == 200:
            lines = [event.get("message", "") for event in data.get("logEvents", [])]
            for each in cloudwatch_logs._metric_filters.values():
                if each["logGroupName"] == data.get("logGroupName"):
                    _send(each, lines)
        return answer

    return put_log_events


def _send(each: dict[str, Any], lines: list[str]) -> None:
    matches = patterns.compiled(each["filterPattern"])
    matched = [line for line in lines if matches(line)]
    for change in each["metricTransformations"]:
        for line in matched:
            number = _number(change["metricValue"], line)
            if number is not None:
                _record(change, number, _dimensions(change, line))
        if lines and not matched and change.get("defaultValue") is not None:
            _record(change, change["defaultValue"], {})


def _record(change: dict[str, Any], number: float, dimensions: dict[str, str]) -> None:
    unit = change.get("unit") or "None"
    cloudwatch.record_metric(change["metricNamespace"], change["metricName"], number, unit, dimensions)


def _number(given: str, line: str) -> float | None:
    found = patterns.value(given, line) if given.startswith("$") else given
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _dimensions(change: dict[str, Any], line: str) -> dict[str, str]:
    named = {name: patterns.value(selector, line) for name, selector in (change.get("dimensions") or {}).items()}
    return {name: str(found) for name, found in named.items() if found is not None}
