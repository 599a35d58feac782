"""The log of every authorisation decision of the local AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from local.settings import Settings

_ASSUMED = ":assumed-role/"
_HTTP = urllib3.PoolManager(maxsize=8)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One answer of IAM, or of a resource's policy."""

    n: int
    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str
    time: float
    keys: Mapping[str, Any] = field(default_factory=dict)
    """The condition keys of the service, lower case, as the request had them."""

    @property
    def role(self) -> str:
        """The name of the role that asked; empty for users and for services of their own."""
        _, assumed, session = self.principal.partition(_ASSUMED)
        return session.split("/")[0] if assumed else ""


def since(settings: Settings, number: int) -> list[Decision]:
    """The decisions after the one with this number, oldest first."""
    answer = _HTTP.request("GET", f"{settings.endpoint}/_serviceful/decisions?since={number}")
    return [Decision(**decision) for decision in json.loads(answer.data)]


def last(settings: Settings) -> int:
    """The number of the newest decision."""
    answer = _HTTP.request("GET", f"{settings.endpoint}/_serviceful/decisions?last=1")
    return json.loads(answer.data)
