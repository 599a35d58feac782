"""Metrics as values: what a part can say about itself, for an alarm or a dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

Missing = Literal["notBreaching", "breaching", "ignore", "missing"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of CloudWatch, as its service sends it.

    `unit` labels the dashboard's axis. No alarm names it: with a unit that the service doesn't send an alarm would
    never see a datapoint (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
    """

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str
    """`Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99`."""

    unit: str
    missing: Missing = "notBreaching"
    """What it means when the service sends nothing.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""

    period_s: int = 60
    """Seconds that one value of the statistic covers."""

    region: str | None = None
    """Where the service sends it, if that isn't where the stack is: CloudFront sends to us-east-1 alone."""

    @property
    def is_known(self) -> bool:
        """Whether its dimensions are known at the first preview."""
        return all(isinstance(value, str) for value in self.dimensions.values())

    def plotted(self) -> list[Any]:
        """The metric as an entry of a dashboard's widget.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
        """
        named = [part for dimension in self.dimensions.items() for part in dimension]
        # Counts and times don't share an axis.
        axis = "left" if self.unit == "Count" else "right"
        label = f"{self.name} ({self.statistic})"
        how = {"stat": self.statistic, "period": self.period_s, "yAxis": axis, "label": label}
        return [self.namespace, self.name, *named, how]


@dataclass
class Watch:
    """What one pattern can show and what it warns of; its parts fill it in as they are made."""

    charts: dict[str, list[Metric]] = field(default_factory=dict)
    """Title → metrics."""

    alarms: list[str] = field(default_factory=list)
    """ARNs of the alarms on metrics of the stack's own region."""

    alarm_charts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Title → (ARN, region) of an alarm whose metric can't be named before it exists."""

    def show(self, title: str, *metrics: Metric) -> None:
        """Draw `metrics` in the chart called `title`, beside what is there already."""
        self.charts.setdefault(title, []).extend(metrics)
