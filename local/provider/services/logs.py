"""CloudWatch Logs: log groups, and metrics made of their lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes

_GONE = ("ResourceNotFoundException",)


class LogGroup(Resource):
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"""

    token = "aws:cloudwatch/logGroup:LogGroup"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateLogGroup."""
        tags = {"tags": inputs["tags"]} if inputs.get("tags") else {}
        aws.client("logs").create_log_group(logGroupName=inputs["name"], **tags)
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Retention is a call of its own."""
        if inputs.get("retentionInDays"):
            _retain(aws, id_, inputs["retentionInDays"])

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeLogGroups by prefix, and the one of exactly this name."""
        group = _find(aws, id_)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "name": group["logGroupName"],
            "arn": arn,
            "retentionInDays": group.get("retentionInDays", 0),
            "tags": aws.client("logs").list_tags_for_resource(resourceArn=arn).get("tags", {}),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutRetentionPolicy, TagResource and UntagResource."""
        logs = aws.client("logs")
        if "retentionInDays" in changed:
            _retain(aws, id_, new.get("retentionInDays") or 0)
        if "tags" in changed:
            arn = aws.arn("logs", f"log-group:{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                logs.untag_resource(resourceArn=arn, tagKeys=removed)
            if added:
                logs.tag_resource(resourceArn=arn, tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteLogGroup, unless the program wants it kept."""
        if state.get("skipDestroy"):
            return
        try:
            aws.client("logs").delete_log_group(logGroupName=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    for page in aws.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                return group
    return None


def _retain(aws: Aws, name: str, days: int) -> None:
    """Zero days stand for ever, as the official provider has it."""
    logs = aws.client("logs")
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        logs.delete_retention_policy(logGroupName=name)


class MetricFilter(Resource):
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html"""

    token = "aws:cloudwatch/logMetricFilter:LogMetricFilter"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """A metric with dimensions can have no default value."""
        change = inputs.get("metricTransformation") or {}
        if given(change, "dimensions", "defaultValue") and change["dimensions"]:
            yield Failure("metricTransformation.defaultValue", "a metric with dimensions has no default value")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutMetricFilter."""
        change = inputs["metricTransformation"]
        default = change.get("defaultValue")
        aws.client("logs").put_metric_filter(
            logGroupName=inputs["logGroupName"],
            filterName=inputs["name"],
            filterPattern=inputs["pattern"].strip(),
            metricTransformations=[
                {
                    "metricName": change["name"],
                    "metricNamespace": change["namespace"],
                    "metricValue": change["value"],
                    "unit": change["unit"],
                    **present(defaultValue=float(default) if default else None, dimensions=change.get("dimensions")),
                }
            ],
        )
        return inputs["name"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeMetricFilters of the group, and the one of this name."""
        try:
            found = aws.client("logs").describe_metric_filters(
                logGroupName=state["logGroupName"], filterNamePrefix=id_
            )["metricFilters"]
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        for each in found:
            if each["filterName"] == id_:
                (change,) = each["metricTransformations"]
                default = change.get("defaultValue")
                return {
                    "name": id_,
                    "logGroupName": each["logGroupName"],
                    "pattern": each["filterPattern"],
                    "metricTransformation": present(
                        name=change["metricName"],
                        namespace=change["metricNamespace"],
                        value=change["metricValue"],
                        unit=change["unit"],
                        defaultValue=None if default is None else f"{default:g}",
                        dimensions=change.get("dimensions") or None,
                    ),
                }
        return None

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutMetricFilter anew."""
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteMetricFilter."""
        try:
            aws.client("logs").delete_metric_filter(logGroupName=state["logGroupName"], filterName=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
