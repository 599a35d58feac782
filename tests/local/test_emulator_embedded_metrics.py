"""Metrics in log lines: what the embedded format names is a metric, and anything else is a log line."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.local.emulation import logs, unique

pytestmark = pytest.mark.local


def line(metric, value=7, **more):
    directive = {
        "Namespace": "Tests",
        "Dimensions": [["Of"], ["Of", "In"]],
        "Metrics": [{"Name": metric, "Unit": "Milliseconds"}],
    }
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": about, "Of": "mine", "In": "here", metric: value, **more}


@pytest.fixture
def write(aws):
    """Write lines into a log group of their own; returns its name."""
    group = unique("group")
    aws("logs").create_log_group(logGroupName=group)
    aws("logs").create_log_stream(logGroupName=group, logStreamName="one")

    def put(*lines):
        events = [{"timestamp": int(time.time() * 1000), "message": json.dumps(one)} for one in lines]
        aws("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
        return group

    return put


def points(aws, metric, **dimensions):
    now = datetime.now(UTC)
    found = aws("cloudwatch").get_metric_statistics(
        Namespace="Tests",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    return [(point["SampleCount"], point["Sum"], point["Unit"]) for point in found]


def test_a_value_counts_under_each_set_of_dimensions_and_its_line_stays(aws, bench, write):
    metric = unique("metric")
    group = write(line(metric), line(metric, [1, 2, 3]))
    for dimensions in ({"Of": "mine"}, {"Of": "mine", "In": "here"}):
        assert points(aws, metric, **dimensions) == [(4, 13, "Milliseconds")]
    assert points(aws, metric, Of="others") == []
    assert len(bench.log_lines(group)) == 2


def test_what_a_function_prints_is_measured(aws, bench, eventually):
    metric = unique("metric")
    source = f"def handler(event, context): print({json.dumps(line(metric))!r})"
    function = bench.function(source, bench.role(logs()))
    aws("logs").create_log_group(logGroupName=f"/aws/lambda/{function}")
    bench.invoke(function)
    eventually(lambda: points(aws, metric, Of="mine") == [(1, 7, "Milliseconds")])


@pytest.mark.parametrize(
    "broken",
    [
        {"In": 7},  # a dimension that is no text
        {"_aws": {"Timestamp": 1}},
        {"_aws": "text"},
        {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "Tests"}]}},
    ],
)
def test_a_line_that_is_not_in_the_format_is_a_log_line_only(aws, bench, write, broken):
    metric = unique("metric")
    group = write(line(metric, **broken))
    assert points(aws, metric, Of="mine") == []
    assert len(bench.log_lines(group)) == 1


@pytest.mark.parametrize("value", ["text", True, None, list(range(101))])
def test_a_value_that_is_no_number_is_not_measured(aws, write, value):
    metric = unique("metric")
    write(line(metric, value))
    assert points(aws, metric, Of="mine") == []
