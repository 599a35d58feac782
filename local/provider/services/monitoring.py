"""CloudWatch: dashboards and alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map

_GONE = ("ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError")
_WIDGETS = ("metric", "text", "log", "alarm", "explorer", "custom")
_MOST_WIDGETS = 500
_COLUMNS, _ROWS = 24, 1000
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
_PERIODS = frozenset({10, 20, 30})
_DAY, _WEEK = 86_400, 604_800
_MOST_ACTIONS = 5
_MOST_SHOWN = 100
"""Alarms in one widget."""
_MEMBERS = {
    "comparisonOperator": "ComparisonOperator",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "threshold": "Threshold",
    "unit": "Unit",
    "treatMissingData": "TreatMissingData",
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
    "insufficientDataActions": "InsufficientDataActions",
    "alarmDescription": "AlarmDescription",
}


class Dashboard(Resource):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"""

    token = "aws:cloudwatch/dashboard:Dashboard"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What makes AWS answer DashboardInvalidInputError."""
        if given(inputs, "dashboardBody"):
            for problem in _body_problems(json.loads(inputs["dashboardBody"])):
                yield Failure("dashboardBody", problem)

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutDashboard."""
        _watch(aws).put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
        return inputs["dashboardName"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetDashboard."""
        try:
            found = _watch(aws).get_dashboard(DashboardName=id_)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            "dashboardName": found["DashboardName"],
            "dashboardBody": found["DashboardBody"],
            "dashboardArn": found["DashboardArn"],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutDashboard anew."""
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteDashboards."""
        try:
            _watch(aws).delete_dashboards(DashboardNames=[id_])
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


class MetricAlarm(Resource):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""

    token = "aws:cloudwatch/metricAlarm:MetricAlarm"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What goes together, and how far an alarm looks back."""
        for name in ("metricName", "namespace", "period", "threshold"):
            if inputs.get(name) is None:
                yield Failure(name, f"an alarm of one metric needs {name}")
        if (inputs.get("statistic") is None) == (inputs.get("extendedStatistic") is None):
            yield Failure("statistic", "an alarm has one of statistic and extendedStatistic")
        counted = given(inputs, "datapointsToAlarm", "evaluationPeriods")
        if counted and inputs["datapointsToAlarm"] > inputs["evaluationPeriods"]:
            yield Failure("datapointsToAlarm", "at most as many as evaluationPeriods")
        for name in ("alarmActions", "okActions", "insufficientDataActions"):
            if given(inputs, name) and len(inputs[name]) > _MOST_ACTIONS:
                yield Failure(name, f"at most {_MOST_ACTIONS}")
        if given(inputs, "period", "evaluationPeriods"):
            yield from _period_failures(inputs["period"], inputs["evaluationPeriods"])

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutMetricAlarm; see the facts' note."""
        _refuse_foreign_actions(aws, inputs)
        if _alarm(aws, inputs["name"]):
            raise RefusedError(f"CloudWatch metric alarm {inputs['name']!r} already exists")
        _watch(aws).put_metric_alarm(**_sent(inputs), Tags=tag_list(inputs.get("tags")))
        return inputs["name"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeAlarms and ListTagsForResource."""
        alarm = _alarm(aws, id_)
        if alarm is None:
            return None
        arn = alarm["AlarmArn"]
        read = {name: alarm.get(key) for name, key in _MEMBERS.items()}
        if read["extendedStatistic"]:
            read["statistic"] = None
        return {
            **{name: None if value in ("", []) else value for name, value in read.items()},
            "name": alarm["AlarmName"],
            "dimensions": {row["Name"]: row["Value"] for row in alarm.get("Dimensions", [])} or None,
            "tags": tag_map(_watch(aws).list_tags_for_resource(ResourceARN=arn).get("Tags", [])),
            "arn": arn,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutMetricAlarm anew; tags are calls of their own."""
        if changed - {"tags"}:
            _refuse_foreign_actions(aws, new)
            _watch(aws).put_metric_alarm(**_sent(new))
        if "tags" in changed:
            arn = aws.arn("cloudwatch", f"alarm:{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                _watch(aws).untag_resource(ResourceARN=arn, TagKeys=removed)
            if added:
                _watch(aws).tag_resource(ResourceARN=arn, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteAlarms."""
        if _alarm(aws, id_):
            _watch(aws).delete_alarms(AlarmNames=[id_])


def _watch(aws: Aws) -> Any:
    return aws.client("cloudwatch")


def _alarm(aws: Aws, name: str) -> Props | None:
    found = _watch(aws).describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"]).get("MetricAlarms", [])
    return found[0] if found else None


def _refuse_foreign_actions(aws: Aws, inputs: Props) -> None:
    """AWS takes only actions of the alarm's own region."""
    for name in ("alarmActions", "okActions", "insufficientDataActions"):
        for arn in inputs.get(name) or []:
            if (region := arn.split(":")[3]) != aws.region:
                raise RefusedError(f"Invalid region {region} specified. Only {aws.region} is supported.")


def _sent(inputs: Props) -> Props:
    values = {key: inputs.get(name) for name, key in _MEMBERS.items()}
    dimensions = [{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()]
    return {"AlarmName": inputs["name"], "Dimensions": dimensions, **present(**values)}


def _period_failures(period: int, times: int) -> Iterator[Failure]:
    if period not in _PERIODS and (period <= 0 or period % 60):
        yield Failure("period", "a period has 10, 20, 30 or a multiple of 60 seconds")
    longest = _DAY if period < 3600 else _WEEK
    if period * times > longest:
        yield Failure("evaluationPeriods", f"looks back {period * times} seconds, at most {longest}")


def _body_problems(body: Any) -> Iterator[str]:
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list):
        yield "a dashboard is an object with a list of widgets"
        return
    if len(widgets) > _MOST_WIDGETS:
        yield f"has {len(widgets)} widgets, at most {_MOST_WIDGETS}"
    for number, widget in enumerate(widgets):
        if not isinstance(widget, dict) or widget.get("type") not in _WIDGETS:
            yield f"widget {number} must have a type of {', '.join(_WIDGETS)}"
        elif not isinstance(widget.get("properties"), dict):
            yield f"widget {number} has no properties"
        elif problem := _content_problem(widget["type"], widget["properties"]):
            yield f"widget {number} {problem}"
        elif not 1 <= widget.get("width", 6) <= _COLUMNS or not 1 <= widget.get("height", 6) <= _ROWS:
            yield f"widget {number} is 1 to {_COLUMNS} columns wide and 1 to {_ROWS} rows high"


def _content_problem(kind: str, content: Props) -> str | None:
    if kind == "alarm" and not 1 <= len(content.get("alarms") or []) <= _MOST_SHOWN:
        return f"names 1 to {_MOST_SHOWN} alarms"
    if kind != "metric":
        return None
    if not content.get("region"):
        return "has no region"
    metrics, alarms = content.get("metrics"), (content.get("annotations") or {}).get("alarms")
    if not metrics and not alarms:
        return "has neither metrics nor an alarm"
    for metric in metrics or []:
        names = [part for part in metric if isinstance(part, str)]
        if not names or len(names) % 2:
            return f"has a metric that isn't namespace, name and pairs of dimensions: {metric}"
    return None
