"""What the stock server does otherwise than AWS with streams, pipes, machines, schedules and rules.

A test that fails here after an upgrade of MiniStack means that its extension can go.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local import test_emulator_stock as stock_server
from tests.local.emulation import TRUST_ROOT, allow, unique

pytestmark = pytest.mark.local

stock, aws, bench, as_allowed = (
    stock_server.stock,
    stock_server.aws,
    stock_server.bench,
    stock_server.as_allowed,
)


@pytest.fixture
def table(aws):
    """The name and the stream of a table."""
    name = unique("table")
    made = aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    return name, made["LatestStreamArn"]


def test_stream_event_source_a_mapping_needs_no_right_and_forgets_its_window(aws, bench, table):
    function = bench.function("def handler(event, context): pass", bench.role())
    made = aws("lambda").create_event_source_mapping(
        EventSourceArn=table[1], FunctionName=function, StartingPosition="LATEST", TumblingWindowInSeconds=30
    )
    assert "TumblingWindowInSeconds" not in made


def test_stream_resources_a_right_on_one_stream_does_not_let_it_be_read(as_allowed, table):
    grant = allow(["dynamodb:DescribeStream"], [table[1]])
    with pytest.raises(ClientError, match="dynamodb:DescribeStream"):
        as_allowed("dynamodbstreams", grant).describe_stream(StreamArn=table[1])


def test_mapping_actions_anybody_deletes_a_mapping(aws, bench, as_allowed, table):
    function = bench.function("def handler(event, context): pass", bench.role())
    made = aws("lambda").create_event_source_mapping(
        EventSourceArn=table[1], FunctionName=function, StartingPosition="LATEST"
    )
    as_allowed("lambda", allow(["s3:GetObject"], ["*"])).delete_event_source_mapping(UUID=made["UUID"])


def test_partiql_changes_are_not_on_the_stream(aws, table):
    name, stream = table
    aws("dynamodb").execute_statement(Statement=f"INSERT INTO \"{name}\" VALUE {{'id': 'x'}}")
    [shard] = aws("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    assert shard["SequenceNumberRange"] == {}


def test_event_pipes_any_pipe_runs_and_forgets_its_parameters(aws, bench, table):
    name, role = unique("pipe"), bench.role(trust=TRUST_ROOT)
    aws("pipes").create_pipe(
        Name=name,
        Source=table[1],
        Target="arn:aws:firehose:us-east-1:000000000000:deliverystream/x",
        RoleArn=role,
        TargetParameters={"InputTemplate": "x"},
    )
    described = aws("pipes").describe_pipe(Name=name)
    assert described["CurrentState"] == "RUNNING"
    assert "TargetParameters" not in described


def test_state_tasks_and_executions_need_no_right_and_no_express_machine(aws, bench, table):
    get = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Parameters": {"TableName": table[0], "Key": {"id": {"S": "x"}}},
        "End": True,
    }
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"), definition=json.dumps({"StartAt": "Get", "States": {"Get": get}}), roleArn=bench.role()
    )["stateMachineArn"]
    answer = aws("stepfunctions").start_sync_execution(stateMachineArn=machine)
    assert answer["status"] == "SUCCEEDED"
    assert aws("stepfunctions").describe_execution(executionArn=answer["executionArn"])


def test_schedules_any_target_and_role_is_taken(aws, bench):
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": bench.role()}
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert aws("scheduler").create_schedule(
        Name=unique("schedule"), ScheduleExpression="at(2099-01-01T00:00:00)", FlexibleTimeWindow=window, Target=target
    )


def test_rule_targets_a_queue_without_policy_gets_events(aws, bench, eventually):
    url, queue = bench.queue()
    name = unique("rule")
    aws("events").put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    aws("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    entry = {"Source": name, "DetailType": "x", "Detail": "{}", "Time": "2026-01-02T03:04:05Z"}
    aws("events").put_events(Entries=[entry])

    [message] = eventually(lambda: aws("sqs").receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"])["time"] != "2026-01-02T03:04:05Z"


def test_put_events_a_condition_on_the_source_denies_everything(as_allowed):
    condition = {"StringEquals": {"events:source": "shop"}}
    client = as_allowed("events", allow(["events:PutEvents"], ["*"], Condition=condition))
    with pytest.raises(ClientError, match="events:PutEvents"):
        client.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])


def test_put_events_any_detail_is_taken(aws):
    assert (
        aws("events").put_events(Entries=[{"Source": "x", "DetailType": "x", "Detail": "[1]"}])["FailedEntryCount"] == 0
    )
