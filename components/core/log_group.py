"""A log group of our own: with a retention, unlike one that AWS makes on the way."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern


class LogGroup:
    """Keeps its events as long as the stack says."""

    def __init__(self, owner: Pattern, name: str, physical_name: str) -> None:
        self.physical_name = physical_name
        self.arn = owner.names.arn("logs", f"log-group:{physical_name}")
        self.group = aws.cloudwatch.LogGroup(
            owner.tree_name(name),
            name=physical_name,
            retention_in_days=owner.settings.log_retention_days,
            tags=owner.tags,
            opts=owner.child(),
        )
