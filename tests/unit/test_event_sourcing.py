"""What an EventSourcedBatch registers, and what it refuses before it registers anything."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.core.pattern import NotYet
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Fifo, Kinesis, defaults
from local.settings import REPO
from tests.recorder import Plan, record

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"log": Kinesis(shards=0)}, "shards=0 is not within 1-500"),
    ({"log": Kinesis(retention_h=23)}, "retention_h=23 is not within 24-8,760"),
    ({"log": "kinesis"}, "is neither Kinesis() nor Fifo()"),
    ({"projections": []}, "projections is empty"),
    ({"projections": ["daily_sales", "daily_sales"]}, "names one twice"),
    ({"segments": 0}, "segments=0 is not within 1-40"),
    ({"closing": "every night"}, "is no schedule expression"),
    ({"physical_name": "A_B"}, "physical_name('A_B')"),
]
WRITES = {
    "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
}  # fmt: skip


def plan_of(**arguments: Any) -> Plan:
    return record(lambda: EventSourcedBatch("events", EventSourcedBatchArgs(**arguments)))


@pytest.mark.parametrize(("arguments", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_wrong_arguments_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        EventSourcedBatchArgs(**arguments).check("events")


@pytest.mark.parametrize("argument", [{"export_bucket_arn": "arn:aws:s3:::b"}, {"projections": ["own"]}])
def test_what_is_to_come_is_refused_by_name(argument: dict[str, Any]) -> None:
    with pytest.raises(NotYet, match="not available yet"):
        EventSourcedBatchArgs(**argument).check("events")


@pytest.mark.parametrize("log", [Kinesis(shards=1), Kinesis(), Fifo()], ids=["shards", "on demand", "fifo"])
def test_nobody_may_do_more_to_the_event_table_than_append(log: Any) -> None:
    plan = plan_of(log=log)
    (table,) = [leaf for leaf in plan.of_type("aws:dynamodb/table:Table") if leaf.name == "events-events"]
    on_table = [
        (grant["because"], action)
        for grant in plan.ledger("grants")
        for action in grant["actions"]
        if any(resource.endswith(f":table/{table.inputs['name']}") for resource in grant["resources"])
    ]
    assert {action for _, action in on_table} & WRITES == set()
    assert [who for who, action in on_table if action == "dynamodb:PartiQLInsert"] == ["handler handlers.events.ingest"]


def test_the_key_schema_is_part_of_a_tables_name() -> None:
    names = {leaf.name: leaf.inputs["name"] for leaf in plan_of().of_type("aws:dynamodb/table:Table")}
    assert names["events-daily-sales-a"].rpartition("-")[2] == names["events-daily-sales-b"].rpartition("-")[2]
    assert names["events-events"].rpartition("-")[2] != names["events-pointers"].rpartition("-")[2]


def test_no_function_stands_between_the_table_and_the_bus_nor_before_a_read() -> None:
    plan = plan_of()
    assert {function.name for function in plan.of_type("aws:lambda/function:Function")} == {
        "events-ingest",
        "events-projector",
        "events-replay-prepare",
        "events-replay-segment",
        "events-replay-verify",
    }


def test_default_settings_are_what_the_page_says() -> None:
    table = (REPO / "docs" / "event-sourcing.md").read_text().split("## Default settings", 1)[1].split("\n## ", 1)[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    assert said == {name: str(value) for name, value in vars(defaults).items() if name.isupper()}
