"""How far a projection is behind: a metric in a log line, which takes no right and no call.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Powertools would add the dimension `service`, and an alarm sees a metric only by exactly its dimensions.
"""

from __future__ import annotations

import json
from datetime import datetime

NAMESPACE, METRIC = "Serviceful/Events", "ProjectionLag"
"""`components/event_sourcing` watches it under these names, with the dimensions FunctionName and Projection."""


def report(function: str, projection: str, recorded: datetime, now: datetime) -> None:
    """Say how long ago the oldest event was kept that a projection has just taken in."""
    dimensions = {"FunctionName": function, "Projection": projection}
    measured = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": METRIC, "Unit": "Milliseconds"}],
    }
    about = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [measured]}
    lag_ms = max(0.0, (now - recorded).total_seconds() * 1000)
    print(json.dumps({"_aws": about, **dimensions, METRIC: lag_ms}))
