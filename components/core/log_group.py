"""A log group of our own: with a retention, unlike one that AWS makes on the way."""

from __future__ import annotations

import pulumi_aws as aws

from .metric import Metric
from .pattern import Pattern


class LogGroup:
    """Keeps its events as long as the stack says."""

    def __init__(self, owner: Pattern, name: str, physical_name: str) -> None:
        self._owner = owner
        self.physical_name = physical_name
        self.arn = owner.names.arn("logs", f"log-group:{physical_name}")
        self.group = aws.cloudwatch.LogGroup(
            owner.tree_name(name),
            name=physical_name,
            retention_in_days=owner.settings.log_retention_days,
            tags=owner.tags,
            opts=owner.child(),
        )

    def count(self, name: str, *, pattern: str) -> Metric:
        """Make a metric of how many lines match `pattern`; 0 when lines come of which none does.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        owner = self._owner
        namespace, metric = f"{owner.names.project}-{owner.names.stack}", f"{owner.physical_name}-{name}"
        aws.cloudwatch.LogMetricFilter(
            owner.tree_name(name),
            name=name,
            log_group_name=self.group.name,
            pattern=pattern,
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                namespace=namespace, name=metric, value="1", default_value="0", unit="Count"
            ),
            opts=owner.child(),
        )
        return Metric(namespace=namespace, name=metric, dimensions={}, statistic="Sum", unit="Count")
