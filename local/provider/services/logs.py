"""CloudWatch Logs: log groups."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, tag_changes

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
