"""From a poisoned message to somebody who is told, and back: alarms, their topic and the redrive, deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import browse
from local.settings import Settings
from tests.local.command import run_local
from tests.local.emulation import Workbench, document, unique
from tests.local.program import Program

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("alarms")]

SOURCE = """
import pulumi

from components import FanOutConverter, FanOutConverterArgs, ToJpeg

files = FanOutConverter("files", FanOutConverterArgs(converters=[ToJpeg()]))
pulumi.export("form", files.upload_function)
"""

Client = Callable[..., Any]


class Files:
    """A deployed converter whose alarms tell a topic, and an inbox at the topic."""

    def __init__(self, folder: Path, settings: Settings, aws: Client, bench: Workbench) -> None:
        self.aws = aws
        self.topic = aws("sns").create_topic(Name=unique("alarms"))["TopicArn"]
        self._inbox = self._subscribed(bench)
        self.program = Program(folder, settings, {"serviceful:alarmTopic": self.topic})
        self.outputs = self.program.up(SOURCE)["outputs"]

    def upload(self, filename: str, content: bytes) -> None:
        answer = self.aws("lambda").invoke(
            FunctionName=self.outputs["form"], Payload=json.dumps({"filename": filename})
        )
        assert browse.upload(json.loads(answer["Payload"].read()), filename, content).status < 300

    def redrive(self, queue: str) -> tuple[int, dict[str, Any], str]:
        """`python -m local redrive`."""
        return run_local(self.program.settings, "redrive", queue, "--cwd", str(self.program.folder))

    def told(self) -> list[tuple[str, str]]:
        """(alarm, new state) of what came to the inbox since the last look."""
        messages = self.aws("sqs").receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(message["Body"]) for message in messages]
        return [(body["AlarmName"], body["NewStateValue"]) for body in bodies]

    def dead_letters(self) -> list[dict[str, Any]]:
        """The dead letters, left where they are."""
        sqs = self.aws("sqs")
        url = sqs.get_queue_url(QueueName="alarmed-local-files-jpeg-dlq")["QueueUrl"]
        return sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages", [])

    def _subscribed(self, bench: Workbench) -> str:
        url, arn = bench.queue()
        deliver = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        self.aws("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": document({**deliver, "Resource": arn})}
        )
        raw = {"RawMessageDelivery": "true"}
        self.aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        return url


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory, local_aws: Settings, aws: Client, bench: Workbench
) -> Iterator[Files]:
    made = Files(tmp_path_factory.mktemp("programs") / "alarmed", local_aws, aws, bench)
    yield made
    made.program.destroy()


@pytest.fixture(scope="module")
def poisoned(files: Files) -> Files:
    """The same, after the upload of a file that is no picture."""
    files.upload("poster.png", b"no picture")
    return files


def test_a_poisoned_upload_ends_as_a_message_on_the_alarm_topic(
    poisoned: Files, eventually: Callable[..., Any]
) -> None:
    seen: list[tuple[str, str]] = []

    def told() -> bool:
        seen.extend(poisoned.told())
        return ("alarmed-local-files-jpeg-dlq", "ALARM") in seen

    eventually(told, seconds=40)
    (letter,) = poisoned.dead_letters()
    assert json.loads(letter["Body"])["reason"]


def test_redrive_sends_dead_letters_through_again(poisoned: Files, eventually: Callable[..., Any]) -> None:
    (before,) = eventually(poisoned.dead_letters, seconds=40)

    code, _, errors = poisoned.redrive("files-jpeg")
    assert code == 0
    assert "moved 1 messages from alarmed-local-files-jpeg-dlq" in errors

    def again() -> bool:
        found = poisoned.dead_letters()
        return bool(found) and found[0]["MessageId"] != before["MessageId"]

    eventually(again, seconds=40)
    assert json.loads(poisoned.dead_letters()[0]["Body"])["reason"] == json.loads(before["Body"])["reason"]


def test_redrive_of_an_unknown_queue_names_those_that_there_are(files: Files) -> None:
    code, _, errors = files.redrive("nothing")
    assert code == 1
    assert "no queue with a dead-letter queue is called 'nothing'; there are: files-jpeg" in errors


def test_the_dashboard_and_the_alarms_are_there(files: Files) -> None:
    body = json.loads(files.aws("cloudwatch").get_dashboard(DashboardName="alarmed-local-files")["DashboardBody"])
    shown = [arn for widget in body["widgets"] for arn in widget["properties"].get("alarms", [])]
    found = files.aws("cloudwatch").describe_alarms(AlarmNamePrefix="alarmed-local-files")["MetricAlarms"]
    assert sorted(shown) == sorted(alarm["AlarmArn"] for alarm in found if alarm["Namespace"] != "AWS/CloudFront")
    assert {alarm["Namespace"] for alarm in found} == {"AWS/CloudFront", "AWS/Lambda", "AWS/SNS", "AWS/SQS"}
    assert all(alarm["AlarmActions"] == [files.topic] for alarm in found if alarm["Namespace"] != "AWS/CloudFront")
