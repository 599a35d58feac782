"""Definitions that are refused, and the permissions that are derived from those that are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.core.asl.definition import Definition
from components.core.asl.derive import permissions
from components.core.asl.practice import check
from components.core.naming import Names
from components.core.permissions import Permission
from tests.asl import FAILED, KEPT, MACHINE, NAMES, RETRY, derived, machine, task

TABLE = NAMES.arn("dynamodb", "table/orders")
PUT = Permission(actions=("dynamodb:PutItem",), resources=(TABLE,))
GET = Permission(actions=("dynamodb:GetItem",), resources=(TABLE,))
WORK = task("dynamodb:putItem", {"TableName": "orders"})
COMPUTED = task("dynamodb:putItem", {"TableName": "{% $table %}"})


def problems(definition: dict[str, Any], kind: str = "STANDARD") -> str:
    with pytest.raises(ValueError, match=r"^orders:\n") as refusal:
        check(Definition.of(definition, {}, (), "orders"), kind)
    return str(refusal.value)


def refusal(definition: dict[str, Any], **given: Any) -> str:
    with pytest.raises(ValueError, match=r"^orders:\n") as raised:
        derived(definition, **given)
    return str(raised.value)


def inner(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """A branch, or what a Map runs."""
    failed = f"{name}Failed"
    caught = {**state, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": failed}]}
    return {"StartAt": name, "States": {name: caught, failed: FAILED["Failed"]}}


def test_a_file_is_plain_json_with_its_substitutions_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "orders.asl.json"
    file.write_text(json.dumps(machine(task("dynamodb:putItem", {"TableName": "${Table}", "Item": {"${Table}": 1}}))))
    read = Definition.of(file, {"Table": 'or"ders'}, (), "unused")

    assert read.label == "orders.asl.json"
    assert next(read.states()).body["Arguments"] == {"TableName": 'or"ders', "Item": {'or"ders': 1}}


@pytest.mark.parametrize(
    ("text", "known", "message"),
    [
        ("{", {}, "orders.asl.json: Expecting"),
        ("[]", {}, "orders.asl.json is no JSON object"),
        ('{"States": {"A": {}, "A": {}}}', {}, "A stands twice in one object"),
        ('{"Comment": "${Table} ${Bus}"}', {"Table": "t"}, "orders.asl.json uses Bus, which substitutions lack"),
        ("{}", {"Table": "t"}, "orders.asl.json doesn't use the substitutions Table"),
    ],
)
def test_a_file_that_cannot_be_read_as_meant_is_refused(
    tmp_path: Path, text: str, known: dict[str, str], message: str
) -> None:
    file = tmp_path / "orders.asl.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        Definition.of(file, known, (), "")


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (machine({**WORK, "Next": "Nowhere", "End": False}), 'No state found named "Nowhere"'),
        (machine(WORK, Lost={"Type": "Succeed"}), "No transition found to state State Machine.Lost"),
        (machine({**WORK, "Parameters": {}}), 'Field "Parameters" not allowed'),
        ({**machine(WORK), "TimeoutSeconds": None}, "TimeoutSeconds"),
        (machine({**WORK, "Output": "{% $states.input. %}"}), "Do: {% $states.input. %} is no JSONata"),
        (machine({k: v for k, v in WORK.items() if k != "TimeoutSeconds"}), "Do: has no TimeoutSeconds"),
        (machine(task("sqs:sendMessage.waitForTaskToken", {"MessageBody": "{% $text %}"})), "hands on no token"),
        (machine({**WORK, "HeartbeatSeconds": 9}), "Do: HeartbeatSeconds of 9 isn't under TimeoutSeconds of 9"),
        (machine({k: v for k, v in WORK.items() if k != "Retry"}), "Do: has no Retry"),
        (machine({**WORK, "Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": 9}]}), 'no "JitterStrategy": "FULL"'),
        (machine({**WORK, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "FULL"}]}), "has no MaxDelaySeconds"),
        (
            machine({**WORK, "Retry": [RETRY, {**RETRY, "ErrorEquals": ["A"]}]}),
            "Do: States.ALL stands alone in a Retry",
        ),
        (machine({**WORK, "Catch": [{"ErrorEquals": ["A"], "Next": "Failed"}]}), "Do: the last Catch must be for"),
        (
            machine({"Type": "Parallel", "Branches": [inner("Pay", WORK)], "Next": "Failed"}),
            "Do: the last Catch must be for States.ALL",
        ),
        (
            machine(
                {
                    "Type": "Map",
                    "ItemProcessor": inner("Pay", {**WORK, "Retry": []}),
                    "Catch": KEPT["Catch"],
                    "End": True,
                }
            ),
            "Pay: has no Retry",
        ),
    ],
)
def test_what_the_language_or_the_practice_forbids_is_named_with_its_state(
    definition: dict[str, Any], problem: str
) -> None:
    assert problem in problems({key: value for key, value in definition.items() if value is not None})


def test_what_step_functions_takes_is_taken() -> None:
    """Where the linter is stricter, or older."""
    computed = {"TimeoutSeconds": "{% $t %}", "HeartbeatSeconds": "{% $h %}", "Assign": {"a": "{% $states.result %}"}}
    rules = [{"Condition": "{% $a %}", "Next": "Wait", "Assign": {"b": 1}, "Output": {"c": 1}}]
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **inner("Pay", WORK)}
    reader = {"ReaderConfig": {"InputType": "JSONL"}, "Arguments": {"Bucket": "raw", "Key": "in"}}
    many = {
        "Type": "Map",
        "Items": "{% $items %}",
        "Label": "Many",
        "MaxConcurrency": "{% $n %}",
        "ToleratedFailurePercentage": "{% $p %}",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", **reader},
        "ItemProcessor": processor,
        "Catch": KEPT["Catch"],
        "Retry": [{**RETRY, "BackoffRate": 2}],
        "End": True,
    }
    states = {
        "Do": {**WORK, **computed, "End": False, "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": rules, "Default": "Many"},
        "Wait": {"Type": "Wait", "Seconds": "{% $w %}", "Next": "Many"},
        "Many": many,
        **FAILED,
    }
    del states["Do"]["End"]
    assert derived({**machine(WORK), "States": states})

    jsonpath = {**WORK, "Parameters": {"TableName": "orders"}, "Assign": {"a.$": "$.b"}}
    del jsonpath["Arguments"]
    assert derived(machine(jsonpath, "JSONPath")) == (PUT,)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    bare = {"Type": "Task", "Resource": WORK["Resource"], "End": True}
    found = problems({"StartAt": "Do", "States": {"Do": bare}})

    assert found.count("\n") == 4
    assert "the machine has no TimeoutSeconds" in found


def test_a_task_may_say_that_it_must_not_be_tried_again() -> None:
    once = [{"ErrorEquals": ["Paid"], "MaxAttempts": 0}]
    assert derived(machine({**WORK, "Retry": [*once, RETRY]}))
    assert derived(machine({**WORK, "Retry": once}))


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        (machine(task("sqs:sendMessage.waitForTaskToken", {})), "can't wait for a job, a callback or an activity"),
        (machine(task("states:startExecution.sync:2", {})), "can't wait for a job, a callback or an activity"),
        ({**machine(WORK), "TimeoutSeconds": 301}, "over the 300 s that an Express execution has"),
    ],
)
def test_an_express_machine_is_short_and_waits_for_nothing(definition: dict[str, Any], problem: str) -> None:
    assert problem in problems(definition, "EXPRESS")


def test_equal_grants_become_one_that_names_every_state() -> None:
    first = {**WORK, "End": None, "Next": "Look"}
    look = {**task("dynamodb:getItem", {"TableName": "orders"}), "End": None, "Next": "Again"}
    states = {"Do": first, "Look": look, "Again": WORK, **FAILED}
    plain = {name: {k: v for k, v in state.items() if v is not None} for name, state in states.items()}
    put, get = derived({**machine(WORK), "States": plain})

    assert (put, get) == (PUT, GET)
    assert put.because == "states Do and Again of orders"
    assert get.because == "state Look of orders"


@pytest.mark.parametrize(
    "outer",
    [
        {"Type": "Parallel", "Branches": [inner("Pay", WORK), inner("Ship", WORK)]},
        {"Type": "Map", "ItemProcessor": inner("Pay", WORK)},
        {"Type": "Map", "Iterator": inner("Pay", WORK)},
    ],
)
def test_states_are_found_at_every_level(outer: dict[str, Any]) -> None:
    assert derived(machine({**outer, "Catch": KEPT["Catch"], "End": True})) == (PUT,)


def test_a_distributed_map_starts_executions_of_its_own_machine_and_reads_and_writes_s3() -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner("Pay", WORK)}
    state = {
        "Type": "Map",
        "ItemProcessor": processor,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Arguments": {"Bucket": "raw", "Prefix": "in/"},
        },
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "out", "Prefix": "r/"}},
        "Catch": KEPT["Catch"],
        "End": True,
    }
    start, follow, read, write, put = derived(machine(state))

    assert (start.actions, start.resources) == (("states:StartExecution",), (MACHINE,))
    assert follow.resources == (NAMES.arn("states", "execution:shop-dev-orders/*"),)
    assert (read.actions, read.conditions) == (("s3:ListBucket",), {"StringLike": {"s3:prefix": ("in/*",)}})
    assert write.resources == ("arn:aws:s3:::out/r/*",)
    assert put == PUT


def test_another_partition_is_in_every_arn() -> None:
    china = Names(project="shop", stack="dev", account="111122223333", region="cn-north-1", partition="aws-cn")
    read = Definition.of(machine(WORK), {}, (), "orders")
    (put,) = permissions(read, {}, names=china, machine=MACHINE)
    assert put.resources == ("arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders",)


@pytest.mark.parametrize(
    "definition",
    [
        machine(COMPUTED),
        machine(task("dynamodb:putItem")),
        machine(task("dynamodb:putItem", "{% $everything %}")),
        machine(
            {k: v for k, v in {**WORK, "Parameters": {"TableName.$": "$.t"}}.items() if k != "Arguments"}, "JSONPath"
        ),
        machine({k: v for k, v in WORK.items() if k != "Arguments"}, "JSONPath"),
    ],
)
def test_a_computed_parameter_is_asked_for_by_the_states_name(definition: dict[str, Any]) -> None:
    found = refusal(definition)
    assert "Do: computes TableName" in found
    assert 'give resources={"Do": …}, which grants dynamodb:PutItem' in found
    assert derived(definition, Do=PUT) == (PUT,)


def test_what_aws_has_yet_to_make_counts_as_computed() -> None:
    definition = machine(task("dynamodb:putItem", {"TableName": "${Made}"}))
    with pytest.raises(ValueError, match="computes TableName"):
        derived(definition, awaited=("Made",))
    assert derived(definition, awaited=("Made",), Do=PUT) == (PUT,)


@pytest.mark.parametrize(
    ("definition", "given", "problem"),
    [
        (machine(COMPUTED), {"Do": GET}, "Do: needs dynamodb:PutItem, which resources doesn't grant"),
        (machine(COMPUTED), {"Do": [PUT, GET]}, "Do: doesn't need dynamodb:GetItem, which resources grants"),
        (machine(WORK), {"Do": PUT}, "Do: its parameters say what it calls: take it out of resources"),
        (machine(WORK), {"Fail": PUT}, "resources names 'Fail', which is no state"),
        (
            machine(task("ecs:runTask.sync", {})),
            {},
            "Do: the integration arn:aws:states:::ecs:runTask.sync is not known",
        ),
        (machine(task("aws-sdk:dynamodb:getitem", {})), {}, "aws-sdk:dynamodb:getitem is not known"),
        (machine(task("dynamodb:getItem.sync", {})), {}, "Do: dynamodb:getItem can't be called with .sync"),
        (machine({**WORK, "Credentials": {"RoleArn": "r"}}), {}, "Do: Credentials name another role"),
        (machine(task("dynamodb:getItem", {})), {}, "Do: dynamodb:getItem needs TableName"),
        (machine(task("dynamodb:getItem", {"TableName": "*"})), {}, "would stand for others too"),
        (machine(task("sns:publish", {"PhoneNumber": "1"})), {}, "sns:publish with PhoneNumber would need more"),
        (machine(task("sqs:sendMessage", {"QueueUrl": "jobs"})), {}, "a QueueUrl that is no queue's: jobs"),
        (
            machine(task("bedrock:invokeModel", {"ModelId": "eu.amazon.nova-lite-v1:0"})),
            {},
            "Do: computes ModelId, an inference profile",
        ),
        (machine(task("aws-sdk:kms:verifyMac", {"KeyId": "alias/a"})), {}, "Do: computes KeyId, an alias"),
        (
            machine(task("aws-sdk:dynamodb:transactWriteItems", {"TransactItems": "{% $items %}"})),
            {"Do": GET},
            "Do: needs dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem, dynamodb:ConditionCheckItem",
        ),
        (
            machine(task("http:invoke", {"Method": "GET", "ApiEndpoint": "{% 'https://api.' & $host %}"})),
            {},
            "Do: http:invoke needs InvocationConfig.ConnectionArn",
        ),
    ],
)
def test_what_is_unknown_missing_or_too_much_is_refused_by_name(
    definition: dict[str, Any], given: dict[str, Any], problem: str
) -> None:
    assert problem in refusal(definition, **given)


def test_the_kinds_of_a_computed_transaction_are_the_programs_choice() -> None:
    definition = machine(task("aws-sdk:dynamodb:transactWriteItems", {"TransactItems": "{% $items %}"}))
    assert derived(definition, Do=PUT) == (PUT,)


def test_a_permission_to_read_may_tell_a_missing_object_from_a_forbidden_one() -> None:
    read = Permission(actions=("s3:GetObject",), resources=("arn:aws:s3:::media/*",))
    listed = Permission(actions=("s3:ListBucket",), resources=("arn:aws:s3:::media",))
    definition = machine(task("aws-sdk:s3:getObject", {"Bucket": "media", "Key": "{% $key %}"}))

    assert derived(definition, Do=[read, listed]) == (read, listed)
    assert "Do: needs s3:GetObject" in refusal(definition, Do=listed)


@pytest.mark.parametrize(
    "definition",
    [
        machine(task("aws-sdk:s3:putObject", {"Bucket": "media", "Key": "{% $key %}"})),
        machine(
            task(
                "aws-sdk:transcribe:startTranscriptionJob",
                {"Media": {}, "OutputBucketName": "media", "OutputKey": "{% $key %}"},
            )
        ),
    ],
)
def test_what_is_given_for_a_computed_key_is_in_the_bucket_that_is_named(definition: dict[str, Any]) -> None:
    put, other = (
        Permission(actions=("s3:PutObject",), resources=(f"arn:aws:s3:::{bucket}/talks/*",))
        for bucket in ("media", "media-of-others")
    )
    assert put in derived(definition, Do=put)
    assert "Do: works below arn:aws:s3:::media/, and resources grants arn:aws:s3:::media-of" in refusal(
        definition, Do=other
    )


def test_only_a_literal_host_before_an_expression_is_derived() -> None:
    call = {"Method": "GET", "InvocationConfig": {"ConnectionArn": NAMES.arn("events", "connection/pay/1")}}
    for address in ("{% 'https://api.' & $host %}", "{% $url %}", "{% $a & 'https://api.example.com/' %}"):
        assert "computes ApiEndpoint" in refusal(machine(task("http:invoke", {**call, "ApiEndpoint": address})))
