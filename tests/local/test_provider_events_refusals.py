"""What AWS refuses of events' resources, and the local AWS takes or can't do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.provider.errors import ProviderError
from tests.local.provider_cases import ACCOUNT, World, unique
from tests.local.provider_cases_events_around import MINIMAL, bus, reading_function, role_for, stream
from tests.local.provider_cases_events_pipes import pipe_from_a_queue_to_a_machine, pipe_to_a_bus
from tests.local.provider_cases_events_streams import stream_mapping
from tests.local.provider_cases_events_work import schedule, schedule_of_a_fifo_queue, state_machine
from tests.local.provider_driver import Driver

pytestmark = pytest.mark.local

STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/log"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:close"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
EVENTS_FOR_ME = '{"source": ["shop"]}'

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
PIPE = "aws:pipes/pipe:Pipe"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RULE = "aws:cloudwatch/eventRule:EventRule"
KINESIS = "aws:kinesis/stream:Stream"
SFN = "aws:sfn/stateMachine:StateMachine"


@pytest.mark.parametrize(
    ("kind", "service"),
    [(pipe_to_a_bus, "pipes"), (schedule, "scheduler"), (state_machine, "states")],
    ids=lambda value: getattr(value, "label", value),
)
def test_a_role_that_the_service_cannot_assume_is_refused(
    provider: Driver, world: World, kind: Any, service: str
) -> None:
    inputs, wrong = kind.inputs(world), role_for(world, "lambda")
    if service == "scheduler":
        inputs = {**inputs, "target": {**inputs["target"], "roleArn": wrong}}
    else:
        inputs = {**inputs, "roleArn": wrong}

    with pytest.raises(ProviderError, match=rf"{service}\.amazonaws\.com can't assume the role {wrong}"):
        provider.of(kind.token).create(inputs)


def test_a_target_by_a_role_that_events_cannot_assume_is_refused(world: World) -> None:
    rule = world.make(RULE, eventPattern=EVENTS_FOR_ME).outputs["name"]

    with pytest.raises(ProviderError, match=r"events\.amazonaws\.com can't assume the role"):
        world.make(TARGET, rule=rule, arn=MACHINE, roleArn=role_for(world, "states"))


def test_a_role_that_is_not_there_is_refused(world: World) -> None:
    inputs = {**pipe_from_a_queue_to_a_machine.inputs(world), "roleArn": ROLE}

    with pytest.raises(ProviderError, match=f"there is no role {ROLE}"):
        world.make(PIPE, **inputs)


def test_a_schedule_for_a_queue_that_does_not_deduplicate_by_content_is_refused(world: World) -> None:
    inputs = schedule_of_a_fifo_queue.inputs(world)
    queue = world.queue(fifoQueue=True).outputs["arn"]

    with pytest.raises(ProviderError, match="must have content-based deduplication"):
        world.make(SCHEDULE, **{**inputs, "target": {**inputs["target"], "arn": queue}})


def test_the_mapping_of_a_stream_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(ProviderError, match="Stream not found"):
        world.make(MAPPING, eventSourceArn=STREAM, functionName=reading_function(world), startingPosition="LATEST")


def test_the_mapping_of_a_stream_that_the_function_may_not_read_is_refused(world: World) -> None:
    source, function = stream(world), world.function()

    with pytest.raises(ProviderError, match="Please ensure the role can perform"):
        world.make(MAPPING, eventSourceArn=source, functionName=function, startingPosition="LATEST")


def test_a_source_is_mapped_to_a_function_once(provider: Driver, world: World) -> None:
    inputs = stream_mapping.inputs(world)
    made = provider.of(MAPPING).create(inputs)

    with pytest.raises(ProviderError, match=f"ResourceConflictException: the mapping {made.id}"):
        world.make(MAPPING, **inputs)


def test_a_stream_does_not_change_its_mode_in_place(provider: Driver) -> None:
    kind = provider.of(KINESIS)
    state = kind.create({"name": unique("stream"), "shardCount": 1})

    with pytest.raises(ProviderError, match="another stream mode is not available locally"):
        kind.update(state, {"name": state.inputs["name"], "streamModeDetails": {"streamMode": "ON_DEMAND"}})


def test_a_statement_that_the_function_has_is_not_taken_over(world: World) -> None:
    inputs = {"action": "lambda:InvokeFunction", "function": world.function(), "principal": "sns.amazonaws.com"}
    world.make("aws:lambda/permission:Permission", statementId="topic", **inputs)

    with pytest.raises(ProviderError, match="ResourceConflictException"):
        world.make("aws:lambda/permission:Permission", statementId="topic", **inputs)


def test_a_definition_in_another_form_changes_nothing(provider: Driver, world: World) -> None:
    kind, role = provider.of(SFN), role_for(world, "states")
    state = kind.create({"definition": json.dumps(MINIMAL), "roleArn": role})

    turned = json.dumps(dict(reversed(MINIMAL.items())), indent=4)
    assert not kind.diff(state, {"definition": turned, "roleArn": role}).detailedDiff


def test_removing_the_filters_and_the_template_of_a_pipe_reaches_aws(provider: Driver, world: World, aws: Any) -> None:
    kind, inputs = provider.of(PIPE), pipe_to_a_bus.inputs(world)
    state = kind.create(inputs)
    position = {"dynamodbStreamParameters": {"startingPosition": "TRIM_HORIZON"}}

    kind.update(state, {**inputs, "sourceParameters": position, "targetParameters": {}})

    found = aws("pipes").describe_pipe(Name=state.id)
    assert found["SourceParameters"].get("FilterCriteria", {}).get("Filters", []) == []
    assert not found["TargetParameters"].get("InputTemplate")


def test_a_rule_keeps_its_state_where_the_program_says_nothing(provider: Driver, world: World, aws: Any) -> None:
    kind, on = provider.of(RULE), bus(world).id
    state = kind.create(
        {"name": unique("rule"), "eventBusName": on, "eventPattern": EVENTS_FOR_ME, "state": "DISABLED"}
    )

    kind.update(state, {"name": state.inputs["name"], "eventBusName": on, "eventPattern": '{"source": ["mail"]}'})

    assert aws("events").describe_rule(Name=state.inputs["name"], EventBusName=on)["State"] == "DISABLED"
