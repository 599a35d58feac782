"""Exercises of the API: what each route asks of a service under its own role."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from local.prove.exercise import Exercise
from local.tour.guide import Guide
from local.tour.program import purchase, token

_DAY_LONG_AGO, _SOLD_NOTHING = "2001-01-01", "1999-12-31"


def sign(guide: Guide) -> None:
    """Ask for a form to upload a poster with."""
    _expect(guide, 200, "POST", "/uploads", {"filename": "poster.png"})


def sell(guide: Guide) -> None:
    """Append a sale of long ago as a program, and as a visitor buy what was sold: the second is the first once more."""
    sale: dict[str, Any] = {**purchase("The proof", 1), "time": f"{_DAY_LONG_AGO}T00:00:00Z"}
    _expect(guide, 202, "POST", "/events", sale, token=token(guide, "events/write"))
    _expect(guide, 202, "POST", "/purchases", {"id": sale["id"], "order": sale["aggregate"], **sale["payload"]})


def read(guide: Guide) -> None:
    """Ask what was sold when nothing was, and how often nobody watched what there isn't: the answer is none."""
    _expect(guide, 404, "GET", f"/sales/{_SOLD_NOTHING}")
    _expect(guide, 404, "GET", f"/views/{uuid.uuid4()}")


def review(guide: Guide) -> None:
    """Follow a link to a review that was made up: it is looked for, and isn't there."""
    link = {"reference": str(uuid.uuid4()), "expires": int(time.time()) + 60, "mac": f"{'A' * 43}="}
    _expect(guide, 404, "POST", "/reviews", link)
    _expect(guide, 404, "POST", "/decisions", {**link, "decision": "revise", "comment": "Shorter, please."})


def _exercise(run: Callable[[Guide], None], behind: str) -> Exercise:
    return Exercise(name=f"api.{run.__name__}", needs=f"api_url {behind}", run=run)


EXERCISES = (
    _exercise(sign, "posters_upload_function"),
    _exercise(sell, "events_replay"),
    _exercise(read, "events_replay"),
    _exercise(review, "titles_uploads"),
)


def _expect(guide: Guide, status: int, method: str, path: str, body: Any = None, *, token: str = "") -> None:
    answer = guide.api(method, path, body, token=token)
    route = f"{method} {path}"
    guide.expect(
        answer.status == status,
        f"{route} answers {answer.status} instead of {status}: {answer.data.decode().strip()[:200]}",
    )
