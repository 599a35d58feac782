"""Old versions of events, read as the newest: what is kept never changes, so readers bring it up to date.

Each function takes the payload of one version to the next, and is registered for the version that it takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from handlers.events.envelope import Event

Payload = Mapping[str, Any]
Upcaster = Callable[[Payload], Payload]


def purchase_in_minor_units(payload: Payload) -> Payload:
    """Version 1 knew only currencies with two decimals, and wrote them."""
    return {
        "title": payload["title"],
        "amount_minor": int(payload["amount"].replace(".", "")),
        "currency": payload["currency"],
    }


UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("purchase.completed", 1): purchase_in_minor_units,
}
"""By type and the version that they take."""


def upcast(event: Event) -> Event:
    """The event in its type's newest version."""
    while upcaster := UPCASTERS.get((event.type, event.version)):
        event = dataclasses.replace(event, version=event.version + 1, payload=upcaster(event.payload))
    return event
