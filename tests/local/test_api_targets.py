"""One deployed API with every target: what each does, and how each fails, as problem documents that leak nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.settings import Settings
from tests.local.door import Door
from tests.local.emulation import Workbench, allow, document
from tests.local.grants import revoked
from tests.local.problems import problem
from tests.local.program import Program
from tests.local.tokens import token_of

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("api-targets")]

SOURCE = """
import pulumi

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs
from tests.components import Backends

backends = Backends("backends")
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=backends.routes()))
pulumi.export("url", api.url)
pulumi.export("pool", api.users.pool.id)
pulumi.export("table", backends.table.physical_name)
pulumi.export("stream", backends.stream.physical_name)
pulumi.export("bus", backends.bus.physical_name)
pulumi.export("machine", backends.machine.arn)
pulumi.export("jobs", backends.queue.physical_name)
pulumi.export("orders", backends.fifo.physical_name)
"""
TRICKY = {"aggregate": "order 'é' \"1\"\n", "id": "1", "note": "a&b=c;d\\e \u65e5\u672c $x #set($y)"}

Eventually = Callable[..., Any]


@dataclass(frozen=True)
class Api:
    """The deployed API, and what stands behind it."""

    door: Door
    aws: Callable[..., Any]
    outputs: dict[str, Any]
    token: str

    def post(self, path: str, body: Any, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.door.call("POST", path, body=content, headers={"Content-Type": "application/json", **headers})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """As somebody who may."""
        if method == "GET":
            return self.door.call("GET", path)
        return self.post(path, body, **({"Authorization": self.token} if path == "/events" else {}))

    def received(self, name: str) -> list[dict[str, Any]]:
        """What is in the queue `jobs` or `orders`; taken out."""
        url: str = self.aws("sqs").get_queue_url(QueueName=self.outputs[name])["QueueUrl"]
        found: list[dict[str, Any]] = []
        while (
            messages := self.aws("sqs")
            .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
            .get("Messages")
        ):
            for message in messages:
                self.aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages
        return found

    def records(self) -> list[dict[str, Any]]:
        """Everything in the stream."""
        kinesis, stream = self.aws("kinesis"), self.outputs["stream"]
        (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        return kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**start)["ShardIterator"])["Records"]

    def executions(self) -> list[dict[str, Any]]:
        machines = self.aws("stepfunctions")
        return [
            machines.describe_execution(executionArn=one["executionArn"])
            for one in machines.list_executions(stateMachineArn=self.outputs["machine"])["executions"]
        ]

    def without_grants(self, principal: str) -> AbstractContextManager[int]:
        """The role of `principal` may do nothing for a while."""
        return revoked(self.aws, f"targets-local-{principal}-us-east-1")


@pytest.fixture(scope="module")
def api(local_aws: Settings, aws: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    program = Program(tmp_path_factory.mktemp("programs") / "targets", local_aws)
    outputs = program.up(SOURCE)["outputs"]
    aws("dynamodb").put_item(
        TableName=outputs["table"], Item={"id": {"S": "a b"}, "title": {"S": "The \"first\" 'é'\n"}}
    )
    users, pool = aws("cognito-idp"), outputs["pool"]
    (client,) = users.list_user_pool_clients(UserPoolId=pool, MaxResults=10)["UserPoolClients"]
    try:
        yield Api(
            Door(outputs["url"], local_aws),
            aws,
            outputs,
            token_of(local_aws, aws, pool, client["ClientId"], "events/write"),
        )
    finally:
        program.destroy()


def accepted(answer: Any) -> None:
    assert answer.status == 202, answer.data
    assert answer.json() == {"accepted": True, "correlation": answer.headers["x-amzn-requestid"]}


def test_a_queue_gets_the_body_as_it_came(api: Api) -> None:
    accepted(api.post("/jobs", TRICKY))
    (message,) = api.received("jobs")
    assert json.loads(message["Body"]) == TRICKY


def test_a_fifo_queue_gets_group_and_deduplication_out_of_the_body_and_takes_a_repeat_once(api: Api) -> None:
    first, second = {**TRICKY, "aggregate": "order-1"}, {"aggregate": "order-1", "id": "2"}
    for body in (first, first, second):
        accepted(api.post("/orders", body))
    messages = api.received("orders")
    assert [json.loads(message["Body"]) for message in messages] == [first, second]
    attributes = [message["Attributes"] for message in messages]
    assert [(one["MessageGroupId"], one["MessageDeduplicationId"]) for one in attributes] == [
        ("order-1", "1"),
        ("order-1", "2"),
    ]


def test_a_stream_gets_the_body_under_its_partition_key(api: Api) -> None:
    accepted(api.call("POST", "/events", TRICKY))
    record = api.records()[-1]
    assert (json.loads(record["Data"]), record["PartitionKey"]) == (TRICKY, TRICKY["aggregate"])


def test_a_bus_gets_the_body_as_the_detail(api: Api, bench: Workbench, eventually: Eventually) -> None:
    url, arn = bench.queue()
    sent = allow(["sqs:SendMessage"], [arn], Principal={"Service": "events.amazonaws.com"})
    api.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(sent)})
    on, events = {"EventBusName": api.outputs["bus"]}, api.aws("events")
    events.put_rule(Name="listen", EventPattern='{"source": ["shop"]}', **on)
    events.put_targets(Rule="listen", Targets=[{"Id": "queue", "Arn": arn}], **on)
    try:
        accepted(api.post("/news", TRICKY))
        (message,) = eventually(lambda: api.aws("sqs").receive_message(QueueUrl=url).get("Messages"))
    finally:
        events.remove_targets(Rule="listen", Ids=["queue"], **on)
        events.delete_rule(Name="listen", **on)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("shop", "news", TRICKY)


def test_a_workflow_starts_with_the_body_as_its_input(api: Api) -> None:
    body = {**TRICKY, "id": "of a workflow"}
    accepted(api.post("/work", body))
    assert body in [json.loads(one["input"]) for one in api.executions()]


@pytest.mark.parametrize("path", ["/items/a%20b", "/look-up/a%20b"])
def test_an_item_is_read_and_a_missing_one_is_404(api: Api, path: str) -> None:
    found = api.call("GET", path)
    assert (found.status, found.json()) == (200, {"title": "The \"first\" 'é'\n"})
    missing = problem(api.call("GET", path.replace("a%20b", "%22%7D,x")), 404)
    assert missing["title"] == "There is no such thing"


def test_a_function_answers_and_refuses(api: Api) -> None:
    form = api.post("/forms", {"filename": "a.png"})
    assert (form.status, form.json()["expires_s"]) == (200, 60)
    refused = problem(api.post("/forms", {"filename": "it's.exe"}), 400)
    assert refused["detail"].startswith("the file's name must end in one of .png")


def test_a_fixed_answer_and_a_backend_that_is_away(api: Api) -> None:
    assert api.call("GET", "/health").json() == {"ok": True}
    problem(api.call("GET", "/old/x"), 504)


@pytest.mark.parametrize("path", ["/jobs", "/orders", "/events", "/work"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"aggregate": 7}', b"{}"])
def test_a_body_of_another_shape_is_refused_before_the_backend(api: Api, path: str, body: bytes) -> None:
    before = len(api.records()), len(api.executions())
    headers = {"Authorization": api.token} if path == "/events" else {}
    problem(api.post(path, body, **headers), 400)
    assert (len(api.records()), len(api.executions())) == before
    assert api.received("jobs") == api.received("orders") == []


def test_another_content_type_is_refused(api: Api) -> None:
    headers = {"Content-Type": "text/plain"}
    problem(api.door.call("POST", "/forms", body=b"{}", headers=headers), 415)


@pytest.mark.parametrize(
    ("principal", "method", "path", "status"),
    [
        ("api-post-jobs", "POST", "/jobs", 502),
        ("api-post-orders", "POST", "/orders", 502),
        ("api-post-events", "POST", "/events", 502),
        ("api-post-news", "POST", "/news", 502),
        ("api-post-work", "POST", "/work", 502),
        ("api-get-look-up-id", "GET", "/look-up/a%20b", 502),
        ("api-get-items-id", "GET", "/items/a%20b", 502),
        ("api-post-forms", "POST", "/forms", 500),
    ],
)
def test_a_route_whose_role_lost_its_grant_fails_and_leaks_nothing(
    api: Api, principal: str, method: str, path: str, status: int
) -> None:
    body = {"aggregate": "a", "id": principal, "filename": "a.png"}
    with api.without_grants(principal):
        problem(api.call(method, path, body), status)
    assert api.received("jobs") == api.received("orders") == []
    assert principal not in json.dumps([str(one) for one in (*api.records(), *api.executions())])
    assert api.call(method, path, body).status in (200, 202)
    api.received("jobs"), api.received("orders")


def test_a_workflow_that_fails_inside_a_200_is_502(api: Api) -> None:
    with api.without_grants("backends-look-up"):
        assert problem(api.call("GET", "/look-up/a%20b"), 502)["title"] == "The workflow failed"


@pytest.mark.parametrize("body", [b"[1]", b'"text"'])
def test_an_event_that_the_bus_refuses_inside_a_200_is_502(api: Api, body: bytes) -> None:
    assert problem(api.post("/news", body), 502)["title"] == "The event was not taken"


def test_a_throttled_route_says_when_to_come_back(api: Api, eventually: Eventually) -> None:
    answers = [api.post("/forms", {"filename": "a.png"}) for _ in range(30)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    for answer in refused:
        problem(answer, 429)
        assert answer.headers["retry-after"] == "1"
    assert api.call("GET", "/health").status == 200
    eventually(lambda: api.post("/forms", {"filename": "a.png"}).status == 200)


def test_callers_who_are_turned_away_are_counted(api: Api) -> None:
    assert 429 in {api.post("/forms", {"filename": "a.png"}).status for _ in range(30)}
    now = datetime.now(UTC)
    (counted,) = api.aws("cloudwatch").get_metric_statistics(
        Namespace="targets-local",
        MetricName="api-throttled",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    assert counted["Sum"] >= 1


def test_a_correlation_id_finds_the_request_in_the_access_log(api: Api, eventually: Eventually) -> None:
    told = problem(api.call("GET", "/items/none"), 404)

    def logged() -> list[dict[str, Any]]:
        events = api.aws("logs").filter_log_events(logGroupName="/aws/apigateway/targets-local-api")["events"]
        lines = [json.loads(event["message"]) for event in events]
        return [line for line in lines if line["correlation"] == told["correlation"]]

    (line,) = eventually(logged)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/items/{id}", 404)
