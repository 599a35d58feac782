"""A GenAiWorkflow that is deployed with its approval page, a partner, a reviewer's mailbox and an ear on its bus."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from local.settings import REPO, Settings
from tests.local.door import Door
from tests.local.grants import revoked
from tests.local.third_party import ThirdParty

Client = Callable[..., Any]

ACCOUNT = "000000000000"
LONG_S = 90
REVIEW_S = 15
MEDIA = b"\0\0\0\x18ftypmp42" + bytes(1000)
_SOURCE = """
from pathlib import Path

import pulumi

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front
from components.genai import APPROVAL_PAGE, ApiKeyHeader, Filters, GenAiWorkflow, GenAiWorkflowArgs, Partner

page, page_is = pulumi.deferred_output()
titles = GenAiWorkflow(
    "titles",
    GenAiWorkflowArgs(
        approval_page=page,
        partner=Partner(url="{partner}/videos", credentials=ApiKeyHeader("x-api-key", "k3y"), attempts=2),
        guardrail=Filters(words=["gunpowder"]),
        prompt_tokens=3000,
        token_budget=24_000,
        max_upload_mb=1,
        poll_s=1,
        review_s={review_s},
        escalation_s={review_s},
        rounds=3,
    ),
)
front = Front(Path({pages!r}), also={{"approval": APPROVAL_PAGE}})
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=titles.routes(), front=front))
page_is(pulumi.Output.concat(api.front_url, "/approval/index.html"))
pulumi.export("api", api.url)
pulumi.export("front", api.front_url)
pulumi.export("uploads", titles.uploads.bucket.bucket)
pulumi.export("work", titles.work.bucket.bucket)
pulumi.export("workflow", titles.workflow.machine.arn)
pulumi.export("starter", titles.starter.machine.arn)
pulumi.export("reviewers", titles.reviewers)
pulumi.export("results", titles.results.table.name)
pulumi.export("failures", titles.failures.table.name)
pulumi.export("tokens", titles.approval.tokens.table.name)
pulumi.export("bus", titles.bus.bus.name)
"""


def source(partner: str) -> str:
    """The program."""
    return _SOURCE.format(partner=partner, review_s=REVIEW_S, pages=str(REPO / "tests" / "data" / "front"))


@dataclass
class Workflow:
    """The deployed workflow, as those around it use it."""

    settings: Settings
    aws: Client
    eventually: Callable[..., Any]
    partner: ThirdParty
    outputs: dict[str, Any]
    mailbox: str = ""
    ear: str = ""

    def __post_init__(self) -> None:
        topic = self.outputs["reviewers"]
        self.mailbox = self._queue({"Service": "sns.amazonaws.com"}, topic)
        self.aws("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self._arn(self.mailbox),
            Attributes={"RawMessageDelivery": "true"},
        )
        rule = self.aws("events").put_rule(
            Name="ear", EventBusName=self.outputs["bus"], EventPattern=json.dumps({"source": ["titles"]})
        )["RuleArn"]
        self.ear = self._queue({"Service": "events.amazonaws.com"}, rule)
        self.aws("events").put_targets(
            Rule="ear", EventBusName=self.outputs["bus"], Targets=[{"Id": "ear", "Arn": self._arn(self.ear)}]
        )

    def upload(
        self, said: str = "We build a kite.", *, name: str = "talk.mp4", media: bytes = MEDIA, size: int = 0
    ) -> Run:
        """Put a file into the bucket in which this is said; the run that EventBridge starts for it."""
        key = f"{uuid.uuid4().hex}/{name}"
        s3, bucket = self.aws("s3"), self.outputs["uploads"]
        s3.put_object(Bucket=bucket, Key=f"{key}.transcript.txt", Body=said.encode())  # for the local Transcribe
        s3.put_object(Bucket=bucket, Key=key, Body=media.ljust(size, b"\0"))
        return self.eventually(lambda: self.run_of(key), 20)

    def run_of(self, key: str) -> Run | None:
        """The run of an upload, once it has begun."""
        found = self.runs_of(key)
        assert len(found) < 2
        return found[0] if found else None

    def runs_of(self, key: str) -> list[Run]:
        """All runs of an upload."""
        machines = self.aws("stepfunctions")
        executions = machines.list_executions(stateMachineArn=self.outputs["workflow"], maxResults=1000)["executions"]
        described = (machines.describe_execution(executionArn=one["executionArn"]) for one in executions)
        runs = (Run(self, one["executionArn"], json.loads(one["input"])) for one in described)
        return [run for run in runs if run.key == key]

    def start(self, given: dict[str, Any]) -> Run:
        """Start a run by hand."""
        started = self.aws("stepfunctions").start_execution(
            stateMachineArn=self.outputs["workflow"], input=json.dumps(given)
        )
        return Run(self, started["executionArn"], given)

    def ask(self, path: str, body: Any) -> tuple[int, Any]:
        """What the page's API answers."""
        door = Door(self.outputs["api"], self.settings)
        answer = door.call("POST", path, json=body)
        return answer.status, answer.json()

    def item(self, table: str, key: dict[str, str]) -> dict[str, Any]:
        """An item of a table by its key; attributes without their types, empty if there is none."""
        found = self.aws("dynamodb").query(
            TableName=self.outputs[table],
            KeyConditionExpression="#k = :k",
            ExpressionAttributeNames={"#k": next(iter(key))},
            ExpressionAttributeValues={":k": {"S": next(iter(key.values()))}},
        )["Items"]
        return {name: next(iter(value.values())) for name, value in found[-1].items()} if found else {}

    def object(self, key: str) -> bytes:
        """An object of the workflow's bucket."""
        return self.aws("s3").get_object(Bucket=self.outputs["work"], Key=key)["Body"].read()

    def without(self, action: str) -> AbstractContextManager[int]:
        """Take an action from the workflow's role for a while."""
        machine = self.aws("stepfunctions").describe_state_machine(stateMachineArn=self.outputs["workflow"])
        return revoked(self.aws, machine["roleArn"].rsplit("/", 1)[-1], action)

    def messages(self, url: str, about: str) -> list[str]:
        """Messages of a queue that hold `about`; they stay in it."""
        found = self.aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [one["Body"] for one in found.get("Messages", []) if about in one["Body"]]

    def take(self, url: str, about: str) -> str | None:
        """The first message that holds `about`, which leaves the queue."""
        sqs = self.aws("sqs")
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
        for one in found.get("Messages", []):
            if about in one["Body"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
                return one["Body"]
        return None

    def _queue(self, principal: dict[str, str], source_arn: str) -> str:
        sqs = self.aws("sqs")
        url = sqs.create_queue(QueueName=f"around-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        statement = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sqs:SendMessage",
            "Resource": self._arn(url),
            "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url

    def _arn(self, url: str) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{url.rsplit('/', 1)[-1]}"


@dataclass(frozen=True)
class Run:
    """One execution of the workflow."""

    of: Workflow
    arn: str
    given: dict[str, Any]

    @property
    def run(self) -> str:
        """Its name: what its objects and items are called by."""
        return self.given["run"]

    @property
    def key(self) -> str:
        """What was uploaded."""
        return self.given["key"]

    def described(self) -> dict[str, Any]:
        """As Step Functions describes it."""
        return self.of.aws("stepfunctions").describe_execution(executionArn=self.arn)

    def ended(self) -> dict[str, Any]:
        """How it ended, once it has."""
        return self.of.eventually(lambda: one if (one := self.described())["status"] != "RUNNING" else None, LONG_S)

    def link(self) -> dict[str, Any]:
        """The newest link that was sent out, in its parts."""
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline:
            if mail := self.of.take(self.of.mailbox, self.key):
                parts = dict(parse_qsl(mail.partition("#")[2].strip()))
                return {"reference": parts["r"], "expires": int(parts["e"]), "mac": parts["m"]}
            assert self.described()["status"] == "RUNNING", self.described()
        raise AssertionError(f"no link for {self.key}")

    def review(self, link: dict[str, Any]) -> dict[str, Any]:
        """What the page shows."""
        status, review = self.of.ask("/reviews", link)
        assert status == 200, review
        return review

    def approve(self, link: dict[str, Any], **edited: str) -> tuple[int, Any]:
        """Approve the first candidate, as it is or edited."""
        candidate = {**self.review(link)["candidates"][0], **edited}
        return self.of.eventually(lambda: self._decide({**link, "decision": "approve", **candidate}))

    def send_back(self, link: dict[str, Any], comment: str) -> tuple[int, Any]:
        """Ask for other candidates."""
        return self.of.eventually(lambda: self._decide({**link, "decision": "revise", "comment": comment}))

    def failure(self) -> dict[str, Any]:
        """What was kept of it, once it has failed."""
        ended = self.ended()
        assert ended["status"] == "FAILED", ended
        kept = self.of.item("failures", {"run": self.run})
        assert kept, ended
        assert kept["outcome"] == ended["error"], ended
        assert json.loads(kept["input"]) == self.given
        assert kept["execution"] == self.arn
        return kept

    def _decide(self, body: dict[str, Any]) -> tuple[int, Any] | None:
        """None while the token is on its way into its table: the mail may be faster."""
        status, answer = self.of.ask("/decisions", body)
        token = self.of.aws("dynamodb").get_item(
            TableName=self.of.outputs["tokens"], Key={"reference": {"S": body["reference"]}}
        )
        return None if status == 409 and "Item" not in token else (status, answer)
