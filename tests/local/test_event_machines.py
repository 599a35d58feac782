"""The event log's state machines on the local AWS: reads follow the pointer, and a replay rebuilds and switches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import components
from components.core.bundles import bundle_of
from components.core.bundles.packages import Platform
from handlers.events.envelope import Event
from handlers.events.projections import DAILY_SALES
from handlers.events.tables import ProjectionTable
from tests.events import message
from tests.local.conftest import Client
from tests.local.emulation import Workbench, unique
from tests.local.test_event_store import table

pytestmark = pytest.mark.local

FOLDER = Path(components.__file__).parent / "event_sourcing"
TRUST = {"Service": "states.amazonaws.com"}
EVERYTHING = {"Effect": "Allow", "Action": ["dynamodb:*", "lambda:*"], "Resource": "*"}
EVENTS = 40
NUMBERS = {"LastSegment": "2", "CatchUpLimit": "10", "MaxPasses": "3"}
Item = dict[str, Any]
Names = dict[str, str]


@pytest.fixture(scope="module")
def names(aws: Client) -> Names:
    return {
        "Events": table(aws, {"aggregate": "S", "sequence": "N"}),
        "Pointers": table(aws, {"projection": "S"}),
        "TableA": table(aws, {"key": "S"}),
        "TableB": table(aws, {"key": "S"}),
    }


def filled(machine: str, values: Names) -> Item:
    text = (FOLDER / f"{machine}.asl.json").read_text()
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text))


def create(aws: Client, bench: Workbench, definition: Item, kind: str) -> str:
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"),
        type=kind,
        roleArn=bench.role(EVERYTHING, trust=TRUST),
        definition=json.dumps(definition),
    )
    return machine["stateMachineArn"]


@pytest.fixture(scope="module")
def read(aws: Client, bench: Workbench, names: Names) -> Callable[[str], Item]:
    """Read one state of daily_sales."""
    values = {**names, "Projection": "daily_sales"}
    machine = create(aws, bench, filled("read_projection", values), "EXPRESS")

    def answer(key: str) -> Item:
        result = aws("stepfunctions").start_sync_execution(stateMachineArn=machine, input=json.dumps({"key": key}))
        return json.loads(result["output"]) if result["status"] == "SUCCEEDED" else {"error": result["error"]}

    return answer


@pytest.fixture(scope="module")
def replay(aws: Client, bench: Workbench, names: Names, eventually: Any) -> Callable[..., Item]:
    """Run a replay to its end. Pausing is stood in for: nothing projects here."""
    tables = {"daily_sales": {"a": names["TableA"], "b": names["TableB"]}}
    variables = {
        "EVENTS_TABLE": names["Events"],
        "POINTERS_TABLE": names["Pointers"],
        "PROJECTION_TABLES": json.dumps(tables),
    }
    values = {**names, **NUMBERS, "ProjectorFunction": "projector"}
    for step in ("prepare", "segment", "verify"):
        handler = f"handlers.events.replay_{step}"
        function = unique(step)
        aws("lambda").create_function(
            FunctionName=function,
            Role=bench.role(EVERYTHING),
            Runtime="python3.13",
            Handler=f"{handler}.handler",
            Code={"ZipFile": bundle_of(handler, Platform.HOST).read_bytes()},
            Timeout=60,
            MemorySize=256,
            Environment={"Variables": variables},
        )
        values[f"{step.capitalize()}Function"] = function
    definition = filled("replay", values)
    stand_in(definition["States"])
    machine = create(aws, bench, definition, "STANDARD")

    def run(**request: Any) -> Item:
        states = aws("stepfunctions")
        execution = states.start_execution(stateMachineArn=machine, input=json.dumps(request))["executionArn"]

        def ended() -> Item | None:
            described = states.describe_execution(executionArn=execution)
            return None if described["status"] == "RUNNING" else described

        return eventually(ended, seconds=60)

    return run


def stand_in(states: Item) -> None:
    """Answer for the projector's mapping."""
    for name in ("FindMapping", "Pause", "ReadMapping", "Resume"):
        task = states[name]
        state = {"Type": "Pass", "Next": task["Next"]}
        if name == "FindMapping":
            state["Assign"] = {"mapping": "stood-in", "paused": True}
        if name == "ReadMapping":
            state |= {"Assign": task["Assign"], "Output": {"state": "Disabled"}}
        states[name] = state
    states["AwaitPause"]["Seconds"] = 1


def append(aws: Client, names: Names, numbers: range) -> list[Event]:
    found = []
    for number in numbers:
        written: Item = {**message(number, aggregate=f"order-{number}"), "sequence": 1, "correlation": "x"}
        event = Event(**written, recorded="2026-11-22T09:30:01.000Z")
        aws("dynamodb").put_item(TableName=names["Events"], Item=event.item())
        aws("dynamodb").put_item(
            TableName=names["Events"], Item={"aggregate": {"S": f"id#{event.id}"}, "sequence": {"N": "0"}}
        )
        found.append(event)
    return found


@pytest.mark.xdist_group("event-machines")
def test_a_replay_rebuilds_the_idle_table_switches_to_it_and_reads_follow(
    aws: Client, names: Names, read: Callable[[str], Item], replay: Callable[..., Item]
) -> None:
    assert read("2026-11-22") == {"error": "NotFound"}
    events = append(aws, names, range(EVENTS))
    live = ProjectionTable(aws("dynamodb"), names["TableA"], DAILY_SALES)
    live.take("2026-11-22", events)
    before = read("2026-11-22")
    assert (before["state"]["sales"]["count"], before["as_of"], before["age_seconds"]) == (EVENTS, None, None)

    ended = replay(projection="daily_sales", require_same=True)
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert output == {"projection": "daily_sales", "active": "b", "events": EVENTS, "passes": 3, "different": []}

    pointers, key = aws("dynamodb"), {"projection": {"S": "daily_sales"}}
    pointers.update_item(
        TableName=names["Pointers"],
        Key=key,
        UpdateExpression="SET as_of = :as_of",
        ExpressionAttributeValues={":as_of": {"S": "2026-11-22T00:00:00.000Z"}},
    )
    after = read("2026-11-22")
    assert after["state"] == before["state"]
    assert after["as_of"] == "2026-11-22T00:00:00.000Z"
    assert isinstance(after["age_seconds"], int)

    late = append(aws, names, range(EVENTS, EVENTS + 1))  # only the new active table has it
    ProjectionTable(aws("dynamodb"), names["TableB"], DAILY_SALES).take("2026-11-22", late)
    assert read("2026-11-22")["state"]["sales"]["count"] == EVENTS + 1
    again = replay(projection="daily_sales", require_same=True)
    assert json.loads(again["output"])["active"] == "a"


@pytest.mark.xdist_group("event-machines")
def test_a_replay_that_fails_says_why_leaves_the_pointer_and_releases_its_lease(
    aws: Client, names: Names, replay: Callable[..., Item]
) -> None:
    ended = replay(projection="weekly_sales")
    assert (ended["status"], ended["error"]) == ("FAILED", "ReplayRefused")
    assert "there is no projection weekly_sales" in ended["cause"]
    lease = aws("dynamodb").get_item(TableName=names["Pointers"], Key={"projection": {"S": "#replay"}})["Item"]
    assert lease == {"projection": {"S": "#replay"}}


@pytest.mark.xdist_group("event-machines")
def test_a_replay_beside_another_is_refused(aws: Client, names: Names, replay: Callable[..., Item]) -> None:
    lease = {"projection": {"S": "#replay"}, "holder": {"S": "another"}, "until": {"N": "99999999999"}}
    aws("dynamodb").put_item(TableName=names["Pointers"], Item=lease)
    ended = replay(projection="daily_sales")
    assert (ended["status"], ended["error"]) == ("FAILED", "ReplayUnderWay")
    assert aws("dynamodb").get_item(TableName=names["Pointers"], Key={"projection": {"S": "#replay"}})["Item"] == lease
    aws("dynamodb").put_item(TableName=names["Pointers"], Item={**lease, "until": {"N": "1"}})
    assert replay(projection="weekly_sales")["error"] == "ReplayRefused"  # an expired lease is taken over
