"""Redrives on the local AWS: an execution goes on where it ended, with what it had there."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow
from tests.local.machines import task

pytestmark = pytest.mark.local


@pytest.fixture
def broken(aws, bench, machines):
    """A machine whose second state may not send yet: its `arn`, `mend()`, and the `url` of the queue."""
    url, queue = bench.queue()
    body = {"input": "{% $states.input %}", "once": "{% $once %}"}
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    states = {
        "First": {"Type": "Pass", "Assign": {"once": "{% $random() %}"}, "Output": {"kept": 1}, "Next": "Send"},
        "Send": task("sqs:sendMessage", {"QueueUrl": url, "MessageBody": body}, Retry=retry, Output="sent"),
    }
    arn = machines.make(states)
    role = aws("stepfunctions").describe_state_machine(stateMachineArn=arn)["roleArn"]
    return SimpleNamespace(arn=arn, url=url, mend=lambda: bench.grant(role, allow(["sqs:SendMessage"], [queue])))


def _events(aws, execution, kind):
    history = aws("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return [event for event in history if event["type"] == kind]


def test_a_failed_execution_goes_on_from_its_failed_state_with_its_input_and_variables(aws, broken, machines):
    execution = machines.start(broken.arn)
    failed = machines.end(execution)
    broken.mend()
    changed = {"StartAt": "Other", "States": {"Other": {"Type": "Fail"}}}
    aws("stepfunctions").update_state_machine(stateMachineArn=broken.arn, definition=json.dumps(changed))

    aws("stepfunctions").redrive_execution(executionArn=execution)
    ended = machines.end(execution)

    assert (failed["status"], failed["redriveCount"], failed["redriveStatus"]) == ("FAILED", 0, "REDRIVABLE")
    assert (ended["status"], ended["output"], ended["redriveCount"]) == ("SUCCEEDED", "sent", 1)
    message = json.loads(aws("sqs").receive_message(QueueUrl=broken.url)["Messages"][0]["Body"])
    assert message["input"] == {"kept": 1}
    assert len(_events(aws, execution, "PassStateEntered")) == 1
    assert len(_events(aws, execution, "ExecutionRedriven")) == 1


def test_retries_are_counted_anew(aws, broken, machines):
    execution = machines.start(broken.arn)
    machines.end(execution)
    aws("stepfunctions").redrive_execution(executionArn=execution)

    assert machines.end(execution)["redriveCount"] == 1
    assert len(_events(aws, execution, "TaskFailed")) == 4


def test_a_stopped_and_a_timed_out_execution_go_on(aws, machines):
    wait = {"Type": "Wait", "Seconds": "{% $states.input.seconds %}", "End": True}
    stopped = machines.start(machines.make({"Wait": wait}), {"seconds": 2})
    aws("stepfunctions").stop_execution(executionArn=stopped)
    late = machines.start(machines.make({"Wait": wait}, TimeoutSeconds=1), {"seconds": 60})

    assert machines.end(late)["status"] == "TIMED_OUT"
    aws("stepfunctions").redrive_execution(executionArn=stopped)
    aws("stepfunctions").redrive_execution(executionArn=late)

    assert machines.end(stopped)["status"] == "SUCCEEDED"
    assert machines.end(late)["status"] == "TIMED_OUT"


def test_what_succeeded_or_is_not_there_is_not_redriven(aws, machines):
    done = machines.start(machines.make({"Done": {"Type": "Succeed"}}))

    assert machines.end(done)["redriveStatus"] == "NOT_REDRIVABLE"
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        aws("stepfunctions").redrive_execution(executionArn=done)
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        aws("stepfunctions").redrive_execution(executionArn=f"{done}0")


def test_a_redrive_needs_its_own_right_on_the_execution(as_role, bench, broken, machines):
    execution = machines.start(broken.arn)
    machines.end(execution)
    role = bench.role(allow(["states:StartExecution"], ["*"]), trust=TRUST_ROOT)

    with pytest.raises(ClientError, match="AccessDenied"):
        as_role(role)("stepfunctions").redrive_execution(executionArn=execution)
    bench.grant(role, allow(["states:RedriveExecution"], [execution]))
    as_role(role)("stepfunctions").redrive_execution(executionArn=execution)

    assert machines.end(execution)["redriveCount"] == 1
