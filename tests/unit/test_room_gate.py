"""The waiting room at the edge, on Node: who gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.api_gateway.front import REWRITE
from components.core.distribution import STRIP
from components.waiting_room.gate import Guarded
from handlers.waiting_room.tickets import Keys, read_ticket
from local.emulator.edge.runtime import EdgeRuntime
from local.settings import REPO
from tests.edge_room import KEYS, NOW, Room, admission, heading, location, passed, said, ticket

VECTORS = json.loads((REPO / "tests" / "data" / "room_vectors.json").read_text())
JSON = "application/json"


@pytest.mark.parametrize("vector", VECTORS["write"], ids=lambda one: f"{one['kind']} of {one['room']}")
def test_what_python_writes_is_read(edge: EdgeRuntime, vector: dict[str, Any]) -> None:
    room = Room(edge, rooms={vector["room"]: Guarded()}, now=vector["second"] - 1)
    room.set(vector["room"], keys=Keys.of(VECTORS["keys"]), w=0)
    answer = room.ask(cookies={f"room-{vector['room']}-{vector['kind']}": vector["text"]})

    assert passed(answer) == (vector["kind"] == "pass")
    if vector["kind"] == "ticket":
        assert answer["cookies"] == {}


@pytest.mark.parametrize("vector", VECTORS["read"], ids=lambda one: one["why"])
def test_what_python_refuses_is_refused(edge: EdgeRuntime, vector: dict[str, Any]) -> None:
    room = Room(edge, rooms={vector["room"]: Guarded(life_s=VECTORS["life_s"])}, now=vector["now"])
    room.set(vector["room"], keys=Keys.of(VECTORS["keys"]))
    answer = room.ask(cookies={f"room-{vector['room']}-{vector['kind']}": vector["text"]})

    if vector["kind"] == "pass":
        assert passed(answer) == vector["valid"]
    else:
        assert (f"room-{vector['room']}-ticket" in answer["cookies"]) == (not vector["valid"])


def test_an_arrival_gets_a_ticket_that_python_reads(room: Room) -> None:
    room.now = NOW + 0.75
    cookie = room.ask("/x")["cookies"]["room-shop-ticket"]
    found = read_ticket(cookie["value"], "shop", KEYS, now=room.now, life_s=7200)

    assert found.arrival == NOW
    assert cookie["attributes"] == "Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=7200"


def test_each_arrival_gets_a_ticket_of_its_own_and_keeps_it(room: Room) -> None:
    tickets = {room.ask(f"/{number}")["cookies"]["room-shop-ticket"]["value"] for number in range(50)}
    assert len({text.split(".")[2] for text in tickets}) == 50
    assert room.ask(cookies={"room-shop-ticket": tickets.pop()})["cookies"] == {}


def test_the_old_key_is_good_until_it_is_replaced(room: Room) -> None:
    old = Keys("a", KEYS.values)
    assert passed(room.ask(cookies=admission(keys=old)))
    room.set(keys=Keys("b", {**KEYS.values, "a": "c" * 43}))
    assert not passed(room.ask(cookies=admission(keys=old)))


def test_who_is_admitted_gets_through_and_the_application_sees_no_ticket(room: Room) -> None:
    mine = {**ticket(), **admission(), "session": "1", "room-lang": "ja"}
    request = room.ask("/shop?a=1", cookies=mine, x_waiting_room="shop 9999999999")

    assert request["cookies"] == {"session": {"value": "1"}}
    assert request["headers"]["x-waiting-room"] == {"value": f"shop {NOW + 600}"}
    assert (request["uri"], request["querystring"]) == ("/shop", {"a": {"value": "1"}})


@pytest.mark.parametrize("mode", ["open", "queue"])
def test_no_header_makes_a_visitor_admitted(room: Room, mode: str) -> None:
    room.set(mode=mode)
    assert passed(room.ask(x_waiting_room="shop 9999999999")) == (mode == "open")
    request = room.ask("/health" if mode == "queue" else "/", x_waiting_room="shop 9999999999")
    assert "x-waiting-room" not in request["headers"]


@pytest.mark.parametrize("cookies", [{}, ticket(), admission(NOW), admission(room="other"), ticket(NOW - 9_000)])
def test_nobody_else_does(room: Room, cookies: dict[str, str]) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert not passed(room.ask("/shop", method=method, cookies=cookies))


@pytest.mark.parametrize("path", ["/health", "/health/deep", "/notice.html"])
def test_a_bypass_is_open_to_everybody(room: Room, path: str) -> None:
    room.set(mode="closed")
    assert passed(room.ask(path))


@pytest.mark.parametrize(
    "path",
    [
        "/healthy",
        "/Health",
        "/health/../shop",
        "/health/%2e%2e/shop",
        "/health/..%2fshop",
        "/health/%252e%252e/shop",
        "/health/..;/shop",
        "/health\\..\\shop",
        "/health/..%5cshop",
        "/health/./shop",
        "/%ff",
        "/.room/shop/../../shop",
        "//shop",
        "/.room/shop",
        "/.room/shop/admit/x",
        "/.room/other/status",
        "/.room/constructor/status",
        "/%2eroom/shop/admit",
        "//.room/shop/admit",
        "/.ROOM/shop/admit",
        "/.room",
    ],
)
def test_no_way_around_leads_to_the_origin(room: Room, path: str) -> None:
    room.set(w=NOW)
    for method in ("GET", "POST"):
        assert not passed(room.ask(path, method=method, cookies=ticket()))


def test_rooms_are_found_by_the_longest_path_in_any_spelling(edge: EdgeRuntime) -> None:
    rooms = {"site": Guarded(), "vip": Guarded(paths=("/vip", "/gold"), api=())}
    room = Room(edge, rooms=rooms)
    for path in ("/vip", "/VIP/x", "/%76ip", "//vip", "/vip.html", "/gold"):
        assert "room-vip-ticket" in room.ask(path)["cookies"]
        assert not passed(room.ask(path, cookies=admission(room="site")))
        assert passed(room.ask(path, cookies=admission(room="vip")))
    assert passed(room.ask("/other", cookies=admission(room="site")))
    room.set("vip", mode="open")
    assert passed(room.ask("/vip"))
    assert not passed(room.ask("/"))


def test_what_no_room_guards_is_open(edge: EdgeRuntime) -> None:
    room = Room(edge, rooms={"sale": Guarded(paths=("/sale",))})
    assert passed(room.ask("/"))
    assert not passed(room.ask("/sale"))


def test_other_steps_follow_for_those_who_get_through(edge: EdgeRuntime) -> None:
    pages, api = Room(edge, then=(REWRITE,)), Room(edge, then=(STRIP,))
    assert pages.ask("/deep/link", cookies=admission())["uri"] == "/index.html"
    assert api.ask("/api/x", cookies=admission())["uri"] == "/x"
    assert not passed(pages.ask("/deep/link"))
    assert not passed(api.ask("/api/x"))


def test_closed_closes_for_everybody(room: Room) -> None:
    room.set(mode="closed")
    for path in ("/", "/.room/shop/status", "/.room/shop/admit"):
        answer = room.ask(path, cookies={**ticket(), **admission()})
        assert (answer["statusCode"], heading(answer)) == (503, "Closed for the moment")
        assert answer["headers"]["retry-after"] == {"value": "300"}


def test_open_opens_for_everybody_and_sends_those_who_wait_on(room: Room) -> None:
    room.set(mode="open", keys=None)
    assert passed(room.ask("/"))
    room.set(mode="open")
    for path in ("status", "admit"):
        assert location(room.ask(f"/.room/shop/{path}?return=%2Fa%3Fb%3D1", cookies=ticket())) == ("/a", {"b": "1"})
    assert said(room.ask("/.room/shop/status", accept=JSON))["may_enter"] is True


def test_a_room_without_keys_is_not_open_yet(room: Room) -> None:
    room.set(mode=None, keys=None)
    answer = room.ask("/")
    assert (answer["statusCode"], heading(answer)) == (503, "Not open yet")
    assert said(room.ask("/", accept=JSON))["status"] == 503


def test_a_room_without_a_mode_queues(room: Room) -> None:
    room.set(mode=None)
    assert heading(room.ask("/")) == "You’re in line"


def test_guard_sends_everybody_to_the_counter_at_once(room: Room) -> None:
    room.set(mode="guard")
    answer = room.ask("/a?b=1&c=%20")
    assert location(answer) == ("/.room/shop/admit", {"return": "/a?b=1&c=%20"})
    assert "room-shop-ticket" in answer["cookies"]
    assert heading(room.ask("/.room/shop/status?return=/", cookies=ticket())) == "It’s your turn"


def test_guard_lets_no_form_through(room: Room) -> None:
    room.set(mode="guard")
    assert room.ask("/a", method="POST")["statusCode"] == 429


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_counter_gets_the_ticket_and_no_other_cookie(room: Room, method: str) -> None:
    mine = ticket(NOW - 60)
    request = room.ask("/.room/shop/admit?return=%2Fa", method=method, cookies={**mine, "session": "1"})
    assert request["cookies"] == {name: {"value": value} for name, value in mine.items()}
    assert (request["method"], request["uri"]) == (method, "/.room/shop/admit")


def test_who_is_early_or_has_no_ticket_never_reaches_the_counter(room: Room) -> None:
    assert location(room.ask("/.room/shop/admit?return=%2Fa", cookies=ticket())) == (
        "/.room/shop/status",
        {"return": "/a"},
    )
    assert room.ask("/.room/shop/admit", cookies=ticket(), accept=JSON)["statusCode"] == 429
    assert location(room.ask("/.room/shop/admit?return=%2Fa")) == ("/a", {})
    assert room.ask("/.room/shop/admit", method="POST", accept=JSON)["statusCode"] == 403
    assert not passed(
        room.ask("/.room/shop/admit", cookies=ticket(NOW - 60, keys=Keys("a", {**KEYS.values, "a": "x" * 43})))
    )
