"""A log group of our own: with a retention, unlike one that AWS makes on the way."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern


def log_group(owner: Pattern, name: str, physical_name: str) -> aws.cloudwatch.LogGroup:
    """Keeps its events as long as the stack says."""
    return aws.cloudwatch.LogGroup(
        owner.tree_name(name),
        name=physical_name,
        retention_in_days=owner.settings.log_retention_days,
        tags=owner.tags,
        opts=owner.child(),
    )
