"""What an EventSourcedBatch promises, on the local AWS with IAM on: the same over a stream and over a FIFO queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Client
from tests.local.emulation import TRUST_ROOT, document, unique
from tests.local.event_logs import DeployedLog, playback, purchase

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("event-logs")]

Eventually = Callable[..., Any]

POISON: dict[str, Any] = {
    "not-json": b"{",
    "not-an-envelope": {"id": 7},
    "unknown-type": purchase("x", type="purchase.imagined"),
    "unknown-version": purchase("x", version=99),
    "invalid-payload": purchase("x", payload={"title": "Metropolis"}),
    "reserved-type": purchase("x", type="conflict", version=1, payload={"refused": {}, "next": 1}),
    "not-a-tick": {"tick": "day.closed", "time": "2999-01-01T00:00:00Z"},
}


def test_an_event_is_accepted_kept_and_counted(log: DeployedLog, eventually: Eventually) -> None:
    title, event = unique("title"), playback(unique("viewer"), "")
    event["payload"]["title"] = title
    assert log.read("views_by_title", title).status == 404
    accepted = log.post(event)
    assert accepted.status == 202
    answer = eventually(lambda: (read := log.read("views_by_title", title)).status == 200 and read.json(), 40)
    assert answer["state"] == {"views": 1}
    assert answer["age_seconds"] >= 0
    [item] = [item for item in log.kept() if item["id"]["S"] == event["id"]]
    assert json.loads(item["payload"]["S"]) == event["payload"]


def test_how_far_a_projection_is_behind_is_measured(log: DeployedLog, aws: Client, eventually: Eventually) -> None:
    log.append([purchase(unique("order"))])
    of = {"FunctionName": log.names["projector"], "Projection": "daily_sales"}
    call = {
        "Namespace": "Serviceful/Events",
        "MetricName": "ProjectionLag",
        "Dimensions": [{"Name": name, "Value": value} for name, value in of.items()],
        "StartTime": datetime.now(UTC) - timedelta(hours=1),
        "EndTime": datetime.now(UTC) + timedelta(hours=1),
        "Period": 7200,
        "Statistics": ["Maximum"],
    }
    [point] = eventually(lambda: aws("cloudwatch").get_metric_statistics(**call)["Datapoints"], 40)
    assert 0 < point["Maximum"] < 40_000
    assert point["Unit"] == "Milliseconds"
    alarm = f"event-logs-local-{log.kind}-daily-sales-lag"
    [found] = aws("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert (found["MetricName"], found["Dimensions"]) == (call["MetricName"], call["Dimensions"])


def test_an_aggregates_events_are_kept_in_the_order_in_which_they_were_sent(
    log: DeployedLog, eventually: Eventually
) -> None:
    aggregates = [unique("order") for _ in range(5)]
    events = [purchase(aggregates[number % 5]) for number in range(60)]
    log.append(events)
    for aggregate in aggregates:
        sent = [event["id"] for event in events if event["aggregate"] == aggregate]
        eventually(lambda one=aggregate, ids=sent: log.kept_of(one) == ids, 40)


def test_an_event_that_comes_again_counts_once(log: DeployedLog, eventually: Eventually) -> None:
    order, title = unique("order"), unique("title")
    event, last = playback(order, title), playback(order, title)
    assert [log.post(event).status for _ in range(2)] == [202, 202]
    log.append([event, event, last, event])
    eventually(lambda: log.kept_of(order) == [event["id"], last["id"]], 40)
    eventually(lambda: log.read("views_by_title", title).json().get("state") == {"views": 2}, 40)


def test_what_is_no_event_goes_to_quarantine_with_its_position_and_reason_and_its_aggregate_goes_on(
    log: DeployedLog, eventually: Eventually
) -> None:
    order, events, records = unique("order"), [], []
    for body in POISON.values():
        events.append(purchase(order))
        records += [body, events[-1]]
    numbers = dict(zip(POISON, log.append(records, group=order)[::2], strict=True))

    eventually(lambda: log.kept_of(order) == [event["id"] for event in events], 40)
    expected = set(numbers.items())

    def letters() -> set[tuple[str, str]]:
        return {(letter["reason"], letter["position"]["sequence_number"]) for letter in log.letters()}

    eventually(lambda: expected <= letters(), 40)
    for letter in log.letters():
        assert letter["detail"]
        assert letter["position"]["log"].endswith(log.names["log"])


def test_a_conflict_is_an_event_that_holds_what_was_refused(log: DeployedLog, eventually: Eventually) -> None:
    order = unique("order")
    first, refused = purchase(order, sequence=1), purchase(order, sequence=1)
    later = purchase(order, sequence=3)
    assert [log.post(event).status for event in (first, refused, later)] == [202] * 3
    eventually(lambda: log.kept_of(order) == [first["id"], "conflict", later["id"]], 40)
    [conflict] = [item for item in log.kept() if item.get("causation") == {"S": refused["id"]}]
    assert json.loads(conflict["payload"]["S"])["refused"]["id"] == refused["id"]


def test_what_meets_a_failure_of_aws_comes_again_in_order(log: DeployedLog, eventually: Eventually) -> None:
    order, bystander = unique("order"), unique("order")
    events = [purchase(order if number % 2 else bystander) for number in range(8)]
    before = len(log.said("ingest", "comes again"))
    with log.without("ingest", "dynamodb:PartiQLInsert"):
        log.append(events)
        eventually(lambda: len(log.said("ingest", "comes again")) > before, 40)
        assert log.kept_of(order) == []
    for aggregate in (order, bystander):
        sent = [event["id"] for event in events if event["aggregate"] == aggregate]
        eventually(lambda one=aggregate, ids=sent: log.kept_of(one) == ids, 40)


def test_no_role_of_the_program_can_change_or_remove_what_was_appended(
    log: DeployedLog, aws: Client, as_role: Callable[[str], Client], eventually: Eventually
) -> None:
    order = unique("order")
    log.append([purchase(order)])
    eventually(lambda: log.kept_of(order), 40)
    table, key = log.names["events"], {"aggregate": {"S": order}, "sequence": {"N": "1"}}
    where = f"WHERE aggregate = '{order}' AND sequence = 1"
    attempts: dict[str, Callable[[Any], Any]] = {
        "PutItem": lambda client: client.put_item(TableName=table, Item=key),
        "UpdateItem": lambda client: client.update_item(TableName=table, Key=key),
        "DeleteItem": lambda client: client.delete_item(TableName=table, Key=key),
        "BatchWriteItem": lambda client: client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}}]}),
        "PartiQLUpdate": lambda client: client.execute_statement(Statement=f'UPDATE "{table}" SET x = 1 {where}'),
        "PartiQLDelete": lambda client: client.execute_statement(Statement=f'DELETE FROM "{table}" {where}'),
    }
    before = log.kept_of(order)
    roles = [role for page in aws("iam").get_paginator("list_roles").paginate() for role in page["Roles"]]
    ours = [role for role in roles if role["RoleName"].startswith("event-logs-local-")]
    assert len(ours) > 20
    for role in ours:
        client = as_role(_trusting_root(aws, role))("dynamodb")
        for action, attempt in attempts.items():
            with pytest.raises(ClientError, match=f"not authorized to perform: dynamodb:{action} "):
                attempt(client)
    assert log.kept_of(order) == before


def _trusting_root(aws: Client, role: dict[str, Any]) -> str:
    """The role's ARN, once the tests may take it on: what it may do stays as it was deployed."""
    trusted = role["AssumeRolePolicyDocument"]["Statement"]
    root = {"Effect": "Allow", "Principal": TRUST_ROOT, "Action": "sts:AssumeRole"}
    if root not in trusted:
        policy = document(*trusted, root)
        aws("iam").update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=policy)
    return role["Arn"]
