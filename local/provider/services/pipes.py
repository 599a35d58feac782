"""EventBridge Pipes: pipes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes
from local.provider.services.trust import require_trust
from local.wire import UNKNOWN

_GONE = ("NotFoundException",)
_SETTLED = ("RUNNING", "STOPPED")
_SOURCES = {
    "dynamodb": "dynamodbStreamParameters",
    "kinesis": "kinesisStreamParameters",
    "sqs": "sqsQueueParameters",
}
_TARGETS = {
    "events": "eventbridgeEventBusParameters",
    "kinesis": "kinesisStreamParameters",
    "lambda": "lambdaFunctionParameters",
    "sqs": "sqsQueueParameters",
    "states": "stepFunctionStateMachineParameters",
}
"""The parameters of each service that a pipe can read or reach here."""
_NAMES = {
    "dynamodbStreamParameters": "DynamoDBStreamParameters",
    "eventbridgeEventBusParameters": "EventBridgeEventBusParameters",
}
"""Where the SDK's name isn't AWS's with a small first letter."""
_BATCH_WITHOUT_WINDOW = 10
_FOREVER = -1
_RECORD_AGE = range(60, 604_801)


class Pipe(Resource):
    """https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_CreatePipe.html"""

    token = "aws:pipes/pipe:Pipe"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What is read and reached, each with the parameters that it needs and no other's."""
        if given(inputs, "source"):
            yield from _source_failures(inputs["source"], inputs.get("sourceParameters"))
        if given(inputs, "target"):
            yield from _target_failures(inputs["target"], inputs.get("targetParameters"))

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreatePipe, if Pipes may assume the role."""
        require_trust(aws, inputs["roleArn"], "pipes")
        aws.client("pipes").create_pipe(
            Name=inputs["name"],
            Source=inputs["source"],
            **_parameters(inputs),
            **present(
                SourceParameters=_to_aws(inputs.get("sourceParameters")),
                TargetParameters=_to_aws(inputs.get("targetParameters")),
                Tags=inputs.get("tags") or None,
            ),
        )
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it runs or, as asked for, doesn't."""
        _wait(aws, id_)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribePipe answers the tags too."""
        found = _find(aws, id_)
        if found is None:
            return None
        source = _from_aws(found.get("SourceParameters") or {})
        target = _from_aws(found.get("TargetParameters") or {})
        return {
            "arn": found["Arn"],
            "name": found["Name"],
            "description": found.get("Description") or None,
            "desiredState": found["DesiredState"],
            "roleArn": found["RoleArn"],
            "source": found["Source"],
            "sourceParameters": source or None,
            "target": found["Target"],
            "targetParameters": target or None,
            "tags": {key: text for key, text in found.get("Tags", {}).items() if not key.startswith("aws:")},
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdatePipe, TagResource and UntagResource.

        AWS replaces what is of one service as a whole and keeps what isn't named, so filters and template are always
        named: none is an empty list, and an empty text.
        """
        client = aws.client("pipes")
        if changed - {"tags"}:
            require_trust(aws, new["roleArn"], "pipes")
            source = _to_aws(new.get("sourceParameters")) or {}
            for parameters in source.values():
                parameters.pop("StartingPosition", None)
            client.update_pipe(
                Name=id_,
                SourceParameters={"FilterCriteria": {"Filters": []}, **source},
                TargetParameters={"InputTemplate": "", **(_to_aws(new.get("targetParameters")) or {})},
                **_parameters(new),
            )
            _wait(aws, id_)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(resourceArn=old["arn"], tagKeys=removed)
            if added:
                client.tag_resource(resourceArn=old["arn"], tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeletePipe, and wait until it is gone."""
        try:
            aws.client("pipes").delete_pipe(Name=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: _find(aws, id_) is None, f"the deletion of the pipe {id_}")


def _source_failures(arn: str, parameters: Any) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-source.html"""
    service = _service(arn)
    if service not in _SOURCES or (service == "dynamodb" and "/stream/" not in arn):
        yield Failure("source", "not available locally: pipes read queues and streams, and a table by its stream's ARN")
        return
    if parameters is UNKNOWN:
        return
    name, every = _SOURCES[service], parameters or {}
    for other in sorted(set(_SOURCES.values()) & every.keys() - {name}):
        yield Failure(f"sourceParameters.{other}", f"{other} are not for {arn}")
    own, where = every.get(name), f"sourceParameters.{name}"
    if own is UNKNOWN:
        return
    if service == "sqs":
        yield from _queue_failures(arn, own or {}, where)
    elif own is None:
        yield Failure(where, f"a pipe from a stream needs {name}.startingPosition")
    else:
        age = own.get("maximumRecordAgeInSeconds")
        if given(own, "maximumRecordAgeInSeconds") and age != _FOREVER and age not in _RECORD_AGE:
            reason = "a record's age is -1 (for ever) or 60 to 604,800 seconds"
            yield Failure(f"{where}.maximumRecordAgeInSeconds", reason)


def _queue_failures(arn: str, parameters: Props, where: str) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html"""
    window, fifo = parameters.get("maximumBatchingWindowInSeconds"), arn.endswith(".fifo")
    if fifo and window:
        yield Failure(f"{where}.maximumBatchingWindowInSeconds", "a FIFO queue has no batching window")
    if given(parameters, "batchSize") and parameters["batchSize"] > _BATCH_WITHOUT_WINDOW and (fifo or not window):
        reason = "a FIFO queue's batch has at most 10" if fifo else "a batch of more than 10 needs a batching window"
        yield Failure(f"{where}.batchSize", reason)


def _target_failures(arn: str, parameters: Any) -> Iterator[Failure]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html"""
    service = _service(arn)
    if service not in _TARGETS or (service == "events" and ":event-bus/" not in arn):
        yield Failure("target", f"not available locally: pipes reach {', '.join(sorted(_TARGETS))} only")
        return
    if parameters is UNKNOWN:
        return
    name, every = _TARGETS[service], parameters or {}
    for other in sorted(set(_TARGETS.values()) & every.keys() - {name}):
        yield Failure(f"targetParameters.{other}", f"{other} are not for {arn}")
    own = every.get(name) or {}
    if service == "kinesis" and own is not UNKNOWN and not own:
        yield Failure(f"targetParameters.{name}", "a stream needs a partition key")
    if service == "sqs" and arn.endswith(".fifo") and own is not UNKNOWN and not own.get("messageGroupId"):
        yield Failure(f"targetParameters.{name}", "a FIFO queue needs a message group")


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def _parameters(inputs: Props) -> Props:
    return {
        "DesiredState": inputs["desiredState"],
        "Description": inputs.get("description") or "",
        "RoleArn": inputs["roleArn"],
        "Target": inputs["target"],
    }


def _to_aws(value: Any) -> Any:
    """Properties under AWS's names."""
    if isinstance(value, dict):
        return {
            _NAMES.get(name, name[0].upper() + name[1:]): _to_aws(child)
            for name, child in value.items()
            if child is not None
        }
    return [_to_aws(child) for child in value] if isinstance(value, list) else value


def _from_aws(value: Any) -> Any:
    """AWS's answer under the SDK's names, without what is empty."""
    if isinstance(value, dict):
        names = {key: name for name, key in _NAMES.items()}
        found = {names.get(key, key[0].lower() + key[1:]): _from_aws(child) for key, child in value.items()}
        return {name: child for name, child in found.items() if child not in (None, "", {}, [])}
    return [_from_aws(child) for child in value] if isinstance(value, list) else value


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        return aws.client("pipes").describe_pipe(Name=name)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _wait(aws: Aws, name: str) -> None:
    """Until nothing is under way. Raises RefusedError if AWS gave up on it."""

    def done() -> bool:
        found = _find(aws, name) or {}
        if str(found.get("CurrentState")).endswith("_FAILED"):
            raise RefusedError(f"the pipe {name} failed: {found.get('StateReason')}")
        return found.get("CurrentState") in _SETTLED

    aws.wait_until(done, f"the pipe {name}")
