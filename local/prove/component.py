"""A deployed component, as its operator sees it: its parts by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local.prove.consumer import take_letters
from local.tour.guide import Guide, TourError

Item = dict[str, Any]


@dataclass(frozen=True)
class Component:
    """One pattern of the stack, found by the ARN of one of its state machines."""

    guide: Guide
    machine: str
    part_of_machine: str

    def part(self, name: str) -> str:
        """The physical name of a part, but for tables and buckets."""
        return self.machine.rpartition(":")[2].removesuffix(self.part_of_machine) + name

    def role(self, name: str) -> str:
        """The name of a part's role."""
        return f"{self.part(name)}-{self.guide.settings.region}"

    def bucket(self, name: str) -> str:
        """The physical name of a bucket: buckets of all accounts have names of their own."""
        return f"{self.part(name)}-{self.guide.settings.account}-{self.guide.settings.region}"

    def table(self, name: str) -> str:
        """The physical name of a table, which ends in a hash of its keys."""
        prefix = f"{self.part(name)}-"
        names = self.guide.aws("dynamodb").list_tables()["TableNames"]
        return next(one for one in names if one.startswith(prefix))

    def arn(self, service: str, rest: str) -> str:
        """An ARN in the stack's region and account."""
        return f"arn:aws:{service}:{self.guide.settings.region}:{self.guide.settings.account}:{rest}"

    def ask(self, machine: str, given: Item, *but: str) -> Item | str:
        """What an Express machine answers, or the name of its error if it is one of these.

        Raises TourError for every other error.
        """
        answer = self.guide.aws("stepfunctions").start_sync_execution(
            stateMachineArn=self.arn("states", f"stateMachine:{self.part(machine)}"), input=json.dumps(given)
        )
        if answer["status"] == "SUCCEEDED":
            return json.loads(answer["output"])
        if answer.get("error") in but:
            return answer["error"]
        raise TourError(f"{machine} fails: {answer.get('error')}, {answer.get('cause')}")

    def letter(self, queue: str, words: str) -> Any | None:
        """A letter with these words, taken out of a queue."""
        url = self.guide.aws("sqs").get_queue_url(QueueName=self.part(queue))["QueueUrl"]
        letters = take_letters(self.guide, url, words)
        return json.loads(letters[0]) if letters else None
