"""Exercises of the waiting room: visitors who come, operators who switch, and the queue between edge and controller."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.browse import Visitor
from local.prove.consumer import take_letters
from local.prove.exercise import Exercise
from local.prove.functions import expect_logged, renew, variables
from local.tour.guide import Guide, TourError
from local.tour.room import PAGE, ROOM, expect_open, tell, turn

_TICKET, _PASS = f"room-{ROOM}-ticket", f"room-{ROOM}-pass"
_MARK = "prove-"
_MOST_VISITORS = 2_000
_AMPLE = 6_000
"""Admissions a minute: nobody waits for those who were counted before and never came."""

_MINUTE_S, _SPARE_S = 60, 3


@dataclass(frozen=True)
class _Room:
    """The room, as its operator and its visitors see it."""

    guide: Guide
    controller: str
    admission: str
    """The function that admits."""

    told: Mapping[str, str]
    """What the controller is told by its deployment."""

    @classmethod
    def of(cls, guide: Guide) -> _Room:
        """The stack's."""
        controller: str = guide.outputs["room_controller"]
        admission = f"{controller.removesuffix('controller')}admit"
        return cls(guide, controller, admission, variables(guide, controller))

    def reset(self) -> None:
        """As the program says."""
        tell(self.guide, mode=json.loads(self.told["ROOMS"])[ROOM]["start"], capacity=0)

    def come(self) -> tuple[Visitor, bytes]:
        """Somebody without a pass opens the front: a visitor with a ticket, and the page that they see."""
        visitor = Visitor(self.guide.outputs["front_url"], self.guide.settings)
        page = visitor.open("/")
        self.guide.expect(_TICKET in visitor.cookies, "a visitor gets no ticket although visitors have to queue")
        return visitor, page.data

    def admit(self) -> Visitor:
        """Somebody comes, and enters when it is their turn."""
        visitor, _ = self.come()

        def its_turn() -> Any:
            tell(self.guide)
            return turn(self.guide, visitor)

        self.guide.await_("waiting for a visitor's turn", its_turn)
        self.enter(visitor, "POST")
        return visitor

    def enter(self, visitor: Visitor, method: str) -> str:
        """Ask for the pass, as the waiting page does (POST) or a browser without scripts (GET); answers it."""
        visitor.cookies.pop(_PASS, None)
        answer = visitor.ask(method, f"{PAGE}/admit?return=%2F", accept="text/html")
        got = _PASS in visitor.cookies
        self.guide.expect(got, f"a visitor whose turn it is asks by {method} and gets no pass but {answer.status}")
        return visitor.cookies[_PASS]


def switch(guide: Guide) -> None:
    """Let everybody queue, and nobody: the rule that runs the controller goes on and off."""
    room = _Room.of(guide)
    tell(guide, mode="queue")
    room.come()
    guide.expect(_is_on(room), "the rule that paces the room is off although visitors queue")
    tell(guide, mode="open")
    guide.expect(not _is_on(room), "the rule that paces the room is on although nobody queues")
    expect_open(guide)
    room.reset()


def admit(guide: Guide) -> None:
    """Admit a visitor; who comes again when the room is full gets the same pass."""
    room = _Room.of(guide)
    tell(guide, mode="queue", capacity=_AMPLE)
    guide.await_("waiting for a minute that lasts", lambda: time.time() % _MINUTE_S < _MINUTE_S - _SPARE_S or None)
    visitor = room.admit()
    first = visitor.cookies[_PASS]
    tell(guide, capacity=1)
    again = room.enter(visitor, "GET")
    guide.expect(again == first, "a visitor who was admitted gets another pass when they ask again")
    room.reset()


def count(guide: Guide) -> None:
    """Visitors come until one is counted, as a sample of those who arrive."""
    room = _Room.of(guide)
    before = tell(guide, mode="queue")["arrivals"]
    for _ in range(_MOST_VISITORS):
        visitor, page = room.come()
        if f"{PAGE}/beacon".encode() in page:
            break
    else:
        raise TourError(f"of {_MOST_VISITORS} visitors the edge has none counted")
    answer = visitor.ask("GET", f"{PAGE}/beacon")
    guide.expect(answer.status == 204, f"a visitor who is counted is answered with {answer.status}")
    guide.expect(tell(guide)["arrivals"] > before, "a visitor was counted, and the controller knows of no arrival")
    room.reset()


def refuse(guide: Guide) -> None:
    """Bring the controller a message that counts nobody: it becomes a dead letter with the reason."""
    room = _Room.of(guide)
    tell(guide, mode="queue")
    message = f"{_MARK}{uuid.uuid4().hex[:8]}"
    guide.aws("sqs").send_message(QueueUrl=room.told["BEACONS_URL"], MessageBody=message)

    def letters() -> list[str] | None:
        tell(guide)
        return take_letters(guide, room.told["DEAD_LETTERS_URL"], message) or None

    (letter,) = guide.await_("waiting for the dead letter of a message that counts nobody", letters)
    guide.expect(
        bool(json.loads(letter).get("reason")), "the dead letter of a message that counts nobody says no reason"
    )
    room.reset()


def rotate(guide: Guide) -> None:
    """Throw the keys away, which voids all tickets; then put them back."""
    room = _Room.of(guide)
    tell(guide, mode="queue")
    visitor, _ = room.come()
    secrets, secret = guide.aws("secretsmanager"), room.told["KEYS_SECRET"]
    kept = secrets.get_secret_value(SecretId=secret)["SecretString"]
    tell(guide, rotate_keys=True, force=True)
    void = visitor.ask("GET", f"{PAGE}/status", accept="application/json")
    guide.expect(void.status == 403, f"a ticket of keys that were thrown away is answered with {void.status}")
    secrets.put_secret_value(SecretId=secret, SecretString=kept)
    tell(guide)
    turn(guide, visitor)
    room.reset()


def start(guide: Guide) -> None:
    """Start both functions anew: they find the keys and the edge's store, and what they do is in their logs."""
    room = _Room.of(guide)
    since = renew(guide, room.controller, room.admission)
    tell(guide, mode="queue", capacity=_AMPLE)
    expect_logged(guide, room.controller, '"done"', since)
    room.admit()
    expect_logged(guide, room.admission, '"admitted"', since)
    room.reset()


def tidy(guide: Guide) -> None:
    """Open the room as the program says, and take out what was sent to its controller."""
    room = _Room.of(guide)
    guide.aws("sqs").purge_queue(QueueUrl=room.told["BEACONS_URL"])
    room.reset()
    take_letters(guide, room.told["DEAD_LETTERS_URL"], _MARK)


def tidy_keys(guide: Guide) -> None:
    """Besides, let the function that admits forget keys that may be void."""
    tidy(guide)
    renew(guide, _Room.of(guide).admission)


def _is_on(room: _Room) -> bool:
    rule = room.guide.aws("events").describe_rule(Name=room.told["TICK_RULE"])
    return rule["State"] == "ENABLED"


def _exercise(run: Callable[[Guide], None], tidy: Callable[[Guide], None] = tidy) -> Exercise:
    return Exercise(name=f"room.{run.__name__}", needs="room_controller front_url", run=run, tidy=tidy, alone=True)


EXERCISES = (
    _exercise(switch),
    _exercise(admit),
    _exercise(count),
    _exercise(refuse),
    _exercise(rotate, tidy_keys),
    _exercise(start),
)
