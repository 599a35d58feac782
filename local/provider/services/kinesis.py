"""Kinesis Data Streams: streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, tag_changes, tag_map
from local.wire import UNKNOWN, contains_unknown

_GONE = ("ResourceNotFoundException",)
_ON_DEMAND = "ON_DEMAND"
_FIRST_RETENTION_H = 24
_RECORD_KIB = 1024


class Stream(Resource):
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""

    token = "aws:kinesis/stream:Stream"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Shards go with the mode, and a key with encryption."""
        shards = inputs.get("shardCount")
        if not contains_unknown([inputs.get("streamModeDetails"), shards]):
            if _mode(inputs) == _ON_DEMAND and shards:
                yield Failure("shardCount", "a stream on demand has no number of shards")
            elif _mode(inputs) != _ON_DEMAND and not shards:
                yield Failure("shardCount", "a provisioned stream needs its number of shards")
        if inputs.get("encryptionType") == "KMS" and inputs.get("kmsKeyId") is None:
            yield Failure("kmsKeyId", "encryption needs a key, such as alias/aws/kinesis")
        elif inputs.get("encryptionType") not in ("KMS", UNKNOWN) and inputs.get("kmsKeyId"):
            yield Failure("kmsKeyId", "the key goes with encryptionType KMS")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateStream."""
        name, shards = inputs["name"], inputs.get("shardCount")
        aws.client("kinesis").create_stream(
            StreamName=name,
            StreamModeDetails={"StreamMode": _mode(inputs)},
            **({"ShardCount": shards} if shards else {}),
        )
        return aws.arn("kinesis", f"stream/{name}")

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it is active; retention, encryption and tags are calls of their own."""
        client, name = aws.client("kinesis"), _name(id_)
        _wait(aws, name)
        _retain(aws, name, _FIRST_RETENTION_H, inputs["retentionPeriod"])
        if inputs.get("encryptionType") == "KMS":
            _encrypt(aws, name, inputs["kmsKeyId"])
        if inputs.get("tags"):
            client.add_tags_to_stream(StreamName=name, Tags=inputs["tags"])

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeStreamSummary and ListTagsForStream, which answers at most 50: all that a stream can have."""
        found = find(aws, _name(id_))
        if found is None:
            return None
        mode = found.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        return {
            "arn": found["StreamARN"],
            "name": found["StreamName"],
            "shardCount": found["OpenShardCount"] if mode != _ON_DEMAND else None,
            "streamModeDetails": {"streamMode": mode},
            "retentionPeriod": found["RetentionPeriodHours"],
            "encryptionType": found.get("EncryptionType", "NONE"),
            "kmsKeyId": found.get("KeyId"),
            "maxRecordSizeInKib": found.get("MaxRecordSizeInKiB", _RECORD_KIB),
            "tags": tag_map(aws.client("kinesis").list_tags_for_stream(StreamName=found["StreamName"])["Tags"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """A call for each kind of change, waiting for each: AWS takes one at a time."""
        client, name = aws.client("kinesis"), _name(id_)
        if "streamModeDetails" in changed and _mode(old) != _mode(new):
            raise RefusedError(
                "another stream mode is not available locally: the local AWS has no UpdateStreamMode. "
                "Take the stack down and up again"
            )
        if "shardCount" in changed and new.get("shardCount"):
            client.update_shard_count(
                StreamName=name, TargetShardCount=new["shardCount"], ScalingType="UNIFORM_SCALING"
            )
            _wait(aws, name)
        if "retentionPeriod" in changed:
            _retain(aws, name, old["retentionPeriod"], new["retentionPeriod"])
        if changed & {"encryptionType", "kmsKeyId"}:
            if new["encryptionType"] == "KMS":
                _encrypt(aws, name, new["kmsKeyId"])
            elif old.get("encryptionType") == "KMS":
                client.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=old["kmsKeyId"])
                _wait(aws, name)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.remove_tags_from_stream(StreamName=name, TagKeys=removed)
            if added:
                client.add_tags_to_stream(StreamName=name, Tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteStream, and wait until it is gone. Consumers stop it, unless the program says otherwise."""
        name = _name(id_)
        try:
            aws.client("kinesis").delete_stream(
                StreamName=name, EnforceConsumerDeletion=bool(state.get("enforceConsumerDeletion"))
            )
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: find(aws, name) is None, f"the deletion of the stream {name}")


def find(aws: Aws, name: str) -> dict[str, Any] | None:
    """The stream's summary, None without stream."""
    try:
        return aws.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _mode(values: Props) -> str:
    return (values.get("streamModeDetails") or {}).get("streamMode") or "PROVISIONED"


def _wait(aws: Aws, name: str) -> None:
    aws.wait_until(lambda: (find(aws, name) or {}).get("StreamStatus") == "ACTIVE", f"the stream {name}")


def _retain(aws: Aws, name: str, before: int, after: int) -> None:
    """More and fewer hours are two calls, and neither takes the number that it is."""
    client = aws.client("kinesis")
    if after > before:
        client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
    elif after < before:
        client.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
    _wait(aws, name)


def _encrypt(aws: Aws, name: str, key: str) -> None:
    aws.client("kinesis").start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
    _wait(aws, name)
