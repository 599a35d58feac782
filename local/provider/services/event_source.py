"""Lambda: event source mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, tag_changes
from local.provider.services import lambda_, sqs

_BATCH_WITHOUT_WINDOW = 10
_SETTLED = ("Enabled", "Disabled")


class EventSourceMapping(Resource):
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

    token = "aws:lambda/eventSourceMapping:EventSourceMapping"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The sources handled, and what batches SQS takes."""
        if not given(inputs, "eventSourceArn"):
            return
        if inputs["eventSourceArn"].split(":")[2:3] != ["sqs"]:
            yield Failure("eventSourceArn", "only queues are handled here: local/provider/services/event_source.py")
        window = inputs.get("maximumBatchingWindowInSeconds")
        if given(inputs, "batchSize") and inputs["batchSize"] > _BATCH_WITHOUT_WINDOW and not window:
            yield Failure("batchSize", f"a batch of more than {_BATCH_WITHOUT_WINDOW} needs a batching window")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateEventSourceMapping, if the queue hides messages long enough."""
        _require_visibility(aws, inputs["eventSourceArn"], inputs["functionName"])
        made = aws.client("lambda").create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"],
            FunctionName=inputs["functionName"],
            Enabled=inputs.get("enabled", True),
            **({"Tags": inputs["tags"]} if inputs.get("tags") else {}),
            **_parameters(inputs, set(inputs)),
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
            "maximumBatchingWindowInSeconds": found.get("MaximumBatchingWindowInSeconds") or 0,
            "scalingConfig": {"maximumConcurrency": concurrency} if concurrency else None,
            "filterCriteria": {"filters": [{"pattern": row["Pattern"]} for row in filters]} if filters else None,
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
    made: dict[str, tuple[str, Any]] = {
        "batchSize": ("BatchSize", inputs.get("batchSize")),
        "functionResponseTypes": ("FunctionResponseTypes", inputs.get("functionResponseTypes") or []),
        "maximumBatchingWindowInSeconds": (
            "MaximumBatchingWindowInSeconds",
            inputs.get("maximumBatchingWindowInSeconds") or 0,
        ),
        "scalingConfig": ("ScalingConfig", {"MaximumConcurrency": concurrency} if concurrency else {}),
        "filterCriteria": ("FilterCriteria", {"Filters": [{"Pattern": row["pattern"]} for row in filters]}),
    }
    return {key: value for name, (key, value) in made.items() if name in names and value is not None}


def _require_visibility(aws: Aws, queue: str, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html; the local AWS doesn't look."""
    visible, timeout = sqs.visibility_timeout_of(aws, queue), lambda_.timeout_of(aws, function)
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
