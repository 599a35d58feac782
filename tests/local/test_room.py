"""A waiting room's backend, deployed: admission is exact, and switches work at once."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from handlers.waiting_room.tickets import Keys, Ticket, read_pass, write_ticket
from local.settings import Settings
from tests.local.command import run_local
from tests.local.program import Program

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("room")]

SESSION_S = 600
PROGRAM = """
import pulumi
from components import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs

rooms = [
    Room("shop", capacity=600, total=1000, paths=("/shop/",)),
    Room("race", capacity=20, total=30, paths=("/race/",)),
]
room = VirtualWaitingRoom("room", VirtualWaitingRoomArgs(rooms=rooms))
pulumi.export("admit", room.admit.function.name)
pulumi.export("controller", room.controller.function.name)
pulumi.export("rule", room.ticker.rule.name)
pulumi.export("rooms_table", room.rooms.table.name)
pulumi.export("store", room.store.arn)
pulumi.export("secret", room.secret.arn)
pulumi.export("beacons", room.beacons.queue.url)
pulumi.export("letters", room.beacons.dead_letters.queue.url)
pulumi.export("api", room.reception.api.id)
pulumi.export("key", room.reception.keys.value("origin-a"))
"""


@dataclass(frozen=True)
class Deployed:
    """The room, and what visitors and operators do with it."""

    settings: Settings
    project: Path
    outputs: dict[str, Any]
    aws: Callable[..., Any]

    def control(self, **command: Any) -> dict[str, Any]:
        answer = self.aws("lambda").invoke(FunctionName=self.outputs["controller"], Payload=json.dumps(command))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    @property
    def stored(self) -> dict[str, str]:
        items = self.aws("cloudfront-keyvaluestore").list_keys(KvsARN=self.outputs["store"])["Items"]
        return {item["Key"]: item["Value"] for item in items}

    def keys(self, room: str) -> Keys:
        return Keys.of(json.loads(self.stored[f"{room}.keys"]))

    def ticket(self, number: int, room: str = "shop", *, age_s: int = 60) -> str:
        ticket = Ticket(room=room, arrival=int(time.time()) - age_s, nonce=f"{number:022d}")
        return write_ticket(ticket, self.keys(room))

    def admit(self, ticket: str, room: str) -> dict[str, Any]:
        """Past the gateway, whose throttles would spare the counters."""
        event = {
            "httpMethod": "POST",
            "pathParameters": {"room": room},
            "multiValueHeaders": {"Accept": ["application/json"], "Cookie": [f"room-{room}-ticket={ticket}"]},
        }
        answer = self.aws("lambda").invoke(FunctionName=self.outputs["admit"], Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    def fetch(self, path: str, *, key: bool = True, data: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
        if key:
            headers["x-api-key"] = self.outputs["key"]
        connection = HTTPConnection("127.0.0.1", self.settings.port, timeout=30)
        where = f"/_aws/execute-api/{self.outputs['api']}/v1{path}"
        connection.request("GET" if data is None else "POST", where, data, {**headers, "X-Forwarded-Proto": "https"})
        with closing(connection):
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()


@pytest.fixture(scope="module")
def room(local_aws, aws, tmp_path_factory):
    program = Program(tmp_path_factory.mktemp("programs") / "room", local_aws)
    report = program.up(PROGRAM)
    assert [one for one in report["policies"] if one["level"] == "mandatory"] == []
    deployed = Deployed(local_aws, program.folder, program.outputs(), aws)
    deployed.control()
    yield deployed
    program.destroy()


def test_keys_are_made_at_run_time_and_no_state_holds_them(room: Deployed) -> None:
    secret = json.loads(room.aws("secretsmanager").get_secret_value(SecretId=room.outputs["secret"])["SecretString"])
    assert room.keys("shop") == Keys.of(secret["shop"]) != room.keys("race")
    _, state, _ = run_local(room.settings, "state", "--json", "--cwd", str(room.project))
    assert not any(key in json.dumps(state) for name in ("shop", "race") for key in room.keys(name).values.values())


def test_a_visitor_is_admitted_and_sent_back_with_a_pass(room: Deployed) -> None:
    cookie = f"other=1; room-shop-ticket={room.ticket(1)}"
    status, headers, _ = room.fetch("/.room/shop/admit", data=b"return=%2Fshop%2Fx%3Fy%3D1", Cookie=cookie)
    assert (status, headers["Location"], headers["Cache-Control"]) == (303, "/shop/x?y=1", "no-store")
    name, _, rest = headers["Set-Cookie"].partition("=")
    text, *attributes = rest.split("; ")
    assert name == "room-shop-pass"
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} < set(attributes)
    assert abs(read_pass(text, "shop", room.keys("shop"), now=time.time()) - time.time() - SESSION_S) < 5

    again = room.fetch("/.room/shop/admit?return=/shop/", Cookie=cookie)
    assert (again[0], again[1]["Set-Cookie"].partition(";")[0]) == (303, f"room-shop-pass={text}")


def test_nobody_reaches_the_reception_around_the_edge(room: Deployed) -> None:
    cookie = f"room-shop-ticket={room.ticket(2)}"
    assert room.fetch("/.room/shop/admit", key=False, Cookie=cookie)[0] == 403
    assert room.fetch("/.room/shop/beacon?a=1&n=1", key=False)[0] == 403


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "x", ""])
def test_visitors_are_sent_back_to_paths_of_this_address_alone(room: Deployed, path: str) -> None:
    data = urllib.parse.urlencode({"return": path}).encode()
    headers = room.fetch("/.room/shop/admit", data=data, Cookie=f"room-shop-ticket={room.ticket(3)}")[1]
    assert headers["Location"] == "/"


def test_bad_tickets_are_refused_and_taken_away(room: Deployed) -> None:
    good, other = room.ticket(4), room.ticket(4, "race")
    bad = {
        "forged": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "of another room": other,
        "too old": room.ticket(4, age_s=240 * 60 + 1),
        "of the future": room.ticket(4, age_s=-40),
        "none": "",
    }
    for name, ticket in bad.items():
        answer = room.admit(ticket, "shop")
        assert answer["statusCode"] == 403, name
        assert answer["multiValueHeaders"]["Set-Cookie"][0].startswith("room-shop-ticket=;"), name
    assert room.admit(good, "shop")["statusCode"] == 200


def test_a_sampled_arrival_is_counted_and_what_is_none_is_kept_with_the_reason(room: Deployed) -> None:
    before = room.control()["rooms"]["shop"]["arrivals"]
    second = int(time.time())
    for query in (f"a={second}&n=50", f"a={second}&n=50", "a=soon&n=1"):
        assert room.fetch(f"/.room/shop/beacon?{query}")[0] == 204
    assert room.control()["rooms"]["shop"]["arrivals"] == before + 100
    letters = room.aws("sqs").receive_message(QueueUrl=room.outputs["letters"])["Messages"]
    assert ["a=soon" in json.loads(letter["Body"])["reason"] for letter in letters] == [True]


def test_a_switch_is_seen_at_the_edge_at_once_and_closes_exactly(room: Deployed) -> None:
    def cli(*arguments: str) -> dict[str, Any]:
        code, numbers, errors = run_local(room.settings, "room", *arguments, "--json", "--cwd", str(room.project))
        assert code == 0, errors
        return numbers

    def ticking() -> bool:
        return room.aws("events").describe_rule(Name=room.outputs["rule"])["State"] == "ENABLED"

    assert cli("shop", "mode", "closed")["shop"]["pace"] == 0
    assert room.stored["shop.mode"] == "closed"
    assert room.admit(room.ticket(5), "shop")["statusCode"] == 429
    assert ticking(), "the other room is open"
    cli("race", "mode", "open")
    assert not ticking()
    assert cli("shop", "mode", "guard")["shop"]["mode"] == "guard"
    assert cli("race", "mode", "queue").keys() == {"race"}
    assert ticking()
    assert room.admit(room.ticket(5, age_s=0), "shop")["statusCode"] == 200
    assert cli("shop", "capacity", "7")["shop"]["pace"] == 7
    assert cli("shop", "capacity", "0")["shop"]["pace"] == 600
    assert cli().keys() == {"shop", "race"}
    code, _, errors = run_local(room.settings, "room", "shop", "mode", "ajar", "--cwd", str(room.project))
    assert code == 1
    assert "mode 'ajar' is none of queue, open, closed, guard" in errors


def test_a_rotation_leaves_tickets_good_and_a_forced_one_voids_them(room: Deployed) -> None:
    ticket, before = room.ticket(6), room.keys("shop")
    room.control(room="shop", rotate_keys=True)
    after = room.keys("shop")
    assert (after.use, after.values["a"]) == ("a", before.values["a"])
    assert after.values["b"] != before.values["b"]
    assert "isn't over yet" in room.control(room="shop", rotate_keys=True)["error"]["detail"]
    assert room.admit(ticket, "shop")["statusCode"] == 200
    room.control(room="shop", rotate_keys=True, force=True)
    assert not set(room.keys("shop").values.values()) & set(after.values.values())


def test_one_ticket_in_parallel_takes_one_place(room: Deployed) -> None:
    before, ticket = room.control()["rooms"]["race"]["active"], room.ticket(7, "race")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: room.admit(ticket, "race"), range(24)))
    admitted = [json.loads(one["body"]) for one in answers if one["statusCode"] == 200]
    others = [json.loads(one["body"])["reason"] for one in answers if one["statusCode"] != 200]
    assert len({one["expires"] for one in admitted}) == 1
    assert set(others) <= {"busy"}
    assert room.control()["rooms"]["race"]["active"] == before + 1


def test_hundreds_at_a_windows_edge_never_exceed_the_capacity(room: Deployed, eventually) -> None:
    active = room.control()["rooms"]["race"]["active"]
    tickets = [room.ticket(1000 + number, "race") for number in range(300)]
    eventually(lambda: time.time() % 60 > 57, seconds=62)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda ticket: room.admit(ticket, "race"), tickets[:150]))
        eventually(lambda: time.time() % 60 < 57)  # a fast machine is done before the edge
        answers += pool.map(lambda ticket: room.admit(ticket, "race"), tickets[150:])
    expiries = [json.loads(one["body"])["expires"] for one in answers if one["statusCode"] == 200]
    by_window = Counter((expires - SESSION_S) // 60 for expires in expiries)
    assert len(by_window) > 1, "the requests ended within one window"
    assert all(count <= 20 for count in by_window.values())
    assert len(expiries) == 30 - active
    assert room.control()["rooms"]["race"]["active"] == 30


def test_the_rule_runs_the_controller_while_a_room_is_open(room: Deployed, eventually) -> None:
    began = json.loads(room.stored["race.state"])["t"]
    eventually(lambda: json.loads(room.stored["race.state"])["t"] > began, seconds=75)
