"""Reads one stream for one event source mapping, as Lambda does: with the execution role of the function."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses
from ministack.services import lambda_svc

from local.emulator import roles
from local.emulator.event_sources import discards, streams, threads
from local.emulator.event_sources.batches import FOREVER, Attempt, Batch, Discarded, Policy, Throttled
from local.emulator.event_sources.shard_reader import ShardReader
from local.emulator.event_sources.shards import ShardPoller
from local.emulator.event_sources.streams import Positions, Record, Stream, sequence_number
from local.emulator.watch import metrics

BATCH_SIZE = 100
"""https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"""

_log = logging.getLogger(__name__)

Mapping = dict[str, Any]


class StreamPoller(ShardPoller):
    """Keeps its place while the mapping is disabled, and ends when it is deleted."""

    def __init__(self, mapping: Mapping, account: str, region: str, endpoint: str, positions: Positions) -> None:
        uuid, arn = mapping["UUID"], mapping["EventSourceArn"]
        super().__init__(f"stream-poller-{uuid}", account, region, arn, positions)
        self._uuid = uuid
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}

    def exists(self) -> bool:
        return lambda_svc._esms.get_scoped(*self._scope, self._uuid) is not None

    def active(self) -> bool:
        mapping = lambda_svc._esms.get_scoped(*self._scope, self._uuid)
        return bool(mapping and mapping.get("Enabled", True)) and self._function()[0] is not None

    def stream(self) -> Stream:
        client = self._client(streams.service_of(self.stream_arn))
        return streams.open_stream(self.stream_arn, client, self._function()[1]["Role"])

    def read(self, stream: Stream, reader: ShardReader) -> bool:
        mapping = self._mapping()
        limit, window = mapping.get("BatchSize", BATCH_SIZE), mapping.get("MaximumBatchingWindowInSeconds") or 0
        records = reader.read(stream, limit, window, self.active)
        wanted = lambda_svc._apply_filter_criteria(records, mapping)
        reader.processed(records, self._process(reader.shard, wanted, mapping))
        return bool(records)

    def report(self, result: str) -> None:
        mapping = lambda_svc._esms.get_scoped(*self._scope, self._uuid)
        if mapping is None:
            return
        if result.startswith("PROBLEM") and mapping.get("LastProcessingResult") != result:
            _log.warning("event source mapping %s of %s: %s", self._uuid, mapping["FunctionName"], result)
        mapping["LastProcessingResult"] = result

    def _process(self, shard: str, records: list[Record], mapping: Mapping) -> set[str]:
        """Process records; returns the sequence numbers of those that the mapping's end or pause left undone."""
        if not records:
            return set()
        policy = Policy(
            retries=mapping.get("MaximumRetryAttempts", FOREVER),
            max_age_seconds=mapping.get("MaximumRecordAgeInSeconds", FOREVER),
            bisect=mapping.get("BisectBatchOnFunctionError", False),
        )
        batches = [
            Batch(lane, policy, self._invoke, lambda given: self._discard(shard, given))
            for lane in lanes(records, mapping.get("ParallelizationFactor") or 1)
        ]
        threads.side_by_side(self.name, [functools.partial(batch.process, self.active) for batch in batches])
        return {sequence_number(record) for batch in batches for record in batch.unfinished()}

    def _invoke(self, records: list[Record]) -> Attempt:
        function, _ = self._function()
        self._tell_age(function, records)
        result = lambda_svc._execute_function(function, {"Records": records})
        if result.get("throttle"):
            raise Throttled
        failed = failed_from(result, records, self._mapping().get("FunctionResponseTypes") or [])
        self.report("OK" if failed is None else "PROBLEM: Function call failed")
        return Attempt(failed, "Unhandled" if result.get("error") else "")

    def _tell_age(self, function: dict[str, Any], records: list[Record]) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
        age = max(0.0, time.time() - streams.arrived(records[-1])) * 1000
        name = function["config"]["FunctionName"]
        metrics.send(self._scope, "AWS/Lambda", {"IteratorAge": (age, "Milliseconds")}, FunctionName=name)

    def _discard(self, shard: str, discarded: Discarded) -> None:
        mapping = self._mapping()
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        error = {"functionError": discarded.problem} if discarded.problem else {}
        who = {
            "requestContext": {
                "requestId": responses.new_uuid(),
                "functionArn": mapping["FunctionArn"],
                "condition": discarded.condition,
                "approximateInvokeCount": discarded.attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": mapping.get("Qualifier") or "$LATEST", **error},
        }
        text = discards.message(who, self.stream_arn, shard, discarded)
        try:
            discards.send(self._client, self._endpoint, destination, text)
        except (ClientError, BotoCoreError) as problem:
            self.report(f"PROBLEM: {problem}")

    def _mapping(self) -> Mapping:
        return lambda_svc._esms.get_scoped(*self._scope, self._uuid) or {}

    def _function(self) -> tuple[Any, Any]:
        mapping = self._mapping()
        with responses.request_scope(*self._scope):
            return lambda_svc._get_func_record_for_qualifier(mapping.get("FunctionName"), mapping.get("Qualifier"))

    def _client(self, service: str) -> Any:
        _, config = self._function()
        key = (service, config["Role"])
        if key not in self._clients:
            self._clients[key] = roles.execution_client(service, config, self._endpoint)
        return self._clients[key]


def failed_from(result: dict[str, Any], records: list[Record], response_types: list[str]) -> int | None:
    """Where the first failed record is: everything before the lowest reported one counts as processed.

    A report that names none of the batch's records, or that can't be read, fails the whole batch.
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    if result.get("error"):
        return 0
    body = result.get("body")
    if "ReportBatchItemFailures" not in response_types or not body:
        return None
    try:
        parsed = json.loads(body) if isinstance(body, str) else body
        reported = {failure["itemIdentifier"] for failure in (parsed or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0
    if not reported:
        return None
    places = {sequence_number(record): place for place, record in enumerate(records)}
    return min(places[number] for number in reported) if reported <= places.keys() else 0


def lanes(records: list[Record], factor: int) -> list[list[Record]]:
    """The records in at most `factor` parts, in order for each partition key or item.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#kinesis-polling-and-batching
    """
    parts: dict[int, list[Record]] = {}
    for record in records:
        key = record["kinesis"]["partitionKey"] if "kinesis" in record else json.dumps(record["dynamodb"]["Keys"])
        lane = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % factor
        parts.setdefault(lane, []).append(record)
    return list(parts.values())
