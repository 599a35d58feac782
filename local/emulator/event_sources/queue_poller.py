"""Reads one queue for one event source mapping, as Lambda does: with the execution role of the function."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses
from ministack.services import lambda_svc

from local.emulator import roles
from local.emulator.event_sources.queue import Queue

CONCURRENT_BATCHES = 5
"""Batches in flight when the mapping sets no MaximumConcurrency.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: Lambda starts with five and adds more.
"""

_MAX_CONCURRENT_BATCHES = 1000
_PAUSE_SECONDS = 1

_log = logging.getLogger(__name__)

Record = dict[str, Any]
Mapping = dict[str, Any]


class QueuePoller(threading.Thread):
    """Polls until its mapping is deleted or disabled."""

    def __init__(self, uuid: str, account: str, region: str, endpoint: str) -> None:
        super().__init__(name=f"queue-poller-{uuid}", daemon=True)
        self._uuid = uuid
        self._scope = (account, region)
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._in_flight = 0
        self._done = threading.Condition()
        self._pool = ThreadPoolExecutor(_MAX_CONCURRENT_BATCHES, thread_name_prefix=self.name)

    def run(self) -> None:
        with responses.request_scope(*self._scope):
            while mapping := self._mapping():
                try:
                    self._step(mapping)
                except (ClientError, BotoCoreError) as error:
                    self._report(mapping, f"PROBLEM: {error}")
                    time.sleep(_PAUSE_SECONDS)
        self._pool.shutdown(wait=False)

    def _step(self, mapping: Mapping) -> None:
        function, config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if function is None:
            time.sleep(_PAUSE_SECONDS)
            return
        if not self._may_start(mapping):
            return
        queue = Queue(mapping["EventSourceArn"], self._client(config), self._endpoint)
        queue.check()
        messages = queue.receive(mapping.get("BatchSize", 10), mapping.get("MaximumBatchingWindowInSeconds") or 0)
        wanted = lambda_svc._apply_filter_criteria([queue.record(message) for message in messages], mapping)
        identifiers = {record["messageId"] for record in wanted}
        queue.delete(message for message in messages if message["MessageId"] not in identifiers)
        if wanted:
            self._start(mapping, function, queue, wanted)

    def _start(self, mapping: Mapping, function: dict[str, Any], queue: Queue, records: list[Record]) -> None:
        with self._done:
            self._in_flight += 1
        self._pool.submit(self._process, mapping, function, queue, records)

    def _process(self, mapping: Mapping, function: dict[str, Any], queue: Queue, records: list[Record]) -> None:
        try:
            with responses.request_scope(*self._scope):
                result = lambda_svc._execute_function(function, {"Records": records})
                failed = _failed(result, records, mapping.get("FunctionResponseTypes") or [])
                queue.delete_records(record for record in records if record["messageId"] not in failed)
            self._report(mapping, f"PROBLEM: Function call failed for {len(failed)} messages" if failed else "OK")
        except (ClientError, BotoCoreError) as error:
            self._report(mapping, f"PROBLEM: {error}")
        except Exception:
            _log.exception("event source mapping %s", self._uuid)
        finally:
            with self._done:
                self._in_flight -= 1
                self._done.notify()

    def _may_start(self, mapping: Mapping) -> bool:
        """Wait a moment for one of the batches that the mapping may have in flight."""
        if mapping["EventSourceArn"].endswith(".fifo"):
            limit = 1  # a batch holds several message groups, whose order a second batch could break
        else:
            limit = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") or CONCURRENT_BATCHES
        with self._done:
            return self._done.wait_for(lambda: self._in_flight < limit, timeout=_PAUSE_SECONDS)

    def _mapping(self) -> Mapping | None:
        mapping = lambda_svc._esms.get(self._uuid)
        return mapping if mapping and mapping.get("Enabled", True) else None

    def _client(self, config: dict[str, Any]) -> Any:
        role = config["Role"]
        if role not in self._clients:
            self._clients[role] = roles.execution_client("sqs", config, self._endpoint)
        return self._clients[role]

    def _report(self, mapping: Mapping, result: str) -> None:
        if result.startswith("PROBLEM") and mapping.get("LastProcessingResult") != result:
            _log.warning("event source mapping %s of %s: %s", self._uuid, mapping["FunctionName"], result)
        mapping["LastProcessingResult"] = result


def _failed(result: dict[str, Any], records: list[Record], response_types: list[str]) -> set[str]:
    """The ids of the messages that stay in the queue."""
    everything = {record["messageId"] for record in records}
    if result.get("error") or result.get("throttle"):
        return everything
    if "ReportBatchItemFailures" not in response_types:
        return set()
    body = result.get("body")
    if isinstance(body, str):
        body = _parsed(body)
    if not body:
        return set()
    try:
        failures = {failure["itemIdentifier"] for failure in body.get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return everything
    return failures if failures <= everything else everything


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
