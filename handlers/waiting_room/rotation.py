"""Change the keys of a room while tickets signed by the old ones stay good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.waiting_room.tickets import KEY_IDS, Keys, new_key

SETTLE_S = 120
"""How long a new key is valid before it signs, in seconds: till then every edge and function has it."""


class TooSoon(ValueError):
    """Tickets that are still good would become void. The message says when to come again."""


def created(now: float) -> dict[str, Any]:
    """The keys of a new room."""
    keys = Keys.new()
    return {"use": keys.use, **keys.values, "since": now}


def begun(keys: Mapping[str, Any], now: float, *, life_s: int, force: bool = False) -> dict[str, Any]:
    """A new key takes the place of the one that doesn't sign, and signs from `SETTLE_S` on.

    Raises TooSoon while tickets of the key that goes are good. With `force` both keys are new at once, which voids all
    tickets and passes: for keys that have become known.
    """
    if force:
        return created(now)
    if "next_at" in keys:
        raise TooSoon(f"the last rotation isn't over yet; come again in {round(keys['next_at'] - now) + life_s} s")
    if now < keys["since"] + life_s and keys.get("rotated"):
        raise TooSoon(f"tickets of the older key are still good; come again in {round(keys['since'] + life_s - now)} s")
    idle = next(name for name in KEY_IDS if name != keys["use"])
    return {**keys, idle: new_key(), "next_at": now + SETTLE_S}


def ended(keys: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    """The keys once the new one signs; None while there is nothing to do."""
    if now < keys.get("next_at", now + 1):
        return None
    idle = next(name for name in KEY_IDS if name != keys["use"])
    return {"use": idle, **{name: keys[name] for name in KEY_IDS}, "since": now, "rotated": True}
