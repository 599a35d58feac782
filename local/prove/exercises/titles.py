"""Exercises of the titles: a run from its upload to the bus, and every way in which one ends early."""

from __future__ import annotations

import functools
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Final, TypeVar

from local.prove.component import Component, Item
from local.prove.ear import ear
from local.prove.exercise import Exercise
from local.prove.functions import refuse
from local.prove.removal import without
from local.tour.executions import failed_task, follow, patiently
from local.tour.guide import Guide, TourError
from local.tour.titles import Mailbox, mailbox, upload

_OURS: Final = "prove"
_RUN_S: Final = 30
_RUNS_LOOKED_AT: Final = 20

Found = TypeVar("Found")


class Titles(Component):
    """The GenAiWorkflow of the stack."""

    def __init__(self, guide: Guide) -> None:
        super().__init__(guide, guide.outputs["titles_workflow"], "workflow")

    @property
    def bus(self) -> str:
        """The name of the bus on which videos are announced."""
        described = self.guide.aws("stepfunctions").describe_state_machine(stateMachineArn=self.machine)
        [entry] = json.loads(described["definition"])["States"]["Announce the video"]["Arguments"]["Entries"]
        return entry["EventBusName"]

    def started(self, key: str) -> str:
        """The run of an upload, by its ARN. Raises TourError when none is started."""
        machines = self.guide.aws("stepfunctions")

        def run() -> str | None:
            if letter := self.letter("unstarted", f'"{key}"'):
                raise TourError(f"an upload starts no run: {letter.get('reason', 'its event was not delivered')}")
            listed = machines.list_executions(stateMachineArn=self.machine, maxResults=_RUNS_LOOKED_AT)["executions"]
            arns = [execution["executionArn"] for execution in listed]
            return next((arn for arn in arns if self.given(arn)["key"] == key), None)

        return self.guide.await_("an upload starts no run", run, _RUN_S)

    def given(self, run: str) -> Item:
        """What a run was started with."""
        return json.loads(self.guide.aws("stepfunctions").describe_execution(executionArn=run)["input"])

    def await_(self, run: str, what: str, look: Callable[[], Found | None]) -> Found:
        """Look until something is found. Raises TourError as soon as a task of the run fails."""

        def either() -> Found | None:
            if (found := look()) is None and (failure := failed_task(self.guide, run)):
                raise TourError(f"{what}: {failure}")
            return found

        return patiently(self.guide, what, either, _RUN_S)

    def review(self, link: Item) -> Item:
        """What the page shows to whoever has the link."""
        shown = self.ask("read-review", link)
        assert isinstance(shown, dict)
        return shown

    def decide(self, run: str, link: Item, decision: Item) -> None:
        """Decide, once the run waits for it: the message with the link may be faster."""
        answer = self.await_(run, "a decision is not taken", lambda: self._taken({**link, **decision}))
        self.guide.expect(answer == {"decided": decision["decision"]}, f"a decision is answered with {answer}")
        shown = self.review(link)["decided"]
        self.guide.expect(shown == decision["decision"], f"the page shows {shown!r} of a decision that was taken")

    def _taken(self, decision: Item) -> Item | None:
        answer = self.ask("decide", decision, "Used")
        return None if isinstance(answer, str) else answer


def _publish(guide: Guide) -> None:
    """Upload a talk, choose a title: it is published with an avatar, and another domain hears of it."""
    titles, title = Titles(guide), f"What we built, take {uuid.uuid4()}"
    with mailbox(guide) as mail, ear(guide, titles.bus, {"detail": {"title": [title]}}) as domain:
        _, run, link = _reviewed(titles, mail)
        candidate = titles.review(link)["candidates"][0]
        titles.decide(run, link, {"decision": "approve", "title": title, "description": candidate["description"]})
        ended = follow(guide, run, "a title that was approved is not published", seconds=_RUN_S)
        guide.await_("no other domain hears of a video", lambda: domain.heard(title), _RUN_S)
    _expect_published(titles, json.loads(ended["output"]))


def _expect_published(titles: Titles, result: Item) -> None:
    """A row, a file and a picture say what the run says."""
    guide, bucket, folder = titles.guide, titles.bucket("work"), f"published/{result['run']}"
    key = {"run": {"S": result["run"]}}
    row = guide.aws("dynamodb").get_item(TableName=titles.table("results"), Key=key).get("Item", {})
    guide.expect(row.get("title") == {"S": result["title"]}, "a title that was published is not in the table")
    file = json.load(guide.aws("s3").get_object(Bucket=bucket, Key=f"{folder}/video.json")["Body"])
    guide.expect(file == result, "the file of a published title says something else")
    picture = guide.aws("s3").get_object(Bucket=bucket, Key=result["avatar"])["Body"].read()
    guide.expect(picture.startswith(b"\x89PNG"), "the avatar of a published title is no picture")


def _send_back(guide: Guide) -> None:
    """Send the candidates back, in vain at first: the link stays good, and others come."""
    titles, back = Titles(guide), {"decision": "revise", "comment": "Name what was built."}
    with mailbox(guide) as mail:
        key, run, link = _reviewed(titles, mail)
    with without(guide, titles.role("decide"), "states:SendTaskSuccess", "*"):
        titles.await_(run, "a decision that can't be handed over is taken", lambda: _in_vain(titles, {**link, **back}))
    with mailbox(guide) as mail:
        titles.decide(run, link, back)
        second = titles.await_(run, "nothing comes of candidates that are sent back", lambda: mail.link(key))
    guide.expect(titles.review(second)["round"] == 2, "the second review is not of the second round")
    guide.aws("stepfunctions").stop_execution(executionArn=run)


def _in_vain(titles: Titles, decision: Item) -> bool | None:
    """Whether the decision couldn't be handed over; None while the run doesn't wait for it yet."""
    answer = titles.ask("decide", decision, "Used", "Unavailable")
    return None if answer == "Used" else answer == "Unavailable"


def _reviewed(titles: Titles, mail: Mailbox) -> tuple[str, str, Item]:
    """A new upload, its run, and the link that it sends when it asks for a decision."""
    key = upload(titles.guide, _OURS)
    run = titles.started(key)
    return key, run, titles.await_(run, "no reviewer is asked", lambda: mail.link(key))


def _refuse(guide: Guide) -> None:
    """Upload what is no video: the run fails under its name, and what it was given is kept."""
    titles, key = Titles(guide), f"{_OURS}-{uuid.uuid4().hex[:8]}.txt"
    guide.aws("s3").put_object(Bucket=guide.outputs["titles_uploads"], Key=key, Body=b"no video")
    run = titles.started(key)
    given = titles.given(run)

    def kept() -> Item | None:
        query = {"KeyConditionExpression": "run = :run", "ExpressionAttributeValues": {":run": {"S": given["run"]}}}
        items = guide.aws("dynamodb").query(TableName=titles.table("failures"), **query)["Items"]
        return items[0] if items else None

    failure = titles.await_(run, "what a failed run was given isn't kept", kept)
    shown = (failure["outcome"]["S"], json.loads(failure["input"]["S"]))
    guide.expect(shown == ("UploadType", given), f"of an upload that is no video is kept {shown}")


def _start_in_vain(guide: Guide) -> None:
    """An upload that the starter can start no run for waits in a queue."""
    titles, key = Titles(guide), f"{_OURS}-{uuid.uuid4().hex[:8]}.mp4"
    written = {"key": key, "sequencer": secrets.token_hex(8)}
    event = {"detail": {"bucket": {"name": guide.outputs["titles_uploads"]}, "object": written}}
    with without(guide, titles.role("starter"), "states:StartExecution", titles.machine):
        titles.ask("starter", event, "NotStarted")
    guide.expect(titles.letter("unstarted", key) is not None, "an upload that started no run waits nowhere")


def _log(guide: Guide, *, function: str) -> None:
    """A function that starts anew and is given nonsense says so in its log."""
    refuse(guide, Titles(guide).part(function))


def _tidy(guide: Guide) -> None:
    """End what waits for a decision that nobody will make, or tries again what it may not do."""
    titles, machines = Titles(guide), guide.aws("stepfunctions")
    for execution in machines.list_executions(stateMachineArn=titles.machine, statusFilter="RUNNING")["executions"]:
        if titles.given(execution["executionArn"])["key"].startswith(_OURS):
            machines.stop_execution(executionArn=execution["executionArn"])


def _exercise(name: str, run: Callable[[Guide], None]) -> Exercise:
    return Exercise(name=f"titles.{name}", needs="titles_workflow", run=run, tidy=_tidy)


EXERCISES: tuple[Exercise, ...] = (
    _exercise("publish", _publish),
    _exercise("send-back", _send_back),
    _exercise("refuse", _refuse),
    _exercise("start-in-vain", _start_in_vain),
    *(_exercise(f"log-of-{name}", functools.partial(_log, function=name)) for name in ("compose", "decode")),
)
