"""A function that works off a queue, as its operator sees it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from local.tour.guide import PATIENCE_S, Guide, TourError

_BROKEN_S = 5
"""How long a mapping may go on reporting a problem that it had before."""

_LEFT = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_HIDDEN_S = 2
"""For so long a letter that was looked at isn't seen again, so that all are seen."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Consumer:
    """One function with its queue and the mapping between them."""

    guide: Guide
    function: str
    mapping: str
    queue: str
    """Its URL."""

    @classmethod
    def of(cls, guide: Guide, function: str) -> Consumer:
        """The function's one queue is the one that its mapping names."""
        (mapping,) = guide.aws("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        name = mapping["EventSourceArn"].rpartition(":")[2]
        return cls(guide, function, mapping["UUID"], guide.aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def send(self, message: Any) -> None:
        """Put a message into the queue."""
        self.guide.aws("sqs").send_message(QueueUrl=self.queue, MessageBody=json.dumps(message))

    def finish(self) -> None:
        """Wait until the queue is empty. Raises TourError as soon as the mapping reports a problem."""
        self.await_(f"{self.function} never emptied its queue", self._is_empty)

    def recover(self, seconds: float) -> None:
        """Wait until the queue is empty, whatever the mapping reported before. Raises TourError after `seconds`."""
        self.guide.await_(f"{self.function} works off nothing", self._is_well, seconds)

    def await_(self, what: str, look: Callable[[], Found | None]) -> Found:
        """Look until something is found. Raises TourError as soon as the mapping reports a problem."""

        def look_at_both() -> Found | None:
            if (found := look()) is None and (problem := self.problem):
                raise TourError(f"{what}: the mapping of its queue says {problem}")
            return found

        return self.guide.await_(what, look_at_both, PATIENCE_S)

    def purge(self) -> None:
        """Throw away what is in the queue, also what is hidden after a failure."""
        self.guide.aws("sqs").purge_queue(QueueUrl=self.queue)

    @property
    def problem(self) -> str | None:
        """What the mapping says of its last poll or call, when that failed."""
        result = self.guide.aws("lambda").get_event_source_mapping(UUID=self.mapping)["LastProcessingResult"]
        return result if result.startswith("PROBLEM") else None

    def _is_empty(self) -> bool | None:
        answer = self.guide.aws("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=_LEFT)
        return True if not any(map(int, answer["Attributes"].values())) else None

    def _is_well(self) -> bool | None:
        return self._is_empty() if self.problem is None else None


def wake(consumers: Collection[Consumer], nothing: Any, seconds: float = _BROKEN_S) -> None:
    """Send each a message that asks for nothing and wait for its end: whatever comes then is received by a new poll.

    Raises TourError when a mapping reports a problem, or, where it did so before, still does after `seconds`.
    """
    had_problem = [consumer.problem is not None for consumer in consumers]
    for consumer in consumers:
        consumer.send(nothing)
    for consumer, had in zip(consumers, had_problem, strict=True):
        if had:
            consumer.recover(seconds)
        else:
            consumer.finish()


def take_letters(guide: Guide, queue: str, about: str) -> list[str]:
    """Take out of a dead-letter queue the letters that hold these words; the others stay."""
    sqs, taken = guide.aws("sqs"), []
    receive = functools.partial(
        sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN_S
    )
    while letters := receive().get("Messages"):
        for letter in letters:
            if about in letter["Body"]:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
                taken.append(letter["Body"])
    return taken
