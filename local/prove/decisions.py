"""The log of every authorisation decision of the local AWS."""

from __future__ import annotations

import json

import urllib3

from local.emulator.decision import Decision
from local.settings import Settings

_HTTP = urllib3.PoolManager(maxsize=8)


def since(settings: Settings, number: int) -> list[Decision]:
    """The decisions after the one with this number, oldest first."""
    answer = _HTTP.request("GET", f"{settings.endpoint}/_serviceful/decisions?since={number}")
    return [Decision(**decision) for decision in json.loads(answer.data)]


def last(settings: Settings) -> int:
    """The number of the newest decision."""
    answer = _HTTP.request("GET", f"{settings.endpoint}/_serviceful/decisions?last=1")
    return json.loads(answer.data)
