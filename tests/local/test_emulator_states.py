"""State machines on the local AWS: tasks under the machine's role, errors by their names, no delay."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, unique

pytestmark = pytest.mark.local

TRUST_STATES = {"Service": "states.amazonaws.com"}


@pytest.fixture
def machine(aws, bench):
    """`machine(states, *grants)` makes an Express machine that starts at its first state; returns its ARN."""

    def make(states, *grants, kind="EXPRESS", **top):
        definition = {"StartAt": next(iter(states)), "States": states, **top}
        return aws("stepfunctions").create_state_machine(
            name=unique("machine"),
            definition=json.dumps(definition),
            roleArn=bench.role(*grants, trust=TRUST_STATES),
            type=kind,
        )["stateMachineArn"]

    return make


@pytest.fixture
def run(aws, machine):
    """`run(states, *grants, input=…)` runs a machine once; returns the answer with its output decoded."""

    def run_once(states, *grants, given=None, **top):
        arn = machine(states, *grants, **top)
        answer = aws("stepfunctions").start_sync_execution(stateMachineArn=arn, input=json.dumps(given or {}))
        return {**answer, "output": json.loads(answer.get("output") or "null")}

    return run_once


def task(resource, arguments, **more):
    """One state that calls a service; arguments by JSONPath."""
    return {"Task": {"Type": "Task", "Resource": resource, "Parameters": arguments, "End": True, **more}}


def optimized(action, arguments, **more):
    return task(f"arn:aws:states:::{action}", arguments, **more)


def sdk(action, arguments, **more):
    return task(f"arn:aws:states:::aws-sdk:{action}", arguments, **more)


def key(value="there"):
    return {"id": {"S": value}}


def test_an_item_is_read_under_the_machines_role(run, table):
    name, arn = table
    get = {"TableName": name, "Key": {"id": {"S.$": "$.id"}}}
    grant = allow(["dynamodb:GetItem"], [arn])

    optimal = run(optimized("dynamodb:getItem", get), grant, given={"id": "there"})
    by_sdk = run(sdk("dynamodb:getItem", get), grant, given={"id": "there"})
    missing = run(optimized("dynamodb:getItem", get), grant, given={"id": "missing"})

    assert optimal["status"] == "SUCCEEDED"
    assert optimal["output"]["Item"] == {"id": {"S": "there"}, "flag": {"BOOL": True}, "n": {"N": "1"}}
    assert by_sdk["output"]["Item"] == {"id": {"S": "there"}, "flag": {"Bool": True}, "n": {"N": "1"}}
    assert "Item" not in missing["output"]


def test_writes_and_queries_need_their_own_actions(run, table):
    name, arn = table
    new = unique("new")
    put = {"TableName": name, "Item": {"id": {"S": new}, "n": {"N": "1"}}}
    update = {
        "TableName": name,
        "Key": key(new),
        "UpdateExpression": "SET n = n + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValues": "ALL_NEW",
    }
    query = {
        "TableName": name,
        "KeyConditionExpression": "id = :id",
        "ExpressionAttributeValues": {":id": {"S": new}},
    }

    for state, action, error in (
        (optimized("dynamodb:putItem", put), "PutItem", "DynamoDB.AmazonDynamoDBException"),
        (optimized("dynamodb:updateItem", update), "UpdateItem", "DynamoDB.AmazonDynamoDBException"),
        (sdk("dynamodb:query", query), "Query", "DynamoDb.DynamoDbException"),
    ):
        denied = run(state, allow(["dynamodb:GetItem"], [arn]))
        assert (denied["status"], denied["error"]) == ("FAILED", error)
        assert f"dynamodb:{action}" in denied["cause"]
        allowed = run(state, allow([f"dynamodb:{action}"], [arn]))
        assert allowed["status"] == "SUCCEEDED", allowed

    assert allowed["output"]["Items"] == [{"id": {"S": new}, "n": {"N": "2"}}]


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ("dynamodb:putItem", "DynamoDB.ConditionalCheckFailedException"),
        ("aws-sdk:dynamodb:putItem", "DynamoDb.ConditionalCheckFailedException"),
    ],
)
def test_errors_have_the_names_that_aws_gives_them_and_can_be_caught(run, table, resource, error):
    name, arn = table
    write = {"TableName": name, "Item": key(), "ConditionExpression": "attribute_not_exists(id)"}
    catch = [{"ErrorEquals": [error], "ResultPath": "$.caught", "Next": "Caught"}]
    states = {**optimized(resource, write, Catch=catch), "Caught": {"Type": "Pass", "End": True}}

    answer = run(states, allow(["dynamodb:PutItem"], [arn]))

    assert answer["status"] == "SUCCEEDED"
    assert answer["output"]["caught"]["Error"] == error


def test_a_function_is_invoked_with_the_right_to_invoke_it(aws, bench, run):
    source = """
    def handler(event, context):
        if event.get("fail"):
            raise KeyError("out of stock")
        return {"got": event}
    """
    function = bench.function(source, bench.role())
    arn = aws("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    states = optimized("lambda:invoke", {"FunctionName": arn, "Payload.$": "$"})
    grant = allow(["lambda:InvokeFunction"], [arn])

    assert run(states, grant, given={"a": 1})["output"]["Payload"] == {"got": {"a": 1}}
    failed = run(states, grant, given={"fail": True})
    assert failed["error"] == "KeyError"
    assert json.loads(failed["cause"])["errorMessage"] == "'out of stock'"
    assert run(states)["error"] == "Lambda.AWSLambdaException"


def test_a_machine_pauses_and_resumes_a_mapping(aws, bench, run):
    _, queue = bench.queue()
    read = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    function = bench.function("def handler(event, context): pass", bench.role(allow(read, [queue])))
    uuid = aws("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName=function)["UUID"]
    mapping = f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}"
    pause = sdk("lambda:updateEventSourceMapping", {"Uuid": uuid, "Enabled": False})
    look = sdk("lambda:getEventSourceMapping", {"Uuid": uuid})

    assert run(pause)["error"] == "Lambda.LambdaException"
    assert run(look)["error"] == "Lambda.LambdaException"
    assert run(pause, allow(["lambda:UpdateEventSourceMapping"], [mapping]))["status"] == "SUCCEEDED"
    seen = run(look, allow(["lambda:GetEventSourceMapping"], [mapping]))["output"]
    any_mapping = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:*"
    for owner, status in ((function, "SUCCEEDED"), ("another", "FAILED")):
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{owner}"
        only = {"ArnEquals": {"lambda:FunctionArn": [arn]}}
        granted = allow(["lambda:UpdateEventSourceMapping"], [any_mapping], Condition=only)
        assert run(pause, granted)["status"] == status

    assert (seen["Uuid"], seen["State"]) == (uuid, "Disabled")
    aws("lambda").delete_event_source_mapping(UUID=uuid)


def test_messages_and_events_are_sent_under_the_machines_role(aws, bench, run):
    url, queue = bench.queue()
    send = optimized("sqs:sendMessage", {"QueueUrl": url, "MessageBody": {"a.$": "$.a"}})
    bus = aws("events").create_event_bus(Name=unique("bus"))["EventBusArn"]
    entry = {"EventBusName": bus, "Source": "shop", "DetailType": "sold", "Detail": {"a": 1}}
    put = optimized("events:putEvents", {"Entries": [entry]})
    only_shop = {"StringEquals": {"events:source": "shop"}}

    assert run(send, given={"a": 1})["error"] == "SQS.AmazonSQSException"
    assert run(send, allow(["sqs:SendMessage"], [queue]), given={"a": 1})["status"] == "SUCCEEDED"
    assert json.loads(aws("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"]) == {"a": 1}
    assert run(put)["error"] == "EventBridge.AccessDeniedException"
    done = run(put, allow(["events:PutEvents"], [bus], Condition=only_shop))
    assert done["output"]["FailedEntryCount"] == 0


def test_an_execution_is_started_with_the_right_to_start_it(aws, machine, run):
    inner = machine({"Pass": {"Type": "Pass", "End": True}}, kind="STANDARD")
    start = optimized("states:startExecution", {"StateMachineArn": inner, "Input": {"a": 1}})
    wait = optimized("states:startExecution.sync:2", {"StateMachineArn": inner, "Input": {"a": 2}})
    grant = allow(["states:StartExecution"], [inner])

    assert run(start)["error"] == "StepFunctions.AWSStepFunctionsException"
    assert run(wait)["error"] == "StepFunctions.AWSStepFunctionsException"
    started = run(start, grant)["output"]["ExecutionArn"]
    assert aws("stepfunctions").describe_execution(executionArn=started)["input"] == '{"a":1}'
    assert run(wait, grant)["output"]["Output"] == {"a": 2}


def test_jsonata_map_and_parallel_segments_work_under_the_same_role(run, table):
    name, arn = table
    inner = {
        "Get": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Arguments": {"TableName": name, "Key": {"id": {"S": "{% $states.input %}"}}},
            "Output": "{% $exists($states.result.Item) %}",
            "End": True,
        }
    }
    states = {
        "Map": {
            "Type": "Map",
            "Items": "{% $states.input.ids %}",
            "MaxConcurrency": 2,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Get", "States": inner},
            "End": True,
        }
    }
    given = {"ids": ["there", "missing", "there"]}

    done = run(states, allow(["dynamodb:GetItem"], [arn]), given=given, QueryLanguage="JSONata")
    denied = run(states, given=given, QueryLanguage="JSONata")

    assert done["output"] == [True, False, True]
    assert denied["error"] == "DynamoDB.AmazonDynamoDBException"


def test_an_unknown_service_fails_loudly(run):
    assert run(sdk("teleport:send", {}))["error"] == "States.Runtime"
    assert run(optimized("apigateway:invoke", {}))["error"] == "States.Runtime"


def test_only_express_machines_run_synchronously(aws, machine):
    standard = machine({"Pass": {"Type": "Pass", "End": True}}, kind="STANDARD")

    with pytest.raises(ClientError, match="StateMachineTypeNotSupported"):
        aws("stepfunctions").start_sync_execution(stateMachineArn=standard)


def test_a_role_that_step_functions_may_not_assume_is_refused(aws, bench):
    definition = json.dumps({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}})

    with pytest.raises(ClientError, match="is authorized to assume the provided role"):
        aws("stepfunctions").create_state_machine(name=unique("m"), definition=definition, roleArn=bench.role())


def test_a_synchronous_execution_leaves_nothing_behind(aws, run):
    answer = run({"Pass": {"Type": "Pass", "End": True}})

    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        aws("stepfunctions").describe_execution(executionArn=answer["executionArn"])
