"""Metrics that stand in a log line reach CloudWatch.

On AWS a line of JSON whose `_aws` names metrics in the embedded format is kept as it is, and its metrics are taken out:
each value under each set of dimensions, at the line's own time; a line that isn't as the format says is a log line only
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
The stock server keeps the line and takes nothing out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

from local.emulator import frame
from local.emulator.frame import Server

NAME = "embedded_metrics"
MOST_VALUES = 100
MOST_DIMENSIONS = 30

_log = logging.getLogger("cloudwatch")

Point = tuple[str, str, dict[str, Any]]
"""Namespace, metric and datapoint."""


def install(server: Server) -> None:
    for name in ("_dims_key", "_metric_bucket"):
        frame.require(NAME, cloudwatch, name)
    frame.replace(NAME, cloudwatch_logs, "_put_log_events", "data", _taking_out)


def _taking_out(original: Any) -> Any:
    def put(data: dict[str, Any]) -> Any:
        answer = original(data)
        if answer[0] == 200:
            for event in data.get("logEvents", []):
                if '"_aws"' in event.get("message", ""):
                    _take_out(event["message"])
        return answer

    return put


def _take_out(line: str) -> None:
    try:
        points = list(_points(json.loads(line)))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        _log.warning("no embedded metrics: %r in %s", problem, line)
        return
    for namespace, metric, point in points:
        key = (namespace, metric, cloudwatch._dims_key(point["Dimensions"]))
        cloudwatch._metric_bucket(key).append(point)


def _points(root: dict[str, Any]) -> Iterator[Point]:
    """The datapoints of a line; raises KeyError, TypeError and the like when it isn't as the format says."""
    about = root["_aws"]
    moment = about["Timestamp"] / 1000
    for directive in about["CloudWatchMetrics"]:
        sets = [{name: _text(root[name]) for name in names} for names in directive["Dimensions"]]
        if any(len(dimensions) > MOST_DIMENSIONS for dimensions in sets):
            raise ValueError(f"more than {MOST_DIMENSIONS} dimensions")
        for metric in directive["Metrics"]:
            for value in _values(root[metric["Name"]]):
                for dimensions in sets:
                    point = {"Timestamp": moment, "Value": value, "Unit": metric.get("Unit", "None")}
                    yield directive["Namespace"], metric["Name"], {**point, "Dimensions": dimensions}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"dimension {value!r} is no text")
    return value


def _values(given: Any) -> list[float]:
    values = given if isinstance(given, list) else [given]
    if len(values) > MOST_VALUES or not all(type(value) in (int, float) for value in values):
        raise ValueError(f"{given!r} is neither a number nor up to {MOST_VALUES} of them")
    return [float(value) for value in values]
