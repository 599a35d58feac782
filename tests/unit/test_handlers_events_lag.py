"""How far a projection is behind is said in a log line that CloudWatch reads as a metric."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from handlers.events import lag

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(("age", "lag_ms"), [(timedelta(seconds=90), 90_000), (timedelta(seconds=-1), 0)])
def test_the_lag_is_a_metric_by_function_and_projection(
    capsys: pytest.CaptureFixture[str], age: timedelta, lag_ms: int
) -> None:
    lag.report("shop-projector", "daily_sales", NOW - age, NOW)
    said = json.loads(capsys.readouterr().out)
    assert (said["FunctionName"], said["Projection"], said["ProjectionLag"]) == (
        "shop-projector",
        "daily_sales",
        lag_ms,
    )
    [directive] = said["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Serviceful/Events"
    assert sorted(directive["Dimensions"][0]) == ["FunctionName", "Projection"]
    assert directive["Metrics"] == [{"Name": "ProjectionLag", "Unit": "Milliseconds"}]
