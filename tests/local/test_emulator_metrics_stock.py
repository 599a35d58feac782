"""What the stock server does otherwise than AWS with metrics, alarms and dead letters.

A test that fails here after an upgrade of MiniStack means that its extension can go.
"""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.local import test_emulator_stock as stock_server
from tests.local.emulation import unique
from tests.local.test_emulator_embedded_metrics import line

pytestmark = pytest.mark.local

stock, aws, bench = stock_server.stock, stock_server.aws, stock_server.bench


def _metrics(aws, namespace):
    return {metric["MetricName"] for metric in aws("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]}


def _states(aws, *names):
    found = aws("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    return [alarm["StateValue"] for alarm in found]


def _alarm(aws, metric, **more):
    name = unique("alarm")
    rule = {"Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, **more}
    aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName=metric,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        **rule,
    )
    return name


def test_metric_alarms_an_alarm_takes_metrics_of_any_dimensions_together(aws):
    metric = unique("metric")
    mine = _alarm(aws, metric, Dimensions=[{"Name": "Of", "Value": "mine"}])
    others = {"MetricName": metric, "Value": 5, "Dimensions": [{"Name": "Of", "Value": "others"}]}
    aws("cloudwatch").put_metric_data(Namespace="Tests", MetricData=[others])
    assert _states(aws, mine) == ["ALARM"]


def test_metric_alarms_an_alarm_knows_one_period_only(aws):
    metric = unique("metric")
    three = _alarm(aws, metric, EvaluationPeriods=3)
    data = [{"MetricName": metric, "Value": value, "Timestamp": time.time() - age} for value, age in ((0, 70), (5, 0))]
    aws("cloudwatch").put_metric_data(Namespace="Tests", MetricData=data)
    assert _states(aws, three) == ["ALARM"]


def test_metric_alarms_a_queue_says_nothing_about_itself(aws, bench):
    url, _ = bench.queue()
    aws("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert _metrics(aws, "AWS/SQS") == set()


def test_service_metrics_a_machine_says_nothing_about_itself(aws, bench, eventually):
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"),
        definition=json.dumps(definition),
        roleArn=bench.role(trust={"Service": "states.amazonaws.com"}),
    )["stateMachineArn"]
    execution = aws("stepfunctions").start_execution(stateMachineArn=machine)["executionArn"]
    describe = aws("stepfunctions").describe_execution
    eventually(lambda: describe(executionArn=execution)["status"] == "SUCCEEDED")
    assert _metrics(aws, "AWS/States") == set()


def test_service_metrics_an_asynchronous_call_counts_before_it_ran(aws, bench):
    function = bench.function("def handler(event, context): raise ValueError", bench.role())
    aws("lambda").invoke(FunctionName=function, InvocationType="Event")
    points = aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=time.time() - 600,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [point["Sum"] for point in points] == [0]


def test_sqs_move_tasks_are_not_there(aws, bench):
    with pytest.raises(ClientError, match="StartMessageMoveTask is not valid"):
        aws("sqs").start_message_move_task(SourceArn=bench.queue()[1])


def test_metric_filters_send_nothing_and_a_condition_matches_everything(aws):
    group = unique("/group")
    logs = aws("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="all")
    change = {"metricNamespace": "Filtered", "metricName": "m", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern="{ $.status = 429 }", metricTransformations=[change]
    )
    event = {"timestamp": int(time.time() * 1000), "message": '{"status": 200}'}
    logs.put_log_events(logGroupName=group, logStreamName="all", logEvents=[event])

    assert _metrics(aws, "Filtered") == set()
    assert logs.filter_log_events(logGroupName=group, filterPattern="{ $.status = 429 }")["events"]


def test_embedded_metrics_are_log_lines(aws):
    group, metric = unique("group"), unique("metric")
    aws("logs").create_log_group(logGroupName=group)
    aws("logs").create_log_stream(logGroupName=group, logStreamName="one")
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line(metric))}
    aws("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])
    assert metric not in _metrics(aws, "Tests")
