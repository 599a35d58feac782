"""What operators tell the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.waiting_room.settings import MODES, RoomSettings

LARGEST_CAPACITY = 30_000
"""Admissions a minute. One item of a table bears some 1,000 writes a second, and refused ones count."""

_MEMBERS = {"room", "mode", "capacity", "rotate_keys", "force"}


class BadCommand(ValueError):
    """Says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One change of one room; none at all for `{}`."""

    room: str = ""
    mode: str = ""
    capacity: int | None = None
    """Admissions a minute; 0 for the program's again."""

    rotate_keys: bool = False
    force: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any], rooms: Mapping[str, RoomSettings]) -> Command:
        """Out of an invocation. Raises BadCommand."""
        if not given:
            return cls()
        if unknown := sorted(given.keys() - _MEMBERS):
            raise BadCommand(f"there is no {', '.join(unknown)}; give room and mode, capacity or rotate_keys")
        command = cls(**given)
        if command.room not in rooms:
            raise BadCommand(f"there is no room {command.room!r}; there are {', '.join(sorted(rooms))}")
        if command.mode and command.mode not in MODES:
            raise BadCommand(f"mode {command.mode!r} is none of {', '.join(MODES)}")
        capacity = command.capacity
        if capacity is not None and (type(capacity) is not int or not 0 <= capacity <= LARGEST_CAPACITY):
            raise BadCommand(f"capacity {capacity!r} is no whole number from 0 to {LARGEST_CAPACITY}")
        if not (command.mode or capacity is not None or command.rotate_keys is True):
            raise BadCommand("give mode, capacity or rotate_keys")
        return command
