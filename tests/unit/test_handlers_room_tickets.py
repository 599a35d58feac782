"""Tickets and passes: what is signed here is read at the edge, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.waiting_room.tickets import BadTicket, Keys, Ticket, read_pass, read_ticket, write_pass, write_ticket
from local.settings import REPO

VECTORS = json.loads((REPO / "tests" / "data" / "room_vectors.json").read_text())
KEYS = Keys.of(VECTORS["keys"])
NOW = 1_800_000_000
NONCES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=22, max_size=22)


@pytest.mark.parametrize("vector", VECTORS["write"], ids=lambda one: f"{one['kind']} of {one['room']}")
def test_what_is_written_is_what_the_edge_writes(vector: dict[str, Any]) -> None:
    if vector["kind"] == "ticket":
        ticket = Ticket(room=vector["room"], arrival=vector["second"], nonce=vector["nonce"])
        assert write_ticket(ticket, KEYS) == vector["text"]
        assert ticket.place == vector["place"]
    else:
        assert write_pass(vector["room"], vector["second"], vector["nonce"], KEYS) == vector["text"]


def is_read(kind: str, text: str, room: str, now: float) -> bool:
    try:
        if kind == "ticket":
            read_ticket(text, room, KEYS, now=now, life_s=VECTORS["life_s"])
        else:
            read_pass(text, room, KEYS, now=now)
    except BadTicket:
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS["read"], ids=lambda one: one["why"])
def test_what_is_read_is_what_the_edge_reads(vector: dict[str, Any]) -> None:
    assert is_read(vector["kind"], vector["text"], vector["room"], vector["now"]) == vector["valid"]


@given(nonce=NONCES, position=st.integers(0, 82), character=st.characters(codec="utf-8"))
def test_no_changed_character_makes_another_ticket(nonce: str, position: int, character: str) -> None:
    text = write_ticket(Ticket(room="shop", arrival=NOW, nonce=nonce), KEYS)
    forged = text[:position] + character + text[position + 1 :]
    # The last character of a signature carries two bits that say nothing; comparing texts refuses those, too.
    assert is_read("ticket", forged, "shop", NOW) == (forged == text)


@given(NONCES)
def test_the_nonce_decides_within_a_second_only(nonce: str) -> None:
    assert NOW <= Ticket(room="shop", arrival=NOW, nonce=nonce).place < NOW + 1


def test_new_keys_are_two_and_random() -> None:
    one, other = Keys.new(), Keys.new()
    assert len({*one.values.values(), *other.values.values()}) == 4
    assert {len(key) for key in one.values.values()} == {43}
    assert Keys.of(json.loads(one.to_json())) == one
