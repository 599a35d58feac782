"""Events through the deployed system: in by the API, out of its projections, rebuilt and read all the while."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local import browse
from local.settings import Settings
from tests.local.event_logs import purchase
from tests.local.tokens import token_of

pytestmark = pytest.mark.xdist_group("reference-system")

Client = Callable[..., Any]
Eventually = Callable[..., Any]


class Shop:
    """A program that writes events, and a reader of totals."""

    def __init__(self, settings: Settings, outputs: dict[str, Any], aws: Client) -> None:
        self.settings, self.outputs, self.aws = settings, outputs, aws
        self.token = token_of(settings, aws, outputs["api_user_pool"], outputs["api_client"], "events/write")

    def send(self, event: Any, token: str | None = None) -> Any:
        headers = {"Authorization": self.token if token is None else token}
        return browse.request("POST", f"{self.outputs['api_url']}/events", self.settings, json=event, headers=headers)

    def buy(self, sale: Any) -> Any:
        return browse.post(f"{self.outputs['api_url']}/purchases", sale, self.settings)

    def events_table(self) -> str:
        names = self.aws("dynamodb").list_tables()["TableNames"]
        return next(name for name in names if name.startswith("serviceful-local-events-events-"))

    def read(self, path: str) -> Any:
        return browse.get(f"{self.outputs['api_url']}{path}", self.settings)

    def sold(self, day: str) -> int:
        answer = self.read(f"/sales/{day}")
        return answer.json()["state"]["sales"]["count"] if answer.status == 200 else 0

    def quarantined(self) -> list[dict[str, Any]]:
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName="serviceful-local-events-quarantine")["QueueUrl"]
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.fixture(scope="module")
def shop(local_aws: Settings, reference_system: dict[str, Any], aws: Client) -> Shop:
    return Shop(local_aws, reference_system["outputs"], aws)


def test_events_are_summed_up_once_and_a_replay_comes_to_the_same(shop: Shop, eventually: Eventually) -> None:
    event = purchase("order-1")
    day = event["time"][:10]
    before = shop.sold(day)
    assert [shop.send(event).status for _ in range(3)] == [202] * 3
    for number in range(5):
        assert shop.send(purchase(f"order-{uuid.uuid4()}-{number}")).status == 202
    eventually(lambda: shop.sold(day) == before + 6, 40)
    live = shop.read(f"/sales/{day}").json()
    assert live["age_seconds"] >= 0

    machines = shop.aws("stepfunctions")
    given = json.dumps({"projection": "daily_sales", "require_same": True})
    started = machines.start_execution(stateMachineArn=shop.outputs["events_replay"], input=given)

    def ended() -> Any:
        assert shop.sold(day) >= before + 6, "reads stopped while the projection was rebuilt"
        execution = machines.describe_execution(executionArn=started["executionArn"])
        return execution if execution["status"] != "RUNNING" else None

    execution = eventually(ended, 90)
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["different"] == []
    assert shop.read(f"/sales/{day}").json()["state"] == live["state"]
    shop.send(purchase(f"order-{uuid.uuid4()}"))
    eventually(lambda: shop.sold(day) == before + 7, 40)


def test_what_is_no_event_is_quarantined_with_the_reason_and_the_rest_goes_on(
    shop: Shop, eventually: Eventually
) -> None:
    poison = purchase("order-poison", type="purchase.imagined")
    day = poison["time"][:10]
    before = shop.sold(day)
    assert shop.send(poison).status == 202
    assert shop.send(purchase(f"order-{uuid.uuid4()}")).status == 202
    (letter,) = eventually(lambda: [one for one in shop.quarantined() if poison["id"] in one["body"]], 40)
    assert letter["reason"]
    assert letter["position"]
    eventually(lambda: shop.sold(day) == before + 1, 40)


def test_a_visitors_purchase_becomes_an_event_that_counts_once(shop: Shop, eventually: Eventually) -> None:
    title = 'Tea & "cake"\\ by O\u2019Hara \U0001f375'
    sale = {"id": str(uuid.uuid4()), "order": "order-7", "title": title, "amount_minor": 700, "currency": "JPY"}
    today = datetime.now(UTC).date().isoformat()
    before = shop.sold(today)
    assert [shop.buy(sale).status for _ in range(2)] == [202, 202]
    assert shop.buy({**sale, "id": str(uuid.uuid4()), "title": "'; --"}).status == 202
    eventually(lambda: shop.sold(today) == before + 2, 40)
    kept = shop.aws("dynamodb").query(
        TableName=shop.events_table(),
        KeyConditionExpression="#aggregate = :order",
        ExpressionAttributeNames={"#aggregate": "aggregate"},
        ExpressionAttributeValues={":order": {"S": "order-7"}},
    )["Items"]
    assert [json.loads(item["payload"]["S"])["title"] for item in kept] == [title, "'; --"]
    assert {item["type"]["S"] for item in kept} == {"purchase.completed"}
    assert all(item["time"]["S"].startswith(today) for item in kept)


@pytest.mark.parametrize(
    "wrong", [{"amount_minor": -1}, {"id": "7"}, {"currency": "yen"}, {"order": "a/b"}, {"more": 1}]
)
def test_a_purchase_of_another_shape_is_refused_before_the_log(shop: Shop, wrong: dict[str, Any]) -> None:
    sale = {"id": str(uuid.uuid4()), "order": "order-8", "title": "T", "amount_minor": 7, "currency": "JPY"}
    refused = shop.buy({**sale, **wrong})
    assert (refused.status, refused.headers["Content-Type"]) == (400, "application/problem+json")


def test_a_body_that_is_no_envelope_is_refused_before_the_log(shop: Shop) -> None:
    refused = shop.send({"nonsense": 1})
    assert (refused.status, refused.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("token", ["", "forged.by.hand", "Bearer nothing"])
def test_without_a_token_of_the_pool_no_event_is_taken(shop: Shop, token: str) -> None:
    refused = shop.send(purchase("order-1"), token)
    assert (refused.status, refused.headers["Content-Type"]) == (401, "application/problem+json")
    header, payload, signature = shop.token.split(".")
    tampered = f"{header}.{payload[:-2]}AA.{signature}"
    assert shop.send(purchase("order-1"), tampered).status == 401


def test_a_total_that_is_not_there_is_a_problem_and_not_an_error(shop: Shop) -> None:
    missing = shop.read("/sales/1999-01-01")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "application/problem+json")
