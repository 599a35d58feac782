"""The waiting room at the edge: every branch of its function, on Node."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.api_gateway.front import REWRITE
from components.core.distribution import STRIP
from components.waiting_room.gate import Guarded, pieces
from handlers.waiting_room.tickets import Keys, read_ticket
from local.emulator import envs
from local.emulator.edge.runtime import EdgeRuntime
from local.settings import REPO, Settings
from tests.edge_room import KEYS, NONCE, NOW, Room, admission, location, passed, said, ticket

VECTORS = json.loads((REPO / "tests" / "data" / "room_vectors.json").read_text())
JSON = "application/json"


@pytest.fixture(scope="module")
def edge() -> Iterator[EdgeRuntime]:
    with EdgeRuntime(envs.node(Settings.from_environment().cache)) as runtime:
        yield runtime


@pytest.fixture
def room(edge: EdgeRuntime) -> Room:
    return Room(edge)


def heading(answer: dict[str, Any]) -> str:
    """What the page shows: the heading of its only section that isn't hidden."""
    (shown,) = re.findall(r"<section >\s*<h1>([^<]+)</h1>", answer["body"])
    return shown


# Tickets and passes


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


# Who gets through


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


# Modes


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


# Waiting


def test_who_waits_sees_an_estimate(room: Room) -> None:
    answer = room.ask("/a?b=<1>", cookies=ticket(NOW - 30))
    assert (answer["statusCode"], heading(answer)) == (200, "You’re in line")
    assert "<b data-place>60</b>" in answer["body"]
    assert "<b data-wait>1</b>" in answer["body"]
    assert answer["headers"]["cache-control"] == {"value": "no-store"}
    assert 'data-back="/a?b=&#60;1&#62;"' in answer["body"]
    assert "{" not in answer["body"]


@pytest.mark.parametrize(
    ("arrival", "nonce", "position"),
    [
        (NOW - 59, NONCE, 1),
        (NOW - 50, NONCE, 10),
        (NOW - 45, NONCE, 20),
        (NOW - 30, NONCE, 60),
        (NOW + 20, NONCE, 60),
        (NOW - 50, "gAAAAAAAAAAAAAAAAAAAAA", 11),
    ],
)
def test_the_position_comes_from_the_line(room: Room, arrival: float, nonce: str, position: int) -> None:
    answer = said(room.ask("/.room/shop/status", accept=JSON, cookies=ticket(arrival, nonce=nonce)))
    assert (answer["position"], answer["wait_s"], answer["may_enter"]) == (position, position, False)


def test_polls_are_seldom_far_back_and_often_near_the_end_and_never_together(room: Room) -> None:
    def pause(nonce: str = NONCE, **state: Any) -> int:
        room.set(**state)
        return said(room.ask("/.room/shop/status", accept=JSON, cookies=ticket(nonce=nonce)))["next_poll_s"]

    assert pause(p=6) == 54
    assert pause(p=60) == 27
    assert pause(p=600) == 9
    assert pause(p=0) == 9
    assert {pause("AAAAAA" + two + "A" * 14, p=6) for two in ("AA", "gA", "__")} == {54, 60, 66}


def test_without_a_state_nothing_is_estimated(room: Room) -> None:
    del room.items["shop.state"]
    answer = said(room.ask("/.room/shop/status", accept=JSON, cookies=ticket()))
    assert answer == {"position": None, "wait_s": None, "next_poll_s": 27, "may_enter": False}
    assert heading(room.ask(cookies=ticket())) == "You’re in line"


def test_whose_turn_it_is_goes_to_the_counter(room: Room) -> None:
    mine = ticket(NOW - 60)
    assert location(room.ask("/a", cookies=mine)) == ("/.room/shop/admit", {"return": "/a"})
    assert said(room.ask("/.room/shop/status", accept=JSON, cookies=mine))["may_enter"] is True
    assert (
        said(room.ask("/.room/shop/status", accept=JSON, cookies=ticket(NOW - 60, nonce="B" * 22)))["may_enter"]
        is False
    )
    answer = room.ask("/.room/shop/status?return=%2Fa", cookies=mine)
    assert heading(answer) == "It’s your turn"
    assert 'action="/.room/shop/admit?return=%2Fa"' in answer["body"]
    assert '<input type="hidden" name="return" value="/a">' in answer["body"]


def test_who_is_admitted_does_not_wait(room: Room) -> None:
    mine = {**ticket(), **admission()}
    assert location(room.ask("/.room/shop/status?return=%2Fa", cookies=mine)) == ("/a", {})
    assert said(room.ask("/.room/shop/status", accept=JSON, cookies=mine))["may_enter"] is True


def test_status_without_a_ticket_leads_to_one(room: Room) -> None:
    assert location(room.ask("/.room/shop/status?return=%2Fa")) == ("/a", {})
    assert room.ask("/.room/shop/status", accept=JSON)["statusCode"] == 403


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "%2F%2Fevil.example",
        "%5Cevil",
        "/%5Cevil",
        "/a%0d%0ab",
        "%",
        "/%E3%81%82",
    ],
)
def test_a_return_leads_nowhere_else(room: Room, back: str) -> None:
    assert location(room.ask(f"/.room/shop/status?return={back}")) == ("/", {})


def test_programs_get_a_problem_and_no_page(room: Room) -> None:
    for path, accept in (("/api/x", "*/*"), ("/api/x", "text/html"), ("/x", JSON)):
        answer = room.ask(path, accept=accept)
        assert answer["headers"]["content-type"] == {"value": "application/problem+json"}
        assert 27 <= int(answer["headers"]["retry-after"]["value"]) <= 33
        assert said(answer) == {
            "type": "about:blank",
            "title": "Many want in at the same moment",
            "status": 429,
            "room": "/.room/shop/status",
        }
        assert "room-shop-ticket" in answer["cookies"]


def test_a_form_of_who_is_not_admitted_gets_the_page_with_429(room: Room) -> None:
    answer = room.ask("/order", method="POST")
    assert (answer["statusCode"], heading(answer)) == (429, "You’re in line")
    assert 'data-back="/"' in answer["body"]


# The counter


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


# Beacons


def test_a_beacon_carries_the_edges_numbers_and_nothing_of_the_viewer(room: Room) -> None:
    room.set(n=1)
    request = room.ask("/.room/shop/beacon?a=1&n=100000&x=y", cookies={**ticket(NOW - 30), "session": "1"})
    assert request["querystring"] == {"a": {"value": str(NOW - 30)}, "n": {"value": "1"}}
    assert request["cookies"] == {}


@pytest.mark.parametrize("url", ["/.room/shop/beacon", "/.room/shop/beacon?a=1&n=1"])
def test_a_beacon_without_a_fresh_ticket_ends_at_the_edge(room: Room, url: str) -> None:
    for cookies in ({}, ticket(NOW - 121), ticket(room="other")):
        assert room.ask(url, cookies=cookies)["statusCode"] == 204
    assert room.ask(url, method="POST", cookies=ticket())["statusCode"] == 204


@pytest.mark.parametrize("n", [1, 7, 40])
def test_one_arrival_in_n_is_counted_and_each_for_n(room: Room, n: int) -> None:
    room.set(n=n)
    counted = 0
    for number in range(2_000):
        answer = room.ask(f"/{number}")
        mine = {"room-shop-ticket": answer["cookies"]["room-shop-ticket"]["value"]}
        beacon = room.ask("/.room/shop/beacon", cookies=mine)
        assert passed(beacon) == ('<img  src="/.room/shop/beacon"' in answer["body"])
        counted += passed(beacon) and int(beacon["querystring"]["n"]["value"])
    # Five standard deviations of a sample of 2,000 at 1 in n.
    assert abs(counted - 2_000) <= 5 * (2_000 * (n - 1)) ** 0.5


# Languages


@pytest.mark.parametrize(
    ("accepted", "kept", "asked", "language"),
    [
        ("", "", "", "en"),
        ("ja,en;q=0.8", "", "", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "", "", "en"),
        ("fr,de;q=0.5", "", "", "en"),
        ("fr,ja;q=0.5", "", "", "ja"),
        ("en", "ja", "", "ja"),
        ("ja", "", "en", "en"),
        ("ja", "ja", "en", "en"),
        ("ja", "xx", "constructor", "ja"),
    ],
)
def test_the_page_speaks_the_visitors_language(room: Room, accepted: str, kept: str, asked: str, language: str) -> None:
    cookies = {**ticket(), **({"room-lang": kept} if kept else {})}
    query = f"?lang={asked}" if asked else ""
    answer = room.ask(f"/.room/shop/status{query}", cookies=cookies, accept_language=accepted)
    assert f'<html lang="{language}">' in answer["body"]


def test_a_chosen_language_is_kept(room: Room) -> None:
    answer = room.ask("/.room/shop/status?return=%2Fa&lang=ja", cookies=ticket())
    assert answer["cookies"]["room-lang"]["value"] == "ja"
    assert 'href="/.room/shop/status?return=%2Fa&#38;lang=en"' in answer["body"].replace("&amp;", "&#38;")


def test_a_page_that_is_not_in_the_store_yet_still_says_what_to_do(room: Room) -> None:
    for key in [key for key in room.items if key.startswith("page.")]:
        del room.items[key]
    assert room.ask("/")["body"] == "Please wait, and load this page again."


def test_a_page_may_be_ones_own(edge: EdgeRuntime, tmp_path: Path) -> None:
    own = tmp_path / "fr.html"
    own.write_text("<p {?line}>Patientez : {place}. " + "é" * 2_000 + "{?unheard}</p>")
    room = Room(edge, templates={"fr": own})
    body = room.ask(cookies=ticket(), accept_language="ja")["body"]

    assert body == "<p >Patientez : 60. " + "é" * 2_000 + "hidden</p>"
    assert [len(value.encode()) <= 1024 for value in room.pages["fr"].values()] == [True] * 4


def test_a_page_that_is_too_long_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "fr.html"
    own.write_text("é" * 3_100)
    with pytest.raises(ValueError, match=r"fr\.html has 6,200 bytes, more than 6,144"):
        pieces({"fr": own})
