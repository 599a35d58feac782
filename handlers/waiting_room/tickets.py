"""Tickets and passes: signed at the edge and here by the same keys, in the same words.

A ticket says since when a visitor waits, a pass until when they are admitted. `tests/data/room_vectors.json` holds the
edge's code to this one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "1"
SKEW_S = 30
"""How far clocks of edges and functions may be apart, in seconds."""

KEY_BYTES = 32
KEY_IDS = ("a", "b")
ROOM = re.compile(r"[a-z][a-z0-9-]{0,31}")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TEXT = re.compile(r"1\.(\d{1,12})\.([A-Za-z0-9_-]{22})\.([a-z])\.([A-Za-z0-9_-]{43})", re.ASCII)


class BadTicket(ValueError):
    """Not a ticket (or pass) of this room that is good now; the message says why, for the log alone."""


@dataclass(frozen=True)
class Keys:
    """Two valid keys, one of which signs: `{"use": "a", "a": "…", "b": "…"}`, each 43 characters of base64url."""

    use: str
    values: Mapping[str, str]

    @classmethod
    def new(cls) -> Keys:
        """Random ones."""
        return cls("a", {name: new_key() for name in KEY_IDS})

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Keys:
        """Out of their JSON."""
        return cls(given["use"], {name: given[name] for name in KEY_IDS})

    def to_json(self) -> str:
        """As the edge reads them."""
        return json.dumps({"use": self.use, **self.values}, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A visitor's place."""

    room: str
    arrival: int
    """Second (of the epoch) of the arrival, at the edge."""

    nonce: str

    @property
    def place(self) -> float:
        """Where it stands in the line: within one second of arrivals the nonce decides, in 4,096 steps."""
        return self.arrival + (64 * _ALPHABET.index(self.nonce[0]) + _ALPHABET.index(self.nonce[1])) / 4096


def new_key() -> str:
    """A random key."""
    return _text(secrets.token_bytes(KEY_BYTES))


def write_ticket(ticket: Ticket, keys: Keys) -> str:
    """The ticket's cookie."""
    return _write("ticket", ticket.room, ticket.arrival, ticket.nonce, keys)


def read_ticket(text: str, room: str, keys: Keys, *, now: float, life_s: int) -> Ticket:
    """The ticket in a cookie. Raises BadTicket when it is forged, of another room, too old or of the future."""
    arrival, nonce = _read("ticket", text, room, keys)
    if arrival > now + SKEW_S:
        raise BadTicket("it is of the future")
    if arrival + life_s < now:
        raise BadTicket("it is too old")
    return Ticket(room=room, arrival=arrival, nonce=nonce)


def write_pass(room: str, expires: int, nonce: str, keys: Keys) -> str:
    """The pass's cookie: admitted to `room` until the second `expires`."""
    return _write("pass", room, expires, nonce, keys)


def read_pass(text: str, room: str, keys: Keys, *, now: float) -> int:
    """When the pass in a cookie expires. Raises BadTicket when it is forged, of another room, or expired."""
    expires, _ = _read("pass", text, room, keys)
    if expires <= now:
        raise BadTicket("it has expired")
    return expires


def _write(kind: str, room: str, second: int, nonce: str, keys: Keys) -> str:
    mac = _mac(keys.values[keys.use], kind, room, str(second), nonce, keys.use)
    return f"{VERSION}.{second}.{nonce}.{keys.use}.{mac}"


def _read(kind: str, text: str, room: str, keys: Keys) -> tuple[int, str]:
    parts = _TEXT.fullmatch(text)
    if not parts:
        raise BadTicket("it has another form")
    second, nonce, key_id, mac = int(parts[1]), parts[2], parts[3], parts[4]
    if str(second) != parts[1] or key_id not in keys.values:
        raise BadTicket("it names no key of ours")
    if not hmac.compare_digest(mac, _mac(keys.values[key_id], kind, room, str(second), nonce, key_id)):
        raise BadTicket("it isn't signed by us for this")
    return second, nonce


def _mac(key: str, *said: str) -> str:
    return _text(hmac.digest(key.encode(), "|".join(said).encode(), hashlib.sha256))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
