"""What comes out of an event log, and what time puts in: change events on the bus, and the closing of the day."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import fastjsonschema
import pytest

from local.settings import REPO
from tests.local.conftest import Client
from tests.local.emulation import Workbench, allow, document, unique
from tests.local.event_logs import DeployedLog, playback, purchase

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("event-logs")]

Eventually = Callable[..., Any]
Item = dict[str, Any]

over_one = pytest.mark.parametrize("log", ["kinesis"], indirect=True)
"""Behind the event table nothing depends on the kind of log."""


@pytest.fixture
def observer(log: DeployedLog, aws: Client, bench: Workbench) -> Callable[[], list[Item]]:
    """Another domain: a rule on the bus that wants purchases alone, and its queue. Gives what has come."""
    name, bus = unique("observer"), log.names["bus"]
    url, queue = bench.queue()
    wanted = {"source": [log.kind], "detail-type": ["event.appended"], "detail": {"type": ["purchase.completed"]}}
    rule = aws("events").put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(wanted))["RuleArn"]
    sender = {"Principal": {"Service": "events.amazonaws.com"}, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}
    policy = document(allow(["sqs:SendMessage"], [queue], **sender))
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws("events").put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue}])
    seen: list[Item] = []

    def come() -> list[Item]:
        seen.extend(_taken(aws, url))
        return seen

    return come


PROMISED = fastjsonschema.compile(
    json.loads((REPO / "components" / "event_sourcing" / "schemas" / "event.appended.v1.json").read_text())
)


@over_one
def test_each_event_is_told_to_others_once_by_its_identity_alone(
    log: DeployedLog, observer: Callable[[], list[Item]], eventually: Eventually
) -> None:
    order = unique("order")
    first, last = purchase(order, correlation="request-7"), purchase(order)
    log.append([first, playback(order, "Metropolis"), first, purchase(order, version=99), last])
    eventually(lambda: len([one for one in observer() if one["detail"]["aggregate"] == order]) >= 2, 40)
    told = [one for one in observer() if one["detail"]["aggregate"] == order]
    assert [(one["source"], one["detail-type"]) for one in told] == [(log.kind, "event.appended")] * 2
    assert [one["detail"] for one in told] == [
        {
            **{name: event[name] for name in ("id", "type", "aggregate", "time")},
            "version": "2",  # a pipe takes numbers for what they are in a table's stream: texts
            "sequence": sequence,
            "correlation": event.get("correlation", event["id"]),
        }
        for sequence, event in (("1", first), ("3", last))
    ]
    for one in told:
        PROMISED(one["detail"])


@over_one
def test_what_the_bus_refuses_is_named_to_a_queue_with_the_reason_and_the_rest_goes_on(
    log: DeployedLog, aws: Client, observer: Callable[[], list[Item]], eventually: Eventually
) -> None:
    order, queue = unique("order"), f"event-logs-local-{log.kind}-changes-discarded"
    url = aws("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    refused, later = purchase(order), purchase(order)
    with log.without("changes", "events:PutEvents"):
        log.append([refused])
        [letter] = eventually(lambda: _taken(aws, url), 60)
    assert letter["context"]["condition"] == "RetryAttemptsExhausted"
    assert _streamed(aws, letter["DDBStreamBatchInfo"]) == refused["id"]
    log.append([later])
    eventually(lambda: [one for one in observer() if one["detail"]["id"] == later["id"]], 40)
    assert refused["id"] not in [one["detail"]["id"] for one in observer()]


def test_the_scheduler_closes_the_day_before_and_twice_late_or_by_hand_changes_nothing(
    log: DeployedLog, aws: Client, eventually: Eventually
) -> None:
    now = datetime.now(UTC)
    day = (now - timedelta(days=1)).date().isoformat()
    eventually(lambda: len(log.kept_of(f"day-{day}")) == 1, 40)  # the schedule began with the deployment
    eventually(lambda: log.read("daily_sales", day).json().get("state", {}).get("closed"), 40)
    sale = purchase(unique("order"), time=f"{day}T12:00:00Z")
    log.append([sale])
    eventually(lambda: log.kept_of(sale["aggregate"]), 40)
    before = eventually(lambda: _row(log, day) if _row(log, day)["revision"] != {"N": "1"} else None, 40)

    _tick_again(log, aws)
    by_hand = json.dumps({"tick": "day.closed", "time": f"{now.date()}T00:00:00Z"}).encode()
    log.append([by_hand] * 2, group="day")
    eventually(lambda: _duplicates(log, day) >= 3, 40)
    assert len(log.kept_of(f"day-{day}")) == 1
    assert _row(log, day) == before


def test_a_tick_that_comes_late_closes_its_own_day(log: DeployedLog, eventually: Eventually) -> None:
    moment = datetime.now(UTC) - timedelta(days=40)
    day = (moment - timedelta(days=1)).date().isoformat()
    late = json.dumps({"tick": "day.closed", "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}).encode()
    log.append([late, late], group="day")
    eventually(lambda: log.read("daily_sales", day).json().get("state", {}).get("closed"), 40)
    assert len(log.kept_of(f"day-{day}")) == 1


def _tick_again(log: DeployedLog, aws: Client) -> None:
    """A rate begins anew when its schedule is written: the same tick, from the same schedule, under its own role."""
    scheduler, name = aws("scheduler"), log.names["closing"]
    found = scheduler.get_schedule(Name=name, GroupName=name)
    given = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{key: found[key] for key in given})


def _duplicates(log: DeployedLog, day: str) -> int:
    """How often the ingest has said that the day's closing was there already."""
    return sum(line["message"] == "duplicate" for line in log.said("ingest", f"day-{day}"))


def _row(log: DeployedLog, day: str) -> Item:
    rows = log.projection_rows("daily_sales", log.active("daily_sales"))
    [row] = [row for row in rows if row["key"]["S"] == f"state#{day}"]
    return row


def _taken(aws: Client, url: str) -> list[Item]:
    """What a queue holds, taken out."""
    sqs, found = aws("sqs"), []
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found.append(json.loads(message["Body"]))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _streamed(aws: Client, batch: Item) -> str:
    """The id of the event that a letter names: the table's stream has it for a day."""
    where = {"StreamArn": batch["streamArn"], "ShardId": batch["shardId"]}
    streams, number = aws("dynamodbstreams"), batch["startSequenceNumber"]
    at = streams.get_shard_iterator(**where, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=number)
    [record] = streams.get_records(ShardIterator=at["ShardIterator"], Limit=1)["Records"]
    return record["dynamodb"]["NewImage"]["id"]["S"]
