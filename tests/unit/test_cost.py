"""What the cost models say, held against sums made by hand and against the plans of the patterns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.api_gateway import (
    ApiGatewayPattern,
    ApiGatewayPatternArgs,
    Front,
    Mock,
    Monolith,
    Public,
    Route,
    Scopes,
)
from components.api_gateway import cost as api
from components.core import prices
from components.core.cost import Bill, gb, table
from components.core.pattern import Pattern
from components.core.prices import Price
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Fifo, Kinesis
from components.event_sourcing import cost as events
from components.fan_out import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.fan_out import cost as fan_out
from components.genai import GenAiWorkflow
from components.genai import cost as genai
from components.waiting_room import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs
from components.waiting_room import cost as waiting_room
from local import costs, pages
from local.settings import REPO
from tests.components import workflow_args
from tests.recorder import record

ROOMS = VirtualWaitingRoomArgs(rooms=[Room("shop", capacity=600)])
ROUTE = Route("GET", "/items", Mock(), Public("a test"))
SCOPED = Route("POST", "/items", Mock(), Scopes("shop/write"))
FRONT = Front(REPO / "tests" / "data" / "front")
API_USAGE = api.ApiUsage(requests=1_000_000, answer_kb=1.024, log_kb=0, traced=0)
EVENTS_USAGE = events.EventsUsage(events=1_000_000, event_kb=1, reads=0, kept=0, log_kb=0, traced=0)
FAN_OUT_USAGE = fan_out.FanOutUsage(
    uploads=1_000_000, upload_mb=1.024, rendition_mb=0, conversion_s=1, views=0, log_kb=0, traced=0
)


def of(bill: Bill, *wanted: Price, region: prices.Region = "us-east-1") -> float:
    """USD of the lines at these prices."""
    return sum(line.usd(region) for line in bill.lines if line.price in wanted)


def test_a_million_calls_of_an_api() -> None:
    bill = api.monthly(ApiGatewayPatternArgs(routes=[ROUTE, SCOPED]), API_USAGE)
    # 3.50 for the calls, 1,000,000 × 1.024 KB = 0.9766 GB out for 0.09, two routes of five metrics and one of the log
    # for 0.30, a client for 6.00, three alarms for 0.10 and a dashboard for 3.00.
    assert bill.total("us-east-1") == pytest.approx(3.50 + 0.9766 * 0.09 + 11 * 0.30 + 6.00 + 0.30 + 3.00, abs=1e-3)
    assert of(bill, prices.API_REQUEST, region="ap-northeast-1") == pytest.approx(4.25)
    assert bill.idle("us-east-1") == pytest.approx(6.00 + 0.30 + 3.00)


def test_an_api_behind_a_front_pays_cloudfront_for_what_leaves() -> None:
    usage = dataclasses.replace(API_USAGE, pages=1_000_000, page_kb=1.024, missed=0.5)
    bill = api.monthly(ApiGatewayPatternArgs(routes=[ROUTE], front=FRONT), usage)
    # Two million requests for 1.00 a million, as many calls of the function for 0.10, 1.953 GB for 0.085.
    cdn = of(bill, prices.CDN_REQUEST, prices.CDN_FUNCTION, prices.CDN_OUT_GB)
    assert cdn == pytest.approx(2.00 + 0.20 + 1.953 * 0.085, abs=1e-3)
    assert of(bill, prices.S3_READ) == pytest.approx(500 * 0.0004)
    assert of(bill, prices.OUT_GB) == 0


def test_a_million_uploads_through_one_converter() -> None:
    args = FanOutConverterArgs(converters=[Zip(memory_mb=1024)], max_upload_mb=512)
    bill = fan_out.monthly(args, FAN_OUT_USAGE)
    assert of(bill, prices.S3_WRITE) == pytest.approx(2_000 * 0.005)
    assert of(bill, prices.S3_READ) == pytest.approx(2_000 * 0.0004)
    assert of(bill, prices.S3_GB_MONTH) == pytest.approx(1000 * 0.023)
    # Forms: a million calls of 0.1 s and 256 MB; conversions: as many of 1 s and 1 GB, with 512 MB more of disk.
    assert of(bill, prices.CALL) == pytest.approx(0.40)
    assert of(bill, prices.GB_SECOND) == pytest.approx((25_000 + 1_000_000) * 0.0000133334)
    assert of(bill, prices.DISK_GB_SECOND) == pytest.approx(500_000 * 0.0000000309)
    # Three requests a message; 15 a minute for 43,800 minutes to ask one queue.
    assert of(bill, prices.QUEUE_REQUEST) == pytest.approx((3 + 0.657) * 0.40)
    assert of(bill, prices.ALARM, prices.DASHBOARD) == pytest.approx(5 * 0.10 + 3.00)


def test_a_million_events_through_one_shard() -> None:
    args = EventSourcedBatchArgs(log=Kinesis(shards=1, retention_h=24), projections=["daily_sales"])
    bill = events.monthly(args, EVENTS_USAGE)
    assert of(bill, prices.SHARD_HOUR, prices.PUT_UNIT) == pytest.approx(730 * 0.015 + 0.014)
    assert of(bill, prices.SHARD_HOUR_KEPT) == 0
    # Event and id in one transaction: four units; the projection's state and marker: four more.
    assert of(bill, prices.DB_WRITE) == pytest.approx(8 * 0.625)
    assert of(bill, prices.DB_READ) == pytest.approx(2 * 0.125)
    # A pipe asks four times a second for 2,628,000 seconds.
    assert of(bill, prices.DB_STREAM_READ) == pytest.approx(10.512 * 0.20)
    assert of(bill, prices.EVENT, prices.PIPE_REQUEST) == pytest.approx(1.00 + 0.40)


def test_a_thousand_videos_of_half_an_hour() -> None:
    usage = genai.WorkflowUsage(
        videos=1_000, minutes=30, video_mb=0, rounds=1, prompt_tokens=1_000, answer_tokens=250, polls=0
    )
    bill = genai.monthly(workflow_args(), usage)
    assert of(bill, prices.TRANSCRIBED_MINUTE) == pytest.approx(30_000 * 0.024)
    # Three answers a video, each a million tokens read for 0.06 and a quarter of that written for 0.24; an image 0.04.
    models = sum(line.usd("us-east-1") for line in bill.lines if line.price.service == "Bedrock")
    guarded = of(bill, prices.GUARDED_UNIT)
    assert models - guarded == pytest.approx(3 * 0.06 + 0.75 * 0.24 + 1_000 * 0.04)
    assert guarded == pytest.approx(3_000 * (4 + 1) * 0.00015)
    # Thirteen transitions of a run, nine of its round and two of each answer.
    assert of(bill, prices.TRANSITION) == pytest.approx(1_000 * (13 + 9 + 6) * 0.000025)
    assert bill.idle("us-east-1") == pytest.approx(1.00 + 6 * 0.10 + 3.00, abs=0.001)


def test_keeping_events_longer_costs_for_each_shard_and_over_a_week_for_each_gb() -> None:
    week = events.monthly(EventSourcedBatchArgs(log=Kinesis(shards=2)), EVENTS_USAGE)
    assert of(week, prices.SHARD_HOUR_KEPT) == pytest.approx(2 * 730 * 0.020)
    assert of(week, prices.STREAM_LONG_GB_MONTH) == 0
    longer = events.monthly(EventSourcedBatchArgs(log=Kinesis(shards=2, retention_h=168 + 730)), EVENTS_USAGE)
    assert of(longer, prices.STREAM_LONG_GB_MONTH) == pytest.approx(gb(kb=1_000_000) * 0.023)


def test_a_log_on_demand_pays_for_what_flows_and_a_queue_for_requests() -> None:
    demand = events.monthly(EventSourcedBatchArgs(log=Kinesis(retention_h=24)), EVENTS_USAGE)
    assert of(demand, prices.STREAM_HOUR, prices.STREAM_IN_GB, prices.STREAM_OUT_GB) == pytest.approx(
        730 * 0.040 + gb(kb=1_000_000) * 0.12
    )
    fifo = events.monthly(EventSourcedBatchArgs(log=Fifo()), EVENTS_USAGE)
    assert of(fifo, prices.FIFO_REQUEST) == pytest.approx((3 + 0.657) * 0.50)
    assert not any(line.price.service == "Kinesis" for line in fifo.lines)


def test_a_replay_writes_every_event_again() -> None:
    args = EventSourcedBatchArgs(log=Fifo(), projections=["daily_sales"])
    usage = dataclasses.replace(EVENTS_USAGE, events=0, kept=1_000_000, replays=2)
    bill = events.monthly(args, usage)
    assert of(bill, prices.DB_WRITE) == pytest.approx(2 * 4 * 0.625)
    assert of(bill, prices.DB_READ) == pytest.approx(2 * 0.25 * 0.125)


NOTHING: list[tuple[Callable[[], Bill], set[str]]] = [
    (
        lambda: api.monthly(ApiGatewayPatternArgs(routes=[ROUTE]), api.ApiUsage(requests=0, answer_kb=1)),
        {"alarms", "dashboard"},
    ),
    (
        lambda: fan_out.monthly(FanOutConverterArgs(converters=[Zip()]), dataclasses.replace(FAN_OUT_USAGE, uploads=0)),
        {"alarms", "dashboard", "empty queues, asked"},
    ),
    (
        lambda: events.monthly(EventSourcedBatchArgs(log=Fifo()), dataclasses.replace(EVENTS_USAGE, events=0)),
        {"alarms", "dashboard", "empty log, asked", "pipe, asking"},
    ),
]


@pytest.mark.parametrize(("bill", "paid"), NOTHING, ids=["api", "fan-out", "events"])
def test_when_nothing_happens_only_what_is_named_is_paid(bill: Callable[[], Bill], paid: set[str]) -> None:
    assert {line.what for line in bill().lines} == paid
    assert bill().total("us-east-1") == bill().idle("us-east-1")


MADE: list[tuple[Callable[..., Pattern], Any, Callable[[Any], int]]] = [
    (ApiGatewayPattern, ApiGatewayPatternArgs(routes=[ROUTE], monolith=Monolith("http://127.0.0.1:9")), api.alarms),
    (ApiGatewayPattern, ApiGatewayPatternArgs(routes=[ROUTE], front=FRONT), api.alarms),
    (FanOutConverter, FanOutConverterArgs(converters=[Zip()]), fan_out.alarms),
    (FanOutConverter, FanOutConverterArgs(converters=[Thumbnail(9, 9), ToJpeg(), Zip()]), fan_out.alarms),
    (EventSourcedBatch, EventSourcedBatchArgs(), events.alarms),
    (GenAiWorkflow, workflow_args(), genai.alarms),
    (EventSourcedBatch, EventSourcedBatchArgs(log=Fifo(), closing=None), events.alarms),
]


@pytest.mark.parametrize(("pattern", "args", "alarms"), MADE)
def test_a_model_counts_the_alarms_that_are_made(pattern: Any, args: Any, alarms: Callable[[Any], int]) -> None:
    plan = record(lambda: pattern("priced", args))
    assert alarms(args) == len(plan.of_type("aws:cloudwatch/metricAlarm:MetricAlarm"))


def test_a_price_that_is_not_known_in_a_region_is_shown_as_anothers() -> None:
    bill = Bill()
    bill.add(prices.PIPE_REQUEST, "events", 1_000_000)
    assert bill.total("ap-northeast-1") == pytest.approx(0.40)
    assert "| 0.40 | 0.40 * |" in table(bill)
    assert "us-east-1's is taken" in table(bill)


def test_the_examples_on_the_pages_are_what_the_models_say_now() -> None:
    for page, text in costs.tables().items():
        assert pages.block(REPO / page, "cost") == text, "run `make docs`"


def test_every_price_names_its_page() -> None:
    known = [value for value in vars(prices).values() if isinstance(value, Price)]
    assert known
    assert all(price.page.startswith("https://aws.amazon.com/") and "/pricing/" in price.page for price in known)


def test_the_front_of_the_example_is_the_reference_systems() -> None:
    assert (REPO / Path("web/front") / "index.html").is_file()


def test_a_day_of_a_waiting_room() -> None:
    usage = waiting_room.RoomUsage(arrivals=1_000_000, admissions=500_000, open_h=10, passed=0, log_kb=0, traced=0)
    bill = waiting_room.monthly(ROOMS, usage)
    # A million pages, eight polls of each, one beacon in fifty, and admissions: 9.52 million requests for 1.00, and as
    # many calls of the function for 0.10; three reads of the store each, and five more for a page, for 0.03.
    assert of(bill, prices.CDN_REQUEST, prices.CDN_FUNCTION) == pytest.approx(9.52 * 1.10)
    assert of(bill, prices.STORE_READ) == pytest.approx((3 * 9.52 + 5) * 0.03)
    # 240 steps an hour for 1.00 a thousand, and a version learnt anew each minute at most.
    assert of(bill, prices.STORE_REQUEST) == pytest.approx(10 * 300 * 0.001)
    assert of(bill, prices.API_REQUEST) == pytest.approx(0.52 * 3.50)
    assert bill.idle("us-east-1") == pytest.approx(0.40 + 3 * 0.10 + 3.00)
    plan = record(lambda: VirtualWaitingRoom("room", ROOMS))
    assert len(plan.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")) == waiting_room.alarms(ROOMS)
