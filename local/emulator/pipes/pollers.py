"""Moves what comes from a pipe's source to its target, while the pipe runs.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses
from ministack.services import pipes as stock

from local.emulator.deliveries import Deliveries, NotDelivered
from local.emulator.event_sources import discards, streams, threads
from local.emulator.event_sources.batches import FOREVER, Attempt, Batch, Discarded, Policy
from local.emulator.event_sources.queue import Queue
from local.emulator.event_sources.shard_reader import ShardReader
from local.emulator.event_sources.shards import ShardPoller
from local.emulator.event_sources.stream_poller import failed_from, lanes
from local.emulator.event_sources.streams import Positions, Record, Stream, sequence_number
from local.emulator.pipes import records, settings, targets
from local.emulator.pipes.settings import Pipe
from local.emulator.pipes.templates import TemplateError
from local.emulator.principals import Principal

STREAM_BATCH = 100
QUEUE_BATCH = 10
_PAUSE_SECONDS = 1
_REPORTS = ["ReportBatchItemFailures"]

_log = logging.getLogger(__name__)


class Run:
    """One pipe, looked up anew each time, and what it last went wrong with."""

    def __init__(self, pipe: Pipe, endpoint: str) -> None:
        self.name, self.arn, self.source = pipe["Name"], pipe["Arn"], pipe["Source"]
        self.account, self.region = self.arn.split(":")[4], self.arn.split(":")[3]
        self._endpoint = endpoint
        self._created = pipe["CreationId"]
        self._reported = ""

    @property
    def pipe(self) -> Pipe:
        """The pipe as it is now; empty once it is deleted, even if another has its name."""
        pipe = stock._pipes.get_scoped(self.account, self.region, self.name) or {}
        return pipe if pipe.get("CreationId") == self._created else {}

    def running(self) -> bool:
        """Whether the pipe is neither stopped nor deleted."""
        return self.pipe.get("CurrentState") == "RUNNING"

    def client(self, service: str) -> Any:
        """A client under the pipe's role."""
        return self._principal.client(service, self._endpoint)

    def queue(self) -> Queue:
        """The source, if it is a queue."""
        return Queue(self.source, self.client("sqs"), self._endpoint)

    def send(self, batch: list[Record]) -> Any:
        """Hand a batch to the target."""
        return targets.send(self.pipe, batch, Deliveries(self._principal, self._endpoint))

    def discard(self, shard: str, discarded: Discarded) -> None:
        """Tell the dead-letter queue, if there is one, what was given up."""
        letters = (settings.source_parameters(self.pipe).get("DeadLetterConfig") or {}).get("Arn")
        if not letters:
            return
        who = {"context": {"partnerResourceArn": self.arn, "condition": discarded.condition}}
        text = discards.message(who, self.source, shard, discarded)
        try:
            discards.send(self.client, self._endpoint, letters, text)
        except (ClientError, BotoCoreError) as error:
            self.report(str(error))

    def report(self, problem: str) -> None:
        """Log a problem once."""
        if problem and problem != self._reported:
            _log.warning("pipe %s: %s", self.name, problem)
        self._reported = problem

    @property
    def _principal(self) -> Principal:
        return Principal(self.pipe["RoleArn"], self.arn)


class StreamPipe(ShardPoller):
    """A pipe from a stream: in order for each shard, under the source parameters' policy for failures."""

    def __init__(self, run: Run, positions: Positions) -> None:
        super().__init__(f"pipe-{run.name}", run.account, run.region, run.source, positions)
        self._run = run

    def exists(self) -> bool:
        return bool(self._run.pipe)

    def active(self) -> bool:
        return self._run.running()

    def stream(self) -> Stream:
        client = self._run.client(streams.service_of(self.stream_arn))
        return streams.open_stream(self.stream_arn, client, self._run.pipe["RoleArn"])

    def read(self, stream: Stream, reader: ShardReader) -> bool:
        pipe = self._run.pipe
        parameters = settings.source_parameters(pipe)
        window = parameters.get("MaximumBatchingWindowInSeconds") or 0
        batch = reader.read(stream, parameters.get("BatchSize", STREAM_BATCH), window, self.active)
        criteria = (pipe.get("SourceParameters") or {}).get("FilterCriteria")
        wanted = [record for record in batch if records.wanted(record, criteria)]
        reader.processed(batch, self._process(reader.shard, wanted, parameters))
        return bool(batch)

    def report(self, result: str) -> None:
        self._run.report(result)

    def _process(self, shard: str, wanted: list[Record], parameters: dict[str, Any]) -> set[str]:
        policy = Policy(
            retries=parameters.get("MaximumRetryAttempts", FOREVER),
            max_age_seconds=parameters.get("MaximumRecordAgeInSeconds", FOREVER),
            bisect=parameters.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        )
        batches = [
            Batch(lane, policy, self._hand_over, lambda given: self._run.discard(shard, given))
            for lane in lanes(wanted, parameters.get("ParallelizationFactor") or 1)
        ]
        if batches:
            threads.side_by_side(self.name, [functools.partial(batch.process, self.active) for batch in batches])
        return {sequence_number(record) for batch in batches for record in batch.unfinished()}

    def _hand_over(self, batch: list[Record]) -> Attempt:
        try:
            answer = self._run.send(batch)
        except (ClientError, BotoCoreError, NotDelivered, TemplateError) as error:
            self.report(str(error))
            return Attempt(0, str(error))
        self.report("")
        return Attempt(failed_from({"body": answer}, batch, _REPORTS))


class QueuePipe(threading.Thread):
    """A pipe from a queue: what is not delivered comes again when it gets visible; the queue's redrive ends that."""

    def __init__(self, run: Run) -> None:
        super().__init__(name=f"pipe-{run.name}", daemon=True)
        self._run = run

    def run(self) -> None:
        with responses.request_scope(self._run.account, self._run.region):
            while self._run.pipe:
                if not self._run.running():
                    time.sleep(_PAUSE_SECONDS)
                    continue
                try:
                    self._step()
                except (ClientError, BotoCoreError, NotDelivered, TemplateError) as error:
                    self._run.report(str(error))
                    time.sleep(_PAUSE_SECONDS)
                except Exception:
                    _log.exception("%s", self.name)
                    time.sleep(_PAUSE_SECONDS)

    def _step(self) -> None:
        pipe, queue = self._run.pipe, self._run.queue()
        parameters = settings.source_parameters(pipe)
        queue.check()
        window = parameters.get("MaximumBatchingWindowInSeconds") or 0
        messages = queue.receive(parameters.get("BatchSize", QUEUE_BATCH), window)
        criteria = (pipe.get("SourceParameters") or {}).get("FilterCriteria")
        wanted, unwanted = [], []
        for message in messages:
            record = queue.record(message)
            (wanted if records.wanted(record, criteria) else unwanted).append(record)
        queue.delete_records(unwanted)
        if wanted:
            failed = _reported(self._run.send(wanted))
            queue.delete_records(record for record in wanted if record["messageId"] not in failed)
            self._run.report("")


def _reported(answer: Any) -> set[str]:
    """The ids of the messages that a function or machine says it failed on."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    return {failure["itemIdentifier"] for failure in failures or []}
