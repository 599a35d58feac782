"""A CloudWatch dashboard that shows every part of a pattern."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi_aws as aws

from .metric import Watch
from .pattern import Pattern

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
_COLUMNS = 24
_WIDTH, _HEIGHT = 8, 6
_MOST_ALARMS = 100
"""Alarms that one widget shows."""


class Dashboard:
    """Shows the state of all alarms of `owner`, then a chart for each part that was made so far.

    Its body is known at the first preview: names are decided before anything exists. What AWS has yet to name (a
    distribution's id) is drawn by the alarm on it, whose name is known.
    """

    def __init__(self, owner: Pattern) -> None:
        self.physical_name = owner.physical("dashboard")
        self.dashboard = aws.cloudwatch.Dashboard(
            owner.name,
            dashboard_name=self.physical_name,
            dashboard_body=json.dumps({"widgets": list(_placed(_widgets(owner.watch, owner.names.region)))}),
            opts=owner.child(),
        )


def _widgets(watch: Watch, region: str) -> Iterator[dict[str, Any]]:
    for start in range(0, len(watch.alarms), _MOST_ALARMS):
        shown = watch.alarms[start : start + _MOST_ALARMS]
        yield {"type": "alarm", "width": _COLUMNS, "properties": {"title": "Alarms", "alarms": shown}}
    for title, (arn, where) in watch.alarm_charts.items():
        yield _chart(title, where, annotations={"alarms": [arn]})
    for title, metrics in watch.charts.items():
        yield _chart(title, region, metrics=[metric.plotted() for metric in metrics])


def _chart(title: str, region: str, **shown: Any) -> dict[str, Any]:
    properties = {"title": title, "region": region, "view": "timeSeries", **shown}
    return {"type": "metric", "width": _WIDTH, "properties": properties}


def _placed(widgets: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """In rows, from left to right."""
    x = y = 0
    for widget in widgets:
        if x + widget["width"] > _COLUMNS:
            x, y = 0, y + _HEIGHT
        yield {**widget, "x": x, "y": y, "height": _HEIGHT}
        x += widget["width"]
