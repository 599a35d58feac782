"""Events: sold once however often it is said, wrong ones kept aside, sums rebuilt while they are read."""

from __future__ import annotations

import json
from typing import Any

from local.tour.executions import follow
from local.tour.guide import Guide
from local.tour.program import purchase, token

_SALES = 3


def visit(guide: Guide) -> None:
    """Sell, say it twice, say nonsense, read, rebuild, read again."""
    key = token(guide, "events/write")
    sales = [purchase("The talk", 500) for _ in range(_SALES)]
    day = sales[0]["time"][:10]
    before = _sold(guide, day)
    for event in (*sales, sales[0]):
        answer = guide.api("POST", "/events", event, token=key)
        guide.expect(answer.status == 202, f"POST /events answers {answer.status}")
    guide.say(f"{_SALES} purchases were sent, the first of them twice: accepted, straight into the log")
    nonsense = {**purchase("The talk", 500), "type": "purchase.imagined"}
    guide.api("POST", "/events", nonsense, token=key)
    guide.await_("waiting for the sums", lambda: _sold(guide, day) == before + _SALES or None)
    guide.say(f"GET /sales/{day}: {before} before, {before + _SALES} now; the double counts once")
    letter = guide.await_("waiting for the quarantine", lambda: _quarantined(guide, nonsense["id"]))
    guide.say(f"an event of an unknown type waits in the quarantine and stopped nothing: {letter['reason']}")
    replay(guide, day)


def replay(guide: Guide, day: str) -> None:
    """Rebuild the sales of all days, and read one meanwhile."""
    wanted = json.dumps({"projection": "daily_sales", "require_same": True})
    machine = guide.outputs["events_replay"]
    started = guide.aws("stepfunctions").start_execution(stateMachineArn=machine, input=wanted)
    reads = 0

    def read() -> None:
        nonlocal reads
        guide.expect(guide.api("GET", f"/sales/{day}").status == 200, "reads stop while the sums are rebuilt")
        reads += 1

    follow(guide, started["executionArn"], "rebuilding the sums from all events", seconds=120, meanwhile=read)
    guide.say(
        f"the sums were rebuilt from all events into the idle table, and came out the same; {reads} reads meanwhile"
    )


def _sold(guide: Guide, day: str) -> int:
    answer = guide.api("GET", f"/sales/{day}")
    return answer.json()["state"]["sales"]["count"] if answer.status == 200 else 0


def _quarantined(guide: Guide, event: str) -> dict[str, Any] | None:
    letters = map(json.loads, guide.messages(guide.outputs["events_quarantine"]))
    return next((letter for letter in letters if event in letter["body"]), None)
