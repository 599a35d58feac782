"""Services of the local AWS send CloudWatch their metrics, and alarms judge them as AWS's do."""

from __future__ import annotations

import datetime
import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow, document, logs, unique
from tests.local.rest_api import RestApi, mock

pytestmark = pytest.mark.local

READ_QUEUE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
READ_STREAM = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"]
FAIL = "def handler(event, context): raise ValueError('always')"


@pytest.fixture
def total(aws):
    """`total(namespace, metric, statistic, **dimensions)`: the statistic over the last hour, None for no datapoint."""

    def ask(namespace, metric, statistic="Sum", **dimensions):
        now = datetime.datetime.now(datetime.UTC)
        points = aws("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(minutes=1),
            Period=7200,
            Statistics=[statistic],
        )["Datapoints"]
        return points[0][statistic] if points else None

    return ask


@pytest.fixture
def alarm(aws):
    """`alarm(metric, **more)` makes an alarm on a metric of ours; returns a function that tells its state."""
    names = []

    def make(metric, namespace="Tests", dimensions=(), **more):
        names.append(unique("alarm"))
        rule = {"Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, **more}
        aws("cloudwatch").put_metric_alarm(
            AlarmName=names[-1],
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            **rule,
        )
        name = names[-1]
        return lambda: aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]

    yield make
    aws("cloudwatch").delete_alarms(AlarmNames=names)


@pytest.fixture
def put(aws):
    """`put(metric, *values, dimensions=…)`: one datapoint a minute, the last one now."""

    def put_values(metric, *values, dimensions=()):
        for age, value in enumerate(reversed(values)):
            datum = {
                "MetricName": metric,
                "Value": value,
                "Timestamp": time.time() - 60 * age,
                "Dimensions": [{"Name": name, "Value": of} for name, of in dimensions],
            }
            aws("cloudwatch").put_metric_data(Namespace="Tests", MetricData=[datum])

    return put_values


def test_a_message_in_a_queue_sets_off_an_alarm_and_tells_its_topic(aws, bench, alarm, eventually):
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    inbox, inbox_arn = bench.queue()
    deliver = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    aws("sqs").set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": document({**deliver, "Resource": inbox_arn})})
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox_arn, Attributes={"RawMessageDelivery": "true"})
    url, arn = bench.queue()
    state = alarm(
        "ApproximateNumberOfMessagesVisible",
        namespace="AWS/SQS",
        dimensions=[("QueueName", arn.rpartition(":")[2])],
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )
    eventually(lambda: state() == "OK")

    aws("sqs").send_message(QueueUrl=url, MessageBody="poison")

    eventually(lambda: state() == "ALARM")
    (message,) = eventually(lambda: aws("sqs").receive_message(QueueUrl=inbox).get("Messages", []))
    told = json.loads(message["Body"])
    assert (told["OldStateValue"], told["NewStateValue"]) == ("OK", "ALARM")
    assert "1 out of the last 1 datapoints [1.0]" in told["NewStateReason"]


def test_an_alarm_looks_at_the_metric_with_exactly_its_dimensions(alarm, put, eventually):
    metric = unique("metric")
    mine = alarm(metric, dimensions=[("Of", "mine")])
    put(metric, 5, dimensions=[("Of", "others")])
    put(metric, 0, dimensions=[("Of", "mine")])

    eventually(lambda: mine() == "OK")
    put(metric, 5, dimensions=[("Of", "mine")])
    eventually(lambda: mine() == "ALARM")


def test_an_alarm_counts_the_periods_that_breach(alarm, put, eventually):
    metric = unique("metric")
    three, two = (alarm(metric, EvaluationPeriods=3, DatapointsToAlarm=needed) for needed in (3, 2))
    put(metric, 5, 0, 5)

    eventually(lambda: two() == "ALARM")
    assert three() == "OK"


@pytest.mark.parametrize(
    ("missing", "state"), [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM")]
)
def test_an_alarm_takes_silence_as_it_says(alarm, eventually, missing, state):
    judged = alarm(unique("metric"), TreatMissingData=missing)
    eventually(lambda: judged() == state)


def test_a_failed_call_counts_whoever_called(aws, bench, total, eventually):
    url, arn = bench.queue(VisibilityTimeout="10")
    function = bench.function(FAIL, bench.role(logs(), allow(READ_QUEUE, [arn])))
    mapping = aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)["UUID"]
    try:
        aws("sqs").send_message(QueueUrl=url, MessageBody="poison")
        eventually(lambda: total("AWS/Lambda", "Errors", FunctionName=function))
        bench.invoke(function)
        assert total("AWS/Lambda", "Invocations", FunctionName=function) >= 2
        assert total("AWS/Lambda", "Errors", FunctionName=function) == total(
            "AWS/Lambda", "Invocations", FunctionName=function
        )
        assert total("AWS/Lambda", "Duration", "Maximum", FunctionName=function) > 0
    finally:
        aws("lambda").delete_event_source_mapping(UUID=mapping)


def test_a_direct_call_counts_once(bench, total):
    function = bench.function("def handler(event, context): return 1", bench.role(logs()))
    bench.invoke(function)
    assert total("AWS/Lambda", "Invocations", FunctionName=function) == 1
    assert total("AWS/Lambda", "Errors", FunctionName=function) == 0


def test_a_function_says_how_old_the_records_of_its_stream_are(aws, bench, total, eventually):
    stream = unique("stream")
    aws("kinesis").create_stream(StreamName=stream, ShardCount=1)
    arn = aws("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    reads = allow([f"kinesis:{action}" for action in READ_STREAM], [arn])
    function = bench.function("def handler(event, context): pass", bench.role(logs(), reads))
    aws("kinesis").put_record(StreamName=stream, PartitionKey="k", Data=b"old")
    mapping = aws("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, StartingPosition="TRIM_HORIZON"
    )["UUID"]
    try:
        age = eventually(lambda: total("AWS/Lambda", "IteratorAge", "Maximum", FunctionName=function))
        assert 0 < age < 60_000
    finally:
        aws("lambda").delete_event_source_mapping(UUID=mapping)


@pytest.mark.parametrize(
    ("path", "errors"), [("/fine", (0, 0)), ("/refused", (1, 0)), ("/broken", (0, 1))], ids=["200", "404", "500"]
)
def test_a_stage_counts_its_calls_by_how_they_end(aws, local_aws, total, path, errors):
    api = RestApi(aws, local_aws)
    name = aws("apigateway").get_rest_api(restApiId=api.id)["name"]
    for each, status in (("/fine", "200"), ("/refused", "404"), ("/broken", "500")):
        api.method(each, mock(), verb="GET", responses={status: {}})
    api.deploy()

    api.call("GET", path)

    of_stage = {"ApiName": name, "Stage": "v1"}
    assert total("AWS/ApiGateway", "Count", "SampleCount", **of_stage) == 1
    found = tuple(total("AWS/ApiGateway", metric, "Average", **of_stage) for metric in ("4XXError", "5XXError"))
    assert found == errors
    assert total("AWS/ApiGateway", "Latency", "Maximum", **of_stage) >= 0
    assert total("AWS/ApiGateway", "Count", "SampleCount", ApiName=name) == 1


@pytest.mark.parametrize(
    ("state", "metric"),
    [
        ({"Type": "Fail", "Error": "Broken"}, "ExecutionsFailed"),
        ({"Type": "Pass", "End": True}, "ExecutionsSucceeded"),
    ],
    ids=["failed", "succeeded"],
)
@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_machine_counts_its_executions(aws, bench, total, eventually, kind, state, metric):
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"),
        definition=json.dumps({"StartAt": "Only", "States": {"Only": state}}),
        roleArn=bench.role(trust={"Service": "states.amazonaws.com"}),
        type=kind,
    )["stateMachineArn"]
    start = "start_sync_execution" if kind == "EXPRESS" else "start_execution"

    getattr(aws("stepfunctions"), start)(stateMachineArn=machine)

    eventually(lambda: total("AWS/States", metric, StateMachineArn=machine) == 1)
    assert total("AWS/States", "ExecutionsStarted", StateMachineArn=machine) == 1
    assert total("AWS/States", "ExecutionTime", "Maximum", StateMachineArn=machine) >= 0


class Dead:
    """A queue with its dead-letter queue, which holds one letter that SQS moved there."""

    def __init__(self, aws, bench, eventually):
        self.aws = aws
        self.dead_url, self.dead = bench.queue()
        redrive = json.dumps({"deadLetterTargetArn": self.dead, "maxReceiveCount": 1})
        self.url, self.arn = bench.queue(VisibilityTimeout="0", RedrivePolicy=redrive)
        aws("sqs").send_message(
            QueueUrl=self.url,
            MessageBody="poison",
            MessageAttributes={"why": {"DataType": "String", "StringValue": "test"}},
        )
        aws("sqs").receive_message(QueueUrl=self.url)
        eventually(lambda: aws("sqs").receive_message(QueueUrl=self.url).get("Messages") or self.waiting(self.dead_url))

    def waiting(self, url):
        found = self.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def letters(aws, bench, eventually):
    return Dead(aws, bench, eventually)


@pytest.mark.parametrize("given", [False, True], ids=["to where it came from", "to a queue that is named"])
def test_a_task_moves_dead_letters(aws, bench, letters, given):
    url, arn = bench.queue() if given else (letters.url, letters.arn)
    destination = {"DestinationArn": arn} if given else {}

    aws("sqs").start_message_move_task(SourceArn=letters.dead, **destination)

    (task,) = aws("sqs").list_message_move_tasks(SourceArn=letters.dead)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    (message,) = aws("sqs").receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert message["Body"] == "poison"
    assert message["MessageAttributes"]["why"]["StringValue"] == "test"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert letters.waiting(letters.dead_url) == 0


def test_what_a_function_wrote_has_no_queue_to_go_back_to(aws, letters):
    aws("sqs").send_message(QueueUrl=letters.dead_url, MessageBody="refused, with the reason")
    with pytest.raises(ClientError, match="DestinationArn"):
        aws("sqs").start_message_move_task(SourceArn=letters.dead)
    assert letters.waiting(letters.dead_url) == 2


def test_only_letters_of_a_queue_are_moved(aws, bench):
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        aws("sqs").start_message_move_task(SourceArn=bench.queue()[1])


def test_moving_letters_needs_its_own_right(bench, as_role, letters):
    role = bench.role(allow(["sqs:ReceiveMessage", "sqs:SendMessage"], ["*"]), trust=TRUST_ROOT)
    with pytest.raises(ClientError, match="sqs:StartMessageMoveTask"):
        as_role(role)("sqs").start_message_move_task(SourceArn=letters.dead)
    bench.grant(role, allow(["sqs:StartMessageMoveTask"], [letters.dead]))
    as_role(role)("sqs").start_message_move_task(SourceArn=letters.dead)


@pytest.fixture
def group(aws):
    """`group(*lines)` writes lines to a log group of its own and returns its name."""
    name = unique("/group")
    aws("logs").create_log_group(logGroupName=name)
    aws("logs").create_log_stream(logGroupName=name, logStreamName="all")

    def write(*lines):
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        if events:
            aws("logs").put_log_events(logGroupName=name, logStreamName="all", logEvents=events)
        return name

    return write


def test_lines_that_match_a_metric_filter_are_counted(aws, group, total):
    metric = unique("metric")
    change = {"metricNamespace": "Tests", "metricName": metric, "metricValue": "1", "defaultValue": 0}
    aws("logs").put_metric_filter(
        logGroupName=group(), filterName="f", filterPattern="{ $.status = 429 }", metricTransformations=[change]
    )

    group('{"status": 200}')
    assert total("Tests", metric) == 0
    group('{"status": 429}', '{"status": 200}', '{"status": 429}')
    assert total("Tests", metric) == 2


def test_a_metric_filter_sends_what_a_line_says(aws, group, total):
    metric = unique("metric")
    change = {
        "metricNamespace": "Tests",
        "metricName": metric,
        "metricValue": "$.latency_ms",
        "dimensions": {"Route": "$.path"},
    }
    aws("logs").put_metric_filter(
        logGroupName=group(), filterName="f", filterPattern="{ $.path = * }", metricTransformations=[change]
    )

    group('{"path": "/a", "latency_ms": 20}', '{"path": "/b", "latency_ms": 30}', '{"path": "/a"}')

    assert total("Tests", metric, Route="/a") == 20
    assert total("Tests", metric, Route="/b") == 30


def test_lines_are_found_by_conditions_on_their_json(aws, group):
    name = group('{"status": 200}', '{"status": 503}', "status 503")
    found = aws("logs").filter_log_events(logGroupName=name, filterPattern="{ $.status >= 500 }")["events"]
    assert [event["message"] for event in found] == ['{"status": 503}']


def test_a_filter_pattern_that_cannot_be_read_is_refused(aws, group):
    change = {"metricNamespace": "Tests", "metricName": "m", "metricValue": "1"}
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        aws("logs").put_metric_filter(
            logGroupName=group(), filterName="f", filterPattern="{ $.status", metricTransformations=[change]
        )
