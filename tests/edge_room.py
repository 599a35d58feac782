"""The waiting room's edge function, run on Node as the local AWS runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from components.core.edge import Fragment, compose
from components.waiting_room.gate import PAGES, Guarded, gate_fragment, pieces
from handlers.waiting_room.tickets import Keys, Ticket, write_pass, write_ticket
from local.emulator.edge.runtime import EdgeRuntime, Store

NOW = 1_800_000_000
KEYS = Keys("b", {"a": "a" * 43, "b": "b" * 43})
NONCE = "AAAAAAAAAAAAAAAAAAAAAA"
STATE = {"t": NOW, "w": NOW - 60, "p": 60, "n": 1, "poll": 10, "h": [NOW - 60, 10, [10, 20, 30]]}
"""Of a room that admits one visitor a second; 60 visitors of the last half minute wait."""


@dataclass
class Room:
    """A gate of rooms, and what their store holds. Each request is one call of the function."""

    edge: EdgeRuntime
    rooms: dict[str, Guarded] = field(default_factory=lambda: {"shop": Guarded(bypass=("/health", "/notice.html"))})
    then: tuple[Fragment, ...] = ()
    templates: Mapping[str, Path] = field(default_factory=lambda: PAGES)
    items: dict[str, str] = field(default_factory=dict)
    now: float = NOW

    def __post_init__(self) -> None:
        self.pages = pieces(self.templates)
        self.code = compose(
            [gate_fragment(self.rooms, {k: list(v) for k, v in self.pages.items()}), *self.then], "room"
        )
        for values in self.pages.values():
            self.items |= values
        for name in self.rooms:
            self.set(name)

    def set(self, name: str = "shop", *, mode: str | None = "queue", keys: Keys | None = KEYS, **state: Any) -> None:
        """Write what the controller and operators write."""
        values = {"mode": mode, "keys": keys.to_json() if keys else None, "state": json.dumps({**STATE, **state})}
        for key, value in values.items():
            self.items.pop(f"{name}.{key}", None)
            if value is not None:
                self.items[f"{name}.{key}"] = value

    def ask(
        self,
        url: str = "/",
        *,
        method: str = "GET",
        cookies: dict[str, str] | None = None,
        accept: str = "text/html,application/xhtml+xml",
        **headers: str,
    ) -> dict[str, Any]:
        """What the function makes of a request: another request, or a response (`statusCode`)."""
        path, _, asked = url.partition("?")
        sent = {"accept": accept, "host": "d1.cloudfront.net"} | {k.replace("_", "-"): v for k, v in headers.items()}
        query: dict[str, Any] = {}
        for pair in filter(None, asked.split("&")):
            name, _, value = pair.partition("=")
            values = [*query.get(name, {}).get("multiValue", []), {"value": value}]
            query[name] = {"value": values[0]["value"], **({"multiValue": values} if len(values) > 1 else {})}
        event = {
            "context": {"requestId": f"request of {url}", "eventType": "viewer-request"},
            "viewer": {"ip": "198.51.100.1"},
            "request": {
                "method": method,
                "uri": path,
                "querystring": query,
                "headers": {name: {"value": value} for name, value in sent.items()},
                "cookies": {name: {"value": value} for name, value in (cookies or {}).items()},
            },
        }
        return self.edge.run(self.code, event, store=Store(items=self.items), now_ms=int(self.now * 1000))


def ticket(arrival: float = NOW - 30, room: str = "shop", nonce: str = NONCE, keys: Keys = KEYS) -> dict[str, str]:
    """The cookie of a ticket."""
    return {f"room-{room}-ticket": write_ticket(Ticket(room=room, arrival=int(arrival), nonce=nonce), keys)}


def admission(expires: float = NOW + 600, room: str = "shop", keys: Keys = KEYS) -> dict[str, str]:
    """The cookie of a pass."""
    return {f"room-{room}-pass": write_pass(room, int(expires), NONCE, keys)}


def passed(answer: dict[str, Any]) -> bool:
    """Whether the request goes on to an origin."""
    return "statusCode" not in answer


def said(answer: dict[str, Any]) -> Any:
    """The JSON of a response."""
    return json.loads(answer["body"])


def location(answer: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Where a response leads: path and query."""
    assert answer["statusCode"] == 303
    parts = urlsplit(answer["headers"]["location"]["value"])
    return parts.path, dict(parse_qsl(parts.query))


def heading(answer: dict[str, Any]) -> str:
    """What the page shows: the heading of its only section that isn't hidden."""
    (shown,) = re.findall(r"<section >\s*<h1>([^<]+)</h1>", answer["body"])
    return shown
