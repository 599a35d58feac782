"""A CloudWatch alarm that says what it means and what to do."""

from __future__ import annotations

import pulumi_aws as aws

from .metric import Metric
from .pattern import Pattern


class Alarm:
    """Goes off when `metric` reaches `threshold` in `datapoints` of the latest `periods` periods (all of them).

    `means` is one sentence for whoever is woken, `runbook` the section of `docs/runbooks.md` that says what to do. It
    tells the stack's alarm topic when it goes off and when all is well again; without a topic it only shows its state.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        metric: Metric,
        *,
        threshold: float,
        means: str,
        runbook: str,
        periods: int = 1,
        datapoints: int | None = None,
    ) -> None:
        self.tree_name = owner.tree_name(name)
        self.physical_name = owner.physical("alarm", name)
        region = metric.region or owner.names.region
        self.arn = owner.names.arn("cloudwatch", f"alarm:{self.physical_name}", region=region)
        topic = owner.settings.alarm_topic_in(region)
        basic = metric.statistic if not metric.statistic.startswith("p") else None
        self.alarm = aws.cloudwatch.MetricAlarm(
            self.tree_name,
            name=self.physical_name,
            alarm_description=f"{means} Runbook: {owner.settings.runbooks}#{runbook}",
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions or None,
            statistic=basic,
            extended_statistic=None if basic else metric.statistic,
            period=metric.period_s,
            evaluation_periods=periods,
            datapoints_to_alarm=datapoints or periods,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=threshold,
            treat_missing_data=metric.missing,
            alarm_actions=[topic] if topic else None,
            ok_actions=[topic] if topic else None,
            region=metric.region,
            tags=owner.tags,
            opts=owner.child(),
        )
        if metric.is_known and region == owner.names.region:
            owner.watch.alarms.append(self.arn)
        else:
            owner.watch.alarm_charts[self.tree_name] = (self.arn, region)
