"""The waiting room: a visitor waits at the edge, is admitted, and nobody gets in another way."""

from __future__ import annotations

import json
from typing import Any

from local import room
from local.browse import Visitor
from local.tour.guide import Guide, TourError

ROOM = "launch"
PAGE = f"/.room/{ROOM}"


def visit(guide: Guide) -> None:
    """Let everybody wait, come as a visitor, get in, and open the room again."""
    switch(guide, "queue")
    guide.say(f"`python -m local room {ROOM} mode queue`: from now on visitors wait, without a deployment")
    try:
        _come(guide)
    finally:
        switch(guide, "open")
    expect_open(guide)
    guide.say("`mode open`: nobody waits any more")


def _come(guide: Guide) -> None:
    visitor = Visitor(guide.outputs["front_url"], guide.settings)
    page = visitor.open("/")
    guide.expect(b"/app.js" not in page.data, "a visitor without a pass sees the front")
    ticket = visitor.cookies[f"room-{ROOM}-ticket"]
    guide.say("a visitor gets the waiting page and a signed ticket from the edge; no application, function or table")
    called = visitor.ask("GET", "/api/views/x", accept="application/json")
    guide.expect(called.status == 429, f"a program without a pass is answered with {called.status}")
    guide.say(f"a program gets 429 and is told when to ask again: Retry-After {called.headers['Retry-After']} s")
    guide.await_("waiting for the visitor's turn", lambda: turn(guide, visitor))
    visitor.ask("POST", f"{PAGE}/admit?return=%2F", accept="text/html")
    guide.expect(f"room-{ROOM}-pass" in visitor.cookies, "the visitor's turn has come, but there is no pass")
    front = visitor.open("/")
    guide.expect(b"/app.js" in front.data, "a visitor with a pass doesn't see the front")
    guide.say("the watermark passes the ticket: one exact write takes a place, a signed pass opens the front")
    forged = Visitor(guide.outputs["front_url"], guide.settings, {f"room-{ROOM}-ticket": f"{ticket[:-1]}x"})
    refused = forged.ask("POST", f"{PAGE}/admit", accept="application/json")
    guide.expect(refused.status == 403, f"a forged ticket is answered with {refused.status}")
    guide.say("a forged ticket is refused at the edge: 403")


def turn(guide: Guide, visitor: Visitor) -> dict[str, Any] | None:
    """How a visitor with a good ticket stands; None while it isn't their turn."""
    answer = visitor.ask("GET", f"{PAGE}/status", accept="application/json")
    guide.expect(answer.status == 200, f"the room's status is {answer.status} {answer.data.decode()[:200]}")
    status = json.loads(answer.data)
    return status if status["may_enter"] else None


def expect_open(guide: Guide) -> None:
    """Raise TourError unless somebody without a pass sees the front."""
    stranger = Visitor(guide.outputs["front_url"], guide.settings).open("/")
    guide.expect(b"/app.js" in stranger.data, "the room is open, but a visitor without a pass doesn't see the front")


def switch(guide: Guide, mode: str) -> None:
    """Set the room's mode, as `python -m local room` does."""
    tell(guide, mode=mode)


def tell(guide: Guide, **said: Any) -> dict[str, Any]:
    """Say something to the room's controller, or nothing; answers the room's numbers. Raises TourError."""
    try:
        return room.tell(guide.outputs["room_controller"], {"room": ROOM, **said} if said else {}, guide.settings)[ROOM]
    except room.RoomError as error:
        raise TourError(str(error)) from error
