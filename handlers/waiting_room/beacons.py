"""Sampled arrivals, out of the queue that the edge's beacons fill."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST = 2_000
"""Beacons taken in one step."""

HEAVIEST = 100_000
"""What one sample stands for at most."""

_NUMBER = re.compile(r"\d{1,12}", re.ASCII)


class NoBeacon(ValueError):
    """A message that is no beacon; says why."""


@dataclass(frozen=True)
class Beacon:
    """One sampled arrival."""

    room: str
    second: int
    weight: int

    @classmethod
    def of(cls, body: str) -> Beacon:
        """Out of a message. Raises NoBeacon."""
        try:
            given = json.loads(body)
            room, second, weight = given["room"], given["a"], given["n"]
        except (ValueError, TypeError, KeyError) as problem:
            raise NoBeacon(f"it is no {{room, a, n}}: {problem}") from problem
        if not all(isinstance(one, str) for one in (room, second, weight)):
            raise NoBeacon("its members are not all texts")
        if not _NUMBER.fullmatch(second) or not _NUMBER.fullmatch(weight) or not 1 <= int(weight) <= HEAVIEST:
            raise NoBeacon(f"a={second} n={weight} are no second and weight")
        return cls(room, int(second), int(weight))


@dataclass(frozen=True)
class Beacons:
    """The queue, and where messages go that are no beacons, with the reason."""

    sqs: Any
    """A boto3 client."""

    queue: str
    dead_letters: str

    def take(self) -> Iterator[Beacon]:
        """Take what is there, up to `MOST`. A beacon that is lost when this dies costs accuracy, nothing else."""
        for _ in range(MOST // 10):
            messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return
            for message in messages:
                try:
                    yield Beacon.of(message["Body"])
                except NoBeacon as problem:
                    letter = json.dumps({"reason": str(problem), "message": message["Body"][:1_000]})
                    self.sqs.send_message(QueueUrl=self.dead_letters, MessageBody=letter)
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            self.sqs.delete_message_batch(QueueUrl=self.queue, Entries=entries)
