"""Definitions of state machines that Step Functions takes, and that it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.provider.asl import problems

DONE = {"Type": "Succeed"}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}


def found(machine: Any, kind: str = "STANDARD") -> list[str]:
    return list(problems(machine if isinstance(machine, str) else json.dumps(machine), kind))


def one(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A machine of this state and one behind it."""
    return {"StartAt": "First", "States": {"First": state, **more}}


def inner(state: dict[str, Any], name: str = "Inner") -> dict[str, Any]:
    """A branch, or what a Map runs."""
    return {"StartAt": name, "States": {name: state}}


@pytest.mark.parametrize(
    "machine",
    [
        one(DONE),
        {**one(DONE), "Comment": "Nothing", "TimeoutSeconds": 60, "Version": "1.0"},
        one({**TASK, "Parameters": {"TableName": "t"}, "ResultPath": "$.item", "TimeoutSeconds": 5}),
        one(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "HeartbeatSeconds": 60,
                "Retry": [
                    {"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 5, "JitterStrategy": "FULL"},
                    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1.5, "MaxDelaySeconds": 9},
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed", "ResultPath": "$.error"}],
                "Next": "Done",
            },
            Failed={"Type": "Fail", "Error": "Broken", "CausePath": "$.error.Cause"},
            Done=DONE,
        ),
        one({"Type": "Wait", "SecondsPath": "$.wait", "Next": "Done"}, Done=DONE),
        one(
            {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Done"}], "Default": "Done"},
            Done=DONE,
        ),
        one({"Type": "Parallel", "Branches": [inner(DONE), inner(TASK, "Other")], "Next": "Done"}, Done=DONE),
        one(
            {
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrency": 4,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    **inner(TASK),
                },
                "End": True,
            }
        ),
        {
            "QueryLanguage": "JSONata",
            **one(
                {**TASK, "Arguments": {"TableName": "t"}, "Output": "{% $states.result %}", "Assign": {"a": 1}},
            ),
        },
        one({**TASK, "QueryLanguage": "JSONata", "Arguments": {}}),
    ],
)
def test_what_step_functions_takes_has_no_problem(machine: dict[str, Any]) -> None:
    assert found(machine) == []


@pytest.mark.parametrize(
    ("machine", "problem"),
    [
        ("{", "the definition is no JSON"),
        ("[]", "the definition is no object"),
        ({"StartAt": "First"}, "/States needs at least one state"),
        ({"StartAt": "Nowhere", "States": {"First": DONE}}, "/StartAt names no state: 'Nowhere'"),
        ({**one(DONE), "Colour": "red"}, "/Colour is no field that belongs there"),
        (one({"Type": "Job"}), "/States/First/Type is one of Task"),
        (one({**DONE, "Resource": "a"}), "/States/First/Resource is no field that belongs there"),
        (one({"Type": "Pass"}), "/States/First needs either Next or End"),
        (one({"Type": "Pass", "Next": "Done", "End": True}, Done=DONE), "/States/First needs either Next or End"),
        (one({"Type": "Pass", "Next": "Nowhere"}), "/States/First goes to 'Nowhere', which is no state beside it"),
        (one(DONE, Lonely=DONE), "/States/Lonely can't be reached"),
        (one({"Type": "Task", "Resource": "lambda", "End": True}), "/States/First/Resource is an ARN"),
        (one({"Type": "Wait", "End": True}), "needs one of Seconds, SecondsPath, Timestamp and TimestampPath"),
        (one({"Type": "Choice", "Choices": []}), "/Choices needs at least one rule"),
        (one({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True}]}), "Choices[0] needs Next"),
        (one({"Type": "Choice", "Choices": [{"Next": "Done"}]}, Done=DONE), "needs Variable, And, Or or Not"),
        (one({"Type": "Parallel", "Branches": [], "End": True}), "/Branches needs at least one branch"),
        (one({"Type": "Map", "End": True}), "/States/First needs an ItemProcessor"),
        (
            one({"Type": "Parallel", "Branches": [one(DONE)], "End": True}),
            "/States/First/Branches[0]/States/First: another state is called 'First'",
        ),
        (
            one({"Type": "Parallel", "Branches": [inner({"Type": "Pass"})], "End": True}),
            "/States/First/Branches[0]/States/Inner needs either Next or End",
        ),
        (one({**TASK, "Retry": {}}), "/States/First/Retry is a list"),
        (one({**TASK, "Retry": [{"MaxAttempts": 1}]}), "/Retry[0]/ErrorEquals needs at least one error's name"),
        (one({**TASK, "Retry": [{"ErrorEquals": ["A"], "Next": "B"}]}), "/Retry[0]/Next is no field"),
        (one({**TASK, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}), "BackoffRate is a number of at least 1"),
        (one({**TASK, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]}), "JitterStrategy is NONE or FULL"),
        (
            one({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}),
            "/Retry[0]/ErrorEquals: States.ALL stands alone, and last",
        ),
        (one({**TASK, "Catch": [{"ErrorEquals": ["A"]}]}), "/Catch[0] needs Next"),
        (one({**TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "Nowhere"}]}), "goes to 'Nowhere'"),
        (one({"Type": "Pass", "Catch": [], "End": True}), "/States/First/Catch is no field that belongs there"),
        (one({**TASK, "Arguments": {}}), "/States/First/Arguments is not for JSONPath"),
        ({"QueryLanguage": "JSONata", **one({**TASK, "Parameters": {}})}, "/Parameters is not for JSONata"),
        (one({**TASK, "Assign": {"a": 1}}), "/First/Assign is not available locally in JSONPath"),
        (
            one({**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "First", "Assign": {"a": 1}}]}),
            "/First/Assign is not available locally in JSONPath",
        ),
        ({"QueryLanguage": "JSONata", **one({**TASK, "QueryLanguage": "JSONPath"})}, "of a JSONata machine is JSONata"),
        (one({**TASK, "Comment": "x"}, **{"n" * 81: DONE}), "a state's name has at most 80 characters"),
    ],
)
def test_what_step_functions_refuses_is_named_with_its_place(machine: Any, problem: str) -> None:
    assert any(problem in sentence for sentence in found(machine))


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::ecs:runTask.sync",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:us-east-1:000000000000:activity:sign",
    ],
)
def test_an_express_machine_waits_for_nothing(resource: str) -> None:
    machine = one({"Type": "Task", "Resource": resource, "End": True})

    assert found(machine) == []
    assert "an Express machine can't wait" in found(machine, "EXPRESS")[0]


def test_an_express_machine_has_no_distributed_map() -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner(TASK)}
    machine = one({"Type": "Map", "ItemProcessor": processor, "End": True})

    assert found(machine) == []
    assert found(machine, "EXPRESS") == ["/States/First: an Express machine has no distributed Map"]


def test_what_a_distributed_map_runs_as_express_waits_for_nothing() -> None:
    waiting = {**TASK, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **inner(waiting)}

    assert "an Express machine can't wait" in found(one({"Type": "Map", "ItemProcessor": processor, "End": True}))[0]
