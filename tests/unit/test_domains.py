"""Domains know each other by schema files alone: what one reads is what the other promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components import EventSourcedBatch, EventSourcedBatchArgs
from components.core.pattern import NotYet
from components.event_sourcing import Fifo, Subscription
from handlers.events.envelope import parse
from handlers.events.projections import VIEWS_BY_TITLE
from local.settings import REPO
from tests.events import message
from tests.recorder import Plan, record

PRODUCED = REPO / "components" / "genai" / "schemas"
CONSUMED = REPO / "handlers" / "events" / "schemas"
RUN = "a" * 64


def schema(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


VIDEO = Subscription(source="titles", type="video.published", version=1, aggregate="$.detail.run")


def planned(**more: Any) -> Plan:
    return record(lambda: EventSourcedBatch("events", EventSourcedBatchArgs(subscriptions=[VIDEO], **more)))


def test_what_the_event_log_reads_of_a_published_video_is_promised() -> None:
    promised, read = (schema(folder / "video.published.v1.json") for folder in (PRODUCED, CONSUMED))
    assert set(read["required"]) <= set(promised["required"])
    for name, shape in read["properties"].items():
        assert promised["properties"][name] == shape
    assert read.get("additionalProperties", True), "what is added to a version must not stop its readers"


def test_another_domains_event_becomes_a_record_by_a_rule_alone() -> None:
    plan = planned()
    target = next(one for one in plan.resources if one.type == "aws:cloudwatch/eventTarget:EventTarget")
    template = target.inputs["inputTransformer"]["inputTemplate"]
    filled = {"<id>": '"i"', "<aggregate>": f'"{RUN}"', "<time>": '"2026-11-22T09:30:00Z"', "<payload>": "{}"}
    for name, value in filled.items():
        template = template.replace(name, value)
    envelope = json.loads(template)
    assert (envelope["type"], envelope["version"], envelope["aggregate"]) == ("video.published", 1, RUN)
    (grant,) = [one for one in plan.ledger("grants") if one["because"] == "rule video-published"]
    assert grant["actions"] == ["kinesis:PutRecord"]
    assert target.inputs["deadLetterConfig"]


def test_a_published_title_is_known_before_anybody_has_watched_it() -> None:
    payload = {"version": 1, "run": RUN, "title": "The launch talk", "more": "of later versions"}
    published = parse(message(1, type="video.published", version=1, aggregate=RUN, payload=payload))
    watched = parse(message(2, type="playback.started", version=1, payload={"title": "The launch talk"}))
    assert VIEWS_BY_TITLE.key_of(published) == VIEWS_BY_TITLE.key_of(watched) == "The launch talk"
    assert VIEWS_BY_TITLE.fold(None, [published]) == {"views": 0}
    assert VIEWS_BY_TITLE.fold(None, [published, watched]) == VIEWS_BY_TITLE.fold(None, [watched, published])


def test_subscriptions_that_cannot_work_are_refused() -> None:
    with pytest.raises(NotYet, match="a subscription into a FIFO log"):
        planned(log=Fifo())
    with pytest.raises(ValueError, match="two subscriptions are for one type"):
        record(lambda: EventSourcedBatch("events", EventSourcedBatchArgs(subscriptions=[VIDEO] * 2)))
