"""Event source mappings read streams under the function's role, and do with failures what they say.

On AWS Lambda reads with the execution role and refuses a mapping whose role may not
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-permissions.html); it retries, splits and discards batches as
the mapping says, and goes on at the lowest failed record that a function reports
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-errors.html). A mapping that is disabled keeps its place
(https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html).
The stock server reaches into the stream without any permission, takes a reported failure for a success, and knows
neither splitting nor the number of retries, so that one bad record blocks its shard for ever.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import responses
from ministack.services import dynamodb, kinesis, lambda_svc

from local.emulator import frame, roles
from local.emulator.event_sources import streams
from local.emulator.event_sources.batches import FOREVER
from local.emulator.event_sources.stream_poller import BATCH_SIZE, StreamPoller
from local.emulator.event_sources.streams import Positions
from local.emulator.event_sources.wake import wake
from local.emulator.frame import Server

NAME = "stream_event_source"

KINESIS_ACTIONS = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
TABLE_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")

_NEEDED = ("_apply_filter_criteria", "_ensure_poller", "_esms", "_execute_function", "_get_func_record_for_qualifier")
_DEFAULTS = {
    "BatchSize": BATCH_SIZE,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": FOREVER,
    "MaximumRetryAttempts": FOREVER,
    "ParallelizationFactor": 1,
}
_KNOWN = {
    *("DestinationConfig", "Enabled", "EventSourceArn", "FilterCriteria", "FunctionName", "FunctionResponseTypes"),
    *("MaximumBatchingWindowInSeconds", "StartingPosition", "Tags", *_DEFAULTS),
}

_positions: dict[str, Positions] = {}
_pollers: dict[str, StreamPoller] = {}


def install(server: Server) -> None:
    for name in _NEEDED:
        frame.require(NAME, lambda_svc, name)
    for name in ("_tables", "stream_end_position", "stream_live_records"):
        frame.require(NAME, dynamodb, name)
    frame.require(NAME, kinesis, "_streams")
    frame.replace(NAME, lambda_svc, "_poll_kinesis", "", lambda original: lambda: _supervise(server))
    frame.replace(NAME, lambda_svc, "_poll_dynamodb_streams", "", lambda original: lambda: False)
    frame.replace(NAME, lambda_svc, "_init_stream_position", "esm_id source_arn starting", lambda original: _begin)
    frame.replace(NAME, lambda_svc, "_create_esm", "data", _checked)
    frame.replace(NAME, lambda_svc, "_update_esm", "esm_id data", _checked_update)


def _supervise(server: Server) -> bool:
    """Give every mapping of a stream its poller. Tells the server's own loop that there is nothing to do."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        uuid = mapping["UUID"]
        if ":sqs:" in mapping["EventSourceArn"] or uuid in _pollers:
            continue
        _pollers[uuid] = StreamPoller(mapping, account, region, server.endpoint, _positions.pop(uuid, {}))
        _pollers[uuid].start()
    wake.announce()
    return False


def _begin(esm_id: str, source_arn: str, starting: str) -> None:
    _positions[esm_id] = streams.beginning(source_arn, starting)


def _checked(original: Any) -> Any:
    def create(data: dict[str, Any]) -> Any:
        if ":sqs:" in data.get("EventSourceArn", ""):
            return original(data)
        problem = _problem(data)
        if problem:
            return responses.error_response_json("InvalidParameterValueException", problem, 400)
        created = original({**_DEFAULTS, **data})
        lambda_svc._esm_wake.set()
        return created

    return create


def _checked_update(original: Any) -> Any:
    def update(esm_id: str, data: dict[str, Any]) -> Any:
        mapping = lambda_svc._esms.get(esm_id)
        problem = _unavailable(data) if mapping and ":sqs:" not in mapping["EventSourceArn"] else None
        if problem:
            return responses.error_response_json("InvalidParameterValueException", problem, 400)
        updated = original(esm_id, data)
        lambda_svc._esm_wake.set()
        return updated

    return update


def _problem(data: dict[str, Any]) -> str | None:
    """Why Lambda refuses the mapping; whatever is wrong with the function itself is found by the server."""
    arn = data.get("EventSourceArn", "")
    name, qualifier, error = lambda_svc._resolve_existing_esm_function(data.get("FunctionName", ""))
    if error or lambda_svc._validate_event_source_arn(arn)[1]:
        return None
    if data.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
        return f"StartingPosition must be LATEST or TRIM_HORIZON, not {json.dumps(data.get('StartingPosition'))}: " + (
            "AT_TIMESTAMP is not available on the local AWS."
        )
    if not streams.exists(arn):
        return f"Stream not found: {arn}"
    _, config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    return _denied(config, arn) or _unavailable(data)


def _denied(config: dict[str, Any], arn: str) -> str | None:
    if streams.is_kinesis(arn):
        needed, shown = KINESIS_ACTIONS, "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams"
    else:
        needed, shown = TABLE_ACTIONS, "GetRecords, GetShardIterator, DescribeStream, and ListStreams"
    service = arn.split(":")[2]
    if all(roles.allowed(config, f"{service}:{action}", _resource(action, arn)) for action in needed):
        return None
    return f"Cannot access stream {arn}. Please ensure the role can perform the {shown} Actions on your stream in IAM."


def _resource(action: str, arn: str) -> str:
    return f"{arn.rpartition('/')[0]}/*" if action == "ListStreams" else arn


def _unavailable(data: dict[str, Any]) -> str | None:
    unknown = sorted(data.keys() - _KNOWN - {"UUID"})
    if unknown:
        return f"{', '.join(unknown)} of a stream's mapping is not available on the local AWS."
    destination = ((data.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
    if destination and (destination.split(":")[2] not in ("sqs", "sns") or destination.endswith(".fifo")):
        return f"The destination ARN {destination} is invalid: the local AWS sends to standard queues and topics."
    return None
