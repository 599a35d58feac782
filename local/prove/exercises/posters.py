"""Exercises of the fan-out converter: what a user uploads, and what its queues may bring."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Mapping
from typing import Any

import pyvips

from local import browse
from local.prove.consumer import Consumer, take_letters, wake
from local.prove.exercise import Exercise
from local.prove.functions import expect_logged, renew, variables
from local.tour.guide import PATIENCE_S, Guide, TourError

_NOTHING = {"Event": "s3:TestEvent"}
"""What S3 sends when notifications are set up: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""

_OURS = "uploads/prove-"


def convert(guide: Guide) -> None:
    """Post a picture, then another with the same form: each is converted in all ways."""
    form = _form(guide)
    branches = _branches(guide)
    before: Mapping[str, bytes] = {}
    for colour in (40, 200):
        picture: Any = pyvips.Image.black(400, 300) + colour
        posted = browse.upload(form, form["filename"], picture.cast("uchar").pngsave_buffer())
        guide.expect(posted.status < 300, f"the form that was signed for a poster is refused with {posted.status}")
        before = {
            name: branch.await_(f"no {name} of a poster", functools.partial(_newer, guide, name, form["key"], before))
            for name, branch in branches.items()
        }
    for branch in branches.values():
        branch.finish()


def pass_over(guide: Guide) -> None:
    """Announce an upload that was deleted meanwhile: there is nothing to do, and that is no failure."""
    branches = _branches(guide)
    key = _announce(guide, branches, size=1)
    for name, branch in branches.items():
        branch.finish()
        guide.expect(
            not take_letters(guide, _letters(guide, branch), key), f"a deleted upload is a dead letter of {name}"
        )


def refuse(guide: Guide) -> None:
    """Announce a file of no bytes: one dead letter says why, and so does what stands in the rendition's place."""
    branches = _branches(guide)
    key = _announce(guide, branches, size=0)
    for name, branch in branches.items():
        queue = _letters(guide, branch)
        letters = branch.await_(
            f"no dead letter says why an empty file has no {name}",
            lambda queue=queue: take_letters(guide, queue, key) or None,
        )
        reasons = [json.loads(letter)["reason"] for letter in letters]
        guide.expect(reasons == ["empty"], f"the dead letters of {name} say {reasons} of an empty file")
        branch.finish()
        shown = _rendition(guide, name, key)
        guide.expect(
            shown.headers.get("Content-Type") == "application/problem+json",
            f"who looks for the {name} of an empty file isn't told why there is none",
        )


def log(guide: Guide) -> None:
    """Start every function anew: what each does is in its log."""
    form = guide.outputs["posters_upload_function"]
    since = renew(guide, form)
    expect_logged(guide, form, _form(guide)["key"], since)
    for name, branch in _branches(guide).items():
        since = renew(guide, branch.function)
        key = _announce(guide, {name: branch}, size=1)
        branch.finish()
        expect_logged(guide, branch.function, key, since)


def tidy(guide: Guide) -> None:
    """Empty the queues of what no longer comes to an end, and let every mapping find out that it works again."""
    branches = _consumers(guide).values()
    for branch in branches:
        branch.purge()
    wake(branches, _NOTHING, PATIENCE_S)
    for branch in branches:
        take_letters(guide, _letters(guide, branch), _OURS)


EXERCISES = tuple(
    Exercise(name=f"posters.{name}", needs="posters_upload_function", run=run, tidy=tidy)
    for name, run in (("pass-over", pass_over), ("refuse", refuse), ("convert", convert), ("log", log))
)


def _consumers(guide: Guide) -> dict[str, Consumer]:
    """Converter → its function and queue."""
    prefix = guide.outputs["posters_upload_function"].removesuffix("form")
    return {name: Consumer.of(guide, f"{prefix}{name}") for name in guide.outputs["posters_renditions"]}


def _branches(guide: Guide) -> dict[str, Consumer]:
    """The same, each awake."""
    branches = _consumers(guide)
    wake(branches.values(), _NOTHING)
    return branches


def _letters(guide: Guide, branch: Consumer) -> str:
    """The URL of its dead-letter queue."""
    return variables(guide, branch.function)["DEAD_LETTERS_URL"]


def _form(guide: Guide) -> dict[str, Any]:
    filename = f"prove-{uuid.uuid4().hex[:8]}.png"
    answer = guide.aws("lambda").invoke(
        FunctionName=guide.outputs["posters_upload_function"], Payload=json.dumps({"filename": filename})
    )
    form = json.loads(answer["Payload"].read())
    if "fields" not in form:
        raise TourError(f"there is no form for a poster: {form}")
    return {**form, "filename": filename}


def _announce(guide: Guide, branches: Mapping[str, Consumer], *, size: int) -> str:
    """Say to every branch, as S3 does, that an object was created, which isn't there; answers its key."""
    bucket = variables(guide, guide.outputs["posters_upload_function"])["UPLOADS_BUCKET"]
    key = f"{_OURS}{uuid.uuid4().hex[:8]}/poster.png"
    thing = {"key": key, "eTag": uuid.uuid4().hex, "sequencer": "0055AED6DCD90281E5", "size": size}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": thing}}
    for branch in branches.values():
        branch.send({"Records": [record]})
    return key


def _newer(guide: Guide, converter: str, key: str, before: Mapping[str, bytes]) -> bytes | None:
    """The rendition of an upload, once it is there and another than before."""
    rendition = _rendition(guide, converter, key)
    there = rendition.status == 200 and rendition.headers.get("Content-Type") != "application/problem+json"
    return rendition.data if there and rendition.data != before.get(converter) else None


def _rendition(guide: Guide, converter: str, key: str) -> Any:
    """What the distribution answers."""
    url = guide.outputs["posters_renditions"][converter].replace("{upload}", key.partition("/")[2])
    return browse.get(url, guide.settings)
