"""Lambda: event source mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes
from local.provider.services import lambda_, sqs

_BATCH_WITHOUT_WINDOW = 10
_BATCH = {"sqs": 10, "kinesis": 100, "dynamodb": 100}
"""What a batch holds where the program doesn't say, by the source's service."""
_SETTLED = ("Enabled", "Disabled")
_FOREVER = -1
_RECORD_AGE = range(60, 604_801)
_OF_STREAMS = {
    "bisectBatchOnFunctionError": ("BisectBatchOnFunctionError", None),
    "maximumRecordAgeInSeconds": ("MaximumRecordAgeInSeconds", _FOREVER),
    "maximumRetryAttempts": ("MaximumRetryAttempts", _FOREVER),
    "parallelizationFactor": ("ParallelizationFactor", 1),
}
"""What only the mapping of a stream has: its name for AWS, and what AWS answers where it was never set."""


class EventSourceMapping(Resource):
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

    token = "aws:lambda/eventSourceMapping:EventSourceMapping"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The sources handled, and what each takes."""
        if not given(inputs, "eventSourceArn"):
            return
        service, arn = _service(inputs["eventSourceArn"]), inputs["eventSourceArn"]
        if service not in _BATCH or (service == "dynamodb" and "/stream/" not in arn):
            yield Failure("eventSourceArn", "only queues and streams are handled here, and a table by its stream's ARN")
        elif service == "sqs":
            yield from _queue_failures(inputs, fifo=arn.endswith(".fifo"))
        else:
            yield from _stream_failures(inputs)

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateEventSourceMapping, if it is the first of the two and the queue hides messages long enough."""
        _require_first(aws, inputs["eventSourceArn"], inputs["functionName"])
        _require_visibility(aws, inputs["eventSourceArn"], inputs["functionName"])
        batch = inputs.get("batchSize") or _BATCH[_service(inputs["eventSourceArn"])]
        made = aws.client("lambda").create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"],
            FunctionName=inputs["functionName"],
            Enabled=inputs.get("enabled", True),
            **present(StartingPosition=inputs.get("startingPosition"), Tags=inputs.get("tags") or None),
            **_parameters({**inputs, "batchSize": batch}, {*inputs, "batchSize"}),
        )
        return made["UUID"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it polls."""
        _wait(aws, id_)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetEventSourceMapping and ListTags."""
        found = _find(aws, id_)
        if found is None:
            return None
        arn = found.get("EventSourceMappingArn") or aws.arn("lambda", f"event-source-mapping:{id_}")
        filters = found.get("FilterCriteria", {}).get("Filters")
        concurrency = found.get("ScalingConfig", {}).get("MaximumConcurrency")
        return {
            "uuid": id_,
            "arn": arn,
            "eventSourceArn": found["EventSourceArn"],
            "functionArn": found["FunctionArn"],
            "functionName": _named(found["FunctionArn"], state.get("functionName")),
            "batchSize": found["BatchSize"],
            "enabled": found["State"] not in ("Disabled", "Disabling"),
            "functionResponseTypes": found.get("FunctionResponseTypes") or None,
            "maximumBatchingWindowInSeconds": found.get("MaximumBatchingWindowInSeconds") or None,
            "scalingConfig": {"maximumConcurrency": concurrency} if concurrency else None,
            "filterCriteria": {"filters": [{"pattern": row["Pattern"]} for row in filters]} if filters else None,
            **_read_stream(found),
            "lastModified": str(found.get("LastModified", "")),
            "lastProcessingResult": found.get("LastProcessingResult"),
            "state": found["State"],
            "stateTransitionReason": found.get("StateTransitionReason"),
            "tags": aws.client("lambda").list_tags(Resource=arn).get("Tags", {}),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateEventSourceMapping, TagResource and UntagResource."""
        client = aws.client("lambda")
        if changed - {"tags"}:
            _require_visibility(aws, new["eventSourceArn"], new["functionName"])
            sent = _parameters(new, changed)
            if "enabled" in changed:
                sent["Enabled"] = new["enabled"]
            if "functionName" in changed:
                sent["FunctionName"] = new["functionName"]
            client.update_event_source_mapping(UUID=id_, **sent)
            _wait(aws, id_)
        if "tags" in changed:
            arn = old.get("arn") or aws.arn("lambda", f"event-source-mapping:{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(Resource=arn, TagKeys=removed)
            if added:
                client.tag_resource(Resource=arn, Tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteEventSourceMapping, and wait: until it is gone, a queue of the same name would be polled."""
        try:
            aws.client("lambda").delete_event_source_mapping(UUID=id_)
        except ClientError as error:
            if not is_missing(error, lambda_.GONE):
                raise
        aws.wait_until(lambda: _find(aws, id_) is None, f"the deletion of the mapping {id_}")


def _parameters(inputs: Props, names: set[str]) -> Props:
    """What both calls share. An empty value takes away what was there before."""
    filters = (inputs.get("filterCriteria") or {}).get("filters") or []
    concurrency = (inputs.get("scalingConfig") or {}).get("maximumConcurrency")
    failure = (inputs.get("destinationConfig") or {}).get("onFailure") or {}
    made: dict[str, tuple[str, Any]] = {
        "batchSize": ("BatchSize", inputs.get("batchSize")),
        "functionResponseTypes": ("FunctionResponseTypes", inputs.get("functionResponseTypes") or []),
        "maximumBatchingWindowInSeconds": (
            "MaximumBatchingWindowInSeconds",
            inputs.get("maximumBatchingWindowInSeconds") or 0,
        ),
        "scalingConfig": ("ScalingConfig", {"MaximumConcurrency": concurrency} if concurrency else {}),
        "filterCriteria": ("FilterCriteria", {"Filters": [{"Pattern": row["pattern"]} for row in filters]}),
        "destinationConfig": ("DestinationConfig", {"OnFailure": present(Destination=failure.get("destinationArn"))}),
        **{name: (key, inputs.get(name)) for name, (key, _) in _OF_STREAMS.items()},
    }
    return {key: value for name, (key, value) in made.items() if name in names and value is not None}


def _queue_failures(inputs: Props, fifo: bool) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html"""
    for name in ("startingPosition", "destinationConfig", *_OF_STREAMS):
        if inputs.get(name) not in (None, False):
            yield Failure(name, f"{name} is for streams")
    window = inputs.get("maximumBatchingWindowInSeconds")
    if fifo and window:
        yield Failure("maximumBatchingWindowInSeconds", "a FIFO queue has no batching window")
    if given(inputs, "batchSize") and inputs["batchSize"] > _BATCH_WITHOUT_WINDOW and (fifo or not window):
        reason = "a FIFO queue's batch has at most 10" if fifo else "a batch of more than 10 needs a batching window"
        yield Failure("batchSize", reason)


def _stream_failures(inputs: Props) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"""
    if inputs.get("startingPosition") is None:
        yield Failure("startingPosition", "the mapping of a stream needs a starting position")
    if inputs.get("scalingConfig") is not None:
        yield Failure("scalingConfig", "scalingConfig is for queues")
    age = inputs.get("maximumRecordAgeInSeconds")
    if given(inputs, "maximumRecordAgeInSeconds") and age != _FOREVER and age not in _RECORD_AGE:
        yield Failure("maximumRecordAgeInSeconds", "a record's age is -1 (for ever) or 60 to 604,800 seconds")


def _read_stream(found: dict[str, Any]) -> Props:
    """What only streams have; nothing for a queue."""
    if _service(found["EventSourceArn"]) == "sqs":
        return {}
    destination = ((found.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return {
        "startingPosition": found.get("StartingPosition"),
        "destinationConfig": {"onFailure": {"destinationArn": destination}} if destination else None,
        **{name: found.get(key, default) for name, (key, default) in _OF_STREAMS.items()},
        "bisectBatchOnFunctionError": found.get("BisectBatchOnFunctionError") or None,
    }


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 2 else ""


def _require_first(aws: Aws, source: str, function: str) -> None:
    """AWS has one mapping of a source to a function, so that a replacement must be deleted first; the local AWS many.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html (ResourceConflictException)
    """
    found = aws.client("lambda").list_event_source_mappings(EventSourceArn=source, FunctionName=function)
    for mapping in found["EventSourceMappings"]:
        raise RefusedError(
            f"ResourceConflictException: the mapping {mapping['UUID']} of {source} to {function} already exists: "
            "update or delete it, or replace it with delete_before_replace"
        )


def _require_visibility(aws: Aws, source: str, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html; the local AWS doesn't look."""
    if _service(source) != "sqs":
        return
    visible, timeout = sqs.visibility_timeout_of(aws, source), lambda_.timeout_of(aws, function)
    if visible < timeout:
        raise RefusedError(
            f"InvalidParameterValueException: Queue visibility timeout: {visible} seconds is less than "
            f"Function timeout: {timeout} seconds"
        )


def _find(aws: Aws, id_: str) -> dict[str, Any] | None:
    try:
        return aws.client("lambda").get_event_source_mapping(UUID=id_)
    except ClientError as error:
        if is_missing(error, lambda_.GONE):
            return None
        raise


def _wait(aws: Aws, id_: str) -> None:
    aws.wait_until(lambda: (_find(aws, id_) or {}).get("State") in _SETTLED, f"the mapping {id_}")


def _named(arn: str, before: str | None) -> str:
    """The function as the program named it, by name or ARN; AWS answers the ARN."""
    if before and (before == arn or arn.endswith(f":function:{before}")):
        return before
    return arn
