"""Default settings of the VirtualWaitingRoom; `docs/waiting-room.md` lists the same."""

from __future__ import annotations

from typing import Final

from ..core.rest_api.defaults import RETRY_AFTER_S, STAGE

__all__ = [
    "API_PATHS",
    "BEACON_BURST",
    "BEACON_RATE",
    "LIFE_MIN",
    "MEMORY_MB",
    "ORIGIN_KEY",
    "PATHS",
    "PEAK",
    "POLL_S",
    "RENEWALS",
    "RETRY_AFTER_S",
    "SESSION_MIN",
    "STAGE",
    "START",
]

PATHS: Final = ("/",)
"""What a room guards."""

API_PATHS: Final = ("/api/",)
"""Where a waiting caller gets 429 and JSON, never a page."""

SESSION_MIN: Final = 10
"""How long a pass is good, in minutes."""

LIFE_MIN: Final = 240
"""How long a ticket is good, in minutes."""

RENEWALS: Final = True
"""Whether a visitor whose pass ends may ask for another with the same ticket."""

POLL_S: Final = 20
"""How often a waiting page near the front asks how things stand, in seconds."""

PEAK: Final = 1_000
"""Arrivals a second that may come at once."""

START: Final = "queue"
"""Mode of a new room."""

BEACON_RATE: Final = 100
BEACON_BURST: Final = 200
"""Sampled arrivals a second that the reception takes, and at once."""

MEMORY_MB: Final = 256
"""Memory of both functions."""

ORIGIN_KEY: Final = "a"
"""Which of the two valid origin keys CloudFront sends to the reception."""
