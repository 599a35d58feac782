"""Executions on the local AWS keep to their limits: time, data, tokens and heartbeats; branches stand apart."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow
from tests.local.machines import task

pytestmark = pytest.mark.local

ASK = "sqs:sendMessage.waitForTaskToken"
TOKEN = "{% $states.context.Task.Token %}"
BIG = "{% $join([1..30000].('0123456789')) %}"  # 300,000 characters


@pytest.fixture
def inbox(aws, bench, eventually):
    """A queue that tasks ask into: what they need to write to it, and `next()`, the body of the next message."""

    class Inbox:
        url, arn = bench.queue()
        grant = allow(["sqs:SendMessage"], [arn])

        def ask(self, **more):
            return task(ASK, {"QueueUrl": self.url, "MessageBody": {"token": TOKEN}}, **more)

        def next(self):
            found = eventually(lambda: aws("sqs").receive_message(QueueUrl=self.url, WaitTimeSeconds=1).get("Messages"))
            aws("sqs").delete_message(QueueUrl=self.url, ReceiptHandle=found[0]["ReceiptHandle"])
            return json.loads(found[0]["Body"])["token"]

    return Inbox()


def answer(aws, token, value):
    aws("stepfunctions").send_task_success(taskToken=token, output=json.dumps(value))


def test_a_task_waits_for_its_token_which_counts_once(aws, machines, inbox):
    execution = machines.start(machines.make({"Ask": inbox.ask(TimeoutSeconds=30)}, inbox.grant))
    token = inbox.next()

    with pytest.raises(ClientError, match="InvalidOutput"):
        aws("stepfunctions").send_task_success(taskToken=token, output="{")
    answer(aws, token, {"choice": 2})

    assert machines.end(execution)["output"] == {"choice": 2}
    assert 500 < len(token) <= 1024
    for call in ("send_task_heartbeat", "send_task_success", "send_task_failure"):
        more = {"output": "{}"} if call == "send_task_success" else {}
        with pytest.raises(ClientError, match="TaskTimedOut"):
            getattr(aws("stepfunctions"), call)(taskToken=token, **more)
        with pytest.raises(ClientError, match="InvalidToken"):
            getattr(aws("stepfunctions"), call)(taskToken="made-up", **more)


def test_an_attempt_has_a_token_of_its_own(aws, machines, inbox):
    retry = [{"ErrorEquals": ["Again"], "MaxAttempts": 1, "IntervalSeconds": 1, "JitterStrategy": "FULL"}]
    execution = machines.start(machines.make({"Ask": inbox.ask(TimeoutSeconds=30, Retry=retry)}, inbox.grant))
    first = inbox.next()
    aws("stepfunctions").send_task_failure(taskToken=first, error="Again", cause="for the test")
    second = inbox.next()

    with pytest.raises(ClientError, match="TaskTimedOut"):
        answer(aws, first, "late")
    answer(aws, second, "second")

    assert machines.end(execution)["output"] == "second"


def test_a_task_that_fails_by_its_token_is_caught_with_error_and_cause(aws, machines, inbox):
    catch = [{"ErrorEquals": ["Rejected"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]
    states = {"Ask": inbox.ask(TimeoutSeconds=30, Catch=catch), "Caught": {"Type": "Pass", "End": True}}
    execution = machines.start(machines.make(states, inbox.grant))

    aws("stepfunctions").send_task_failure(taskToken=inbox.next(), error="Rejected", cause="by the editor")

    assert machines.end(execution)["output"] == {"Error": "Rejected", "Cause": "by the editor"}


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"HeartbeatSeconds": 1, "TimeoutSeconds": 30}, "States.HeartbeatTimeout"),
        ({"HeartbeatSeconds": "{% 1 %}", "TimeoutSeconds": 30}, "States.HeartbeatTimeout"),
        ({"TimeoutSeconds": "{% $states.input.limit %}"}, "States.Timeout"),
    ],
)
def test_a_task_that_nobody_answers_fails_in_time(machines, inbox, limits, error):
    ended = machines.run({"Ask": inbox.ask(**limits)}, inbox.grant, given={"limit": 1})

    assert (ended["status"], ended["error"]) == ("FAILED", error)


def test_heartbeats_keep_a_task_waiting(aws, machines, inbox, eventually):
    execution = machines.start(machines.make({"Ask": inbox.ask(HeartbeatSeconds=1, TimeoutSeconds=30)}, inbox.grant))
    token = inbox.next()
    beats = []

    def three_beats():
        beats.append(aws("stepfunctions").send_task_heartbeat(taskToken=token))
        return len(beats) > 50

    eventually(three_beats)
    answer(aws, token, "alive")

    assert machines.end(execution)["output"] == "alive"


def test_tokens_travel_by_every_kind_of_call(aws, bench, machines, table, eventually):
    name, arn = table
    item = {"id": {"S": "asked"}, "token": {"S": TOKEN}}
    ask = task("aws-sdk:dynamodb:putItem.waitForTaskToken", {"TableName": name, "Item": item}, TimeoutSeconds=30)
    change = {
        "TableName": name,
        "Key": {"id": {"S": "changed"}},
        "UpdateExpression": "SET #t = :t",
        "ExpressionAttributeNames": {"#t": "token"},
        "ExpressionAttributeValues": {":t": {"S": TOKEN}},
    }
    update = task("aws-sdk:dynamodb:updateItem.waitForTaskToken", change, TimeoutSeconds=30)
    source = """
    import boto3
    def handler(event, context):
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='"from a function"')
    """
    answering = bench.role(allow(["states:SendTaskSuccess"], ["*"]))
    function = bench.function(source, answering)
    function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    call = {"FunctionName": function_arn, "Payload": {"token": TOKEN}}
    invoke = task("lambda:invoke.waitForTaskToken", call, TimeoutSeconds=30)
    grants = (
        allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], [arn]),
        allow(["lambda:InvokeFunction"], [function_arn]),
    )

    for state, key in ((ask, "asked"), (update, "changed")):
        execution = machines.start(machines.make({"Ask": state}, *grants))
        where = {"TableName": name, "Key": {"id": {"S": key}}}
        found = eventually(lambda where=where: aws("dynamodb").get_item(**where).get("Item"))
        answer(aws, found["token"]["S"], key)
        assert machines.end(execution)["output"] == key
    assert machines.run({"Invoke": invoke}, *grants)["output"] == "from a function"


def test_a_failing_call_fails_the_task_that_would_wait(bench, machines, inbox):
    function = bench.function("def handler(event, context):\n    raise KeyError('no')", bench.role())
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    invoke = task("lambda:invoke.waitForTaskToken", {"FunctionName": arn, "Payload": TOKEN}, TimeoutSeconds=30)

    assert machines.run({"Invoke": invoke}, allow(["lambda:InvokeFunction"], [arn]))["error"] == "KeyError"
    assert machines.run({"Ask": inbox.ask(TimeoutSeconds=30)})["error"] == "SQS.AmazonSQSException"


def test_more_than_256_kib_of_data_fails_and_only_its_name_catches_it(machines):
    def states(names):
        catch = [{"ErrorEquals": names, "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}]
        big = {"StartAt": "Big", "States": {"Big": {"Type": "Pass", "Output": BIG, "End": True}}}
        return {
            "All": {"Type": "Parallel", "Branches": [big], "Catch": catch, "End": True},
            "Caught": {"Type": "Pass", "End": True},
        }

    uncaught = machines.run(states(["States.ALL"]))
    caught = machines.run(states(["States.DataLimitExceeded"]))

    assert (uncaught["status"], uncaught["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert caught["output"] == "States.DataLimitExceeded"


def test_large_arguments_and_results_of_a_task_are_refused(aws, machines, bucket):
    aws("s3").put_object(Bucket=bucket, Key="big", Body=b"x" * 300_000)
    grant = allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{bucket}/*"])
    read = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "big"}, Output="small")
    write = task("aws-sdk:s3:putObject", {"Bucket": bucket, "Key": "new", "Body": BIG})

    assert machines.run({"Read": read}, grant)["error"] == "States.DataLimitExceeded"
    assert machines.run({"Write": write}, grant)["error"] == "States.DataLimitExceeded"


def test_a_machine_ends_after_its_time(machines, inbox):
    wait = {"Type": "Wait", "Seconds": 30, "End": True}

    waited = machines.run({"Wait": wait}, TimeoutSeconds=1)
    asked = machines.run({"Ask": inbox.ask(TimeoutSeconds=30)}, inbox.grant, TimeoutSeconds=1)

    assert [waited["status"], asked["status"]] == ["TIMED_OUT", "TIMED_OUT"]


def test_a_stopped_execution_takes_no_answer(aws, machines, inbox, eventually):
    execution = machines.start(machines.make({"Ask": inbox.ask(TimeoutSeconds=30)}, inbox.grant))
    token = inbox.next()
    aws("stepfunctions").stop_execution(executionArn=execution, error="Stopped", cause="for the test")

    def refused():
        try:
            aws("stepfunctions").send_task_heartbeat(taskToken=token)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    assert eventually(refused) == "TaskTimedOut"
    assert machines.end(execution)["status"] == "ABORTED"


def test_branches_have_tokens_and_variables_of_their_own(aws, machines, inbox):
    def branch(name):
        ask = inbox.ask(TimeoutSeconds=30, Assign={"mine": name}, Next=f"{name} says")
        says = {"Type": "Pass", "Output": "{% $mine & ' ' & $shared %}", "End": True}
        return {"StartAt": name, "States": {name: ask, f"{name} says": says}}

    states = {
        "Before": {"Type": "Pass", "Assign": {"shared": "outer"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Arguments": {"n": "{% 1 + 1 %}"},
            "Branches": [branch("left"), branch("right")],
            "Output": "{% $join($states.result, ', ') %}",
            "End": True,
        },
    }
    execution = machines.start(machines.make(states, inbox.grant))
    tokens = {inbox.next(), inbox.next()}
    for token in tokens:
        answer(aws, token, "go on")

    assert len(tokens) == 2
    assert machines.end(execution)["output"] == "left outer, right outer"


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_the_first_error_ends_the_other_branches(machines, inbox, kind):
    fail = {"Type": "Fail", "Error": "Broken", "Cause": "at once"}
    ask = inbox.ask(TimeoutSeconds=300)
    if kind == "Parallel":
        branches = [{"StartAt": "Ask", "States": {"Ask": ask}}, {"StartAt": "Fail", "States": {"Fail": fail}}]
        states = {"All": {"Type": "Parallel", "Branches": branches, "End": True}}
    else:
        choices = [{"Condition": "{% $states.input = 1 %}", "Next": "Ask"}]
        items = {"Choose": {"Type": "Choice", "Choices": choices, "Default": "Fail"}, "Ask": ask, "Fail": fail}
        processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Choose", "States": items}
        states = {"All": {"Type": "Map", "Items": [1, 2], "ItemProcessor": processor, "End": True}}

    ended = machines.run(states, inbox.grant)

    assert (ended["status"], ended["error"]) == ("FAILED", "Broken")


def test_a_machine_goes_on_after_one_that_it_waited_for(machines):
    inner = machines.make({"Inner": {"Type": "Pass", "Output": {"a": 2}, "End": True}})
    start = task("states:startExecution.sync:2", {"StateMachineArn": inner}, Next="After")
    states = {"Start": start, "After": {"Type": "Pass", "Output": "{% $states.input.Output.a %}", "End": True}}

    ended = machines.run(states, allow(["states:StartExecution"], [inner]))

    assert (ended["status"], ended["output"]) == ("SUCCEEDED", 2)
