"""The waiting room at the edge, on Node: what those who wait are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.waiting_room.gate import pieces
from local.emulator.edge.runtime import EdgeRuntime
from tests.edge_room import NONCE, NOW, Room, admission, heading, location, passed, said, ticket

JSON = "application/json"


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
