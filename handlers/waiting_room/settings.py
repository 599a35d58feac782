"""What the waiting room's functions are told by their deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from handlers.environment import Environment, SettingsError
from handlers.waiting_room.tickets import ROOM

MODES = ("queue", "open", "closed", "guard")


@dataclass(frozen=True, kw_only=True)
class RoomSettings:
    """One room, as the program says it."""

    capacity: int
    """Admissions a minute at most."""

    total: int
    """Visitors who hold a pass at once, at most."""

    session_s: int
    """How long a pass is good, in seconds."""

    life_s: int
    """How long a ticket is good, in seconds."""

    renewals: bool
    """Whether a ticket is good for a further session when its pass ends."""

    poll_s: int
    """How often a waiting page asks how things stand, in seconds; the edge may make it longer."""

    peak: int
    """Arrivals a second that may come at once, before the controller has seen any."""

    start: str
    """Mode until another is set."""

    alarm: str = ""
    """Name of the CloudWatch alarm that says that the origin has too much to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All rooms, and where what they need is kept."""

    rooms: Mapping[str, RoomSettings]
    """From `ROOMS`, as JSON."""

    tickets_table: str
    """From `TICKETS_TABLE`."""

    rooms_table: str
    """From `ROOMS_TABLE`."""

    secret: str
    """ARN or name of the secret with the keys. From `KEYS_SECRET`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(
            rooms=_rooms(environment.text("ROOMS")),
            tickets_table=environment.text("TICKETS_TABLE"),
            rooms_table=environment.text("ROOMS_TABLE"),
            secret=environment.text("KEYS_SECRET"),
        )

    @property
    def lives(self) -> dict[str, int]:
        """Room → seconds for which its tickets are good."""
        return {name: room.life_s for name, room in self.rooms.items()}


def _rooms(text: str) -> dict[str, RoomSettings]:
    shape = f"give room → {{{', '.join(field.name for field in fields(RoomSettings))}}} as JSON"
    try:
        given: Mapping[str, Any] = json.loads(text)
        rooms = {name: RoomSettings(**one) for name, one in given.items()}
    except (ValueError, TypeError, AttributeError) as problem:
        raise SettingsError(f"ROOMS={text}: {shape}") from problem
    if not rooms or not all(ROOM.fullmatch(name) and room.start in MODES for name, room in rooms.items()):
        raise SettingsError(f"ROOMS={text}: {shape}; modes are {', '.join(MODES)}")
    return rooms
