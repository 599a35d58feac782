"""What a VirtualWaitingRoom refuses, what its page says, and how its parts are held together."""

from __future__ import annotations

import json
import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import components
from components.core.pattern import NotYet
from components.waiting_room import Origin, Room, VirtualWaitingRoom, VirtualWaitingRoomArgs, defaults
from handlers.waiting_room.settings import Settings
from local.settings import REPO
from tests.recorder import Plan, record

SHOP = Room("shop", capacity=600)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rooms": []}, "there is no room"),
    ({"rooms": [replace(SHOP, capacity=0)]}, "room shop: capacity=0 is not within 1-30,000"),
    ({"rooms": [replace(SHOP, capacity=30_001)]}, "capacity=30001 is not within"),
    ({"rooms": [replace(SHOP, total=0)]}, "total=0 is not within"),
    ({"rooms": [replace(SHOP, session_min=0)]}, "session_min=0 is not within 1-120"),
    ({"rooms": [replace(SHOP, life_min=10, session_min=20)]}, "good for less than a session"),
    ({"rooms": [replace(SHOP, poll_s=1)]}, "poll_s=1 is not within 5-300"),
    ({"rooms": [replace(SHOP, start="ajar")]}, "start='ajar' is none of queue, open, closed, guard"),  # pyrefly: ignore
    ({"rooms": [replace(SHOP, paths=())]}, "room shop guards no path"),
    ({"rooms": [replace(SHOP, paths=("shop",))]}, "'shop' is no beginning of a path"),
    ({"rooms": [replace(SHOP, bypass=("/",))]}, "/ is guarded and never guarded"),
    ({"rooms": [replace(SHOP, name="Shop")]}, "'Shop' is no name of a room"),
    ({"rooms": [SHOP, replace(SHOP, paths=("/b/",))]}, "2 rooms are called shop"),
    ({"rooms": [SHOP, replace(SHOP, name="b")]}, "rooms shop and b both guard /"),
    ({"rooms": [replace(SHOP, name=f"r{n}", paths=(f"/{n}/",)) for n in range(13)]}, "there are 13 rooms, and 12 fit"),
    ({"rooms": [SHOP], "origin": Origin(domain="https://x.example")}, "is no host name"),
    ({"rooms": [SHOP], "origin_key": "c"}, "origin_key='c' is neither 'a' nor 'b'"),
    ({"rooms": [SHOP], "physical_name": "A_B"}, "physical_name('A_B')"),
    ({"rooms": [SHOP], "pages": {}}, "there is no page for those who wait"),
    ({"rooms": [SHOP], "pages": {"english": REPO / "README.md"}}, "'english' is no language of two letters"),
    ({"rooms": [SHOP], "pages": {"en": Path("/nowhere.html")}}, "pages: there is no /nowhere.html"),
]


def plan_of(*rooms: Room, **more: Any) -> Plan:
    return record(lambda: VirtualWaitingRoom("room", VirtualWaitingRoomArgs(rooms=rooms, **more)))


@pytest.mark.parametrize(("arguments", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_wrong_arguments_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as refused:
        VirtualWaitingRoomArgs(**arguments).check("room")
    assert 'VirtualWaitingRoom("room")' in str(refused.value)


@pytest.mark.parametrize("argument", [{"lottery_at": "2026-12-01T09:00:00Z"}, {"bypass_cidrs": ["192.0.2.0/24"]}])
def test_what_is_to_come_is_refused_by_name(argument: dict[str, Any]) -> None:
    with pytest.raises(NotYet, match=f"{next(iter(argument))} is not available yet"):
        VirtualWaitingRoomArgs(rooms=[SHOP], **argument).check("room")


def test_the_default_settings_are_what_the_page_says() -> None:
    table = (REPO / "docs" / "waiting-room.md").read_text().split("## Default settings", 1)[1].split("\n## ", 1)[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    assert said == {name: str(value) for name, value in vars(defaults).items() if name.isupper()}


def test_both_functions_understand_what_they_are_told() -> None:
    plan = plan_of(SHOP, Room("quiet", capacity=1, paths=("/quiet/",), start="open", total=7))
    for name in ("room-admit", "room-controller"):
        given = plan.one("aws:lambda/function:Function", name).inputs["environment"]["variables"]
        settings = Settings.from_environment({**given, "KEYS_SECRET": "arn"})
        assert settings.rooms["shop"].total == 600 * (defaults.SESSION_MIN + 1)
        assert (settings.rooms["quiet"].total, settings.rooms["quiet"].start) == (7, "open")


def test_the_controller_runs_only_while_a_room_is_open_and_an_update_leaves_that_to_it() -> None:
    def state(*rooms: Room) -> str:
        return plan_of(*rooms).one("aws:cloudwatch/eventRule:EventRule", "room-ticks").inputs["state"]

    assert state(SHOP) == "ENABLED"
    assert state(replace(SHOP, start="open"), replace(SHOP, name="b", paths=("/b/",), start="closed")) == "DISABLED"


def test_the_controller_may_look_at_the_named_alarms_alone() -> None:
    plan = plan_of(replace(SHOP, origin_alarm="busy"))
    (look,) = [one for one in plan.ledger("grants") if one["actions"] == ["cloudwatch:DescribeAlarms"]]
    assert look["resources"] == ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:busy"]
    assert "cloudwatch:DescribeAlarms" not in json.dumps(plan_of(SHOP).ledger("grants"))


def test_the_secret_is_made_without_a_value() -> None:
    plan = plan_of(SHOP)
    assert plan.of_type("aws:secretsmanager/secret:Secret")
    assert not [one for one in plan.leaves if one.type.startswith("aws:secretsmanager/secretVersion")]


def test_visitors_reach_the_reception_with_the_origin_key_alone() -> None:
    methods = plan_of(SHOP).of_type("aws:apigateway/method:Method")
    assert {method.inputs["apiKeyRequired"] for method in methods} == {True}


def test_the_example_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serviceful", components)
    plan = record(lambda: runpy.run_path(str(REPO / "examples" / "waiting_room" / "__main__.py")))
    assert plan.of_type("serviceful:index:VirtualWaitingRoom")
    assert "controller" in plan.outputs
