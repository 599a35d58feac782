"""DynamoDB: tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map
from local.wire import contains_unknown

_GONE = ("ResourceNotFoundException",)
_ON_DEMAND = "PAY_PER_REQUEST"


class Table(Resource):
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"""

    token = "aws:dynamodb/table:Table"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Attributes are those that the keys use; capacity goes with the billing mode."""
        if not given(inputs, "hashKey"):
            yield from () if "hashKey" in inputs else (Failure("hashKey", "a table needs a hash key"),)
        elif given(inputs, "attributes") and not contains_unknown([inputs["attributes"], inputs.get("rangeKey")]):
            declared = {row["name"] for row in inputs["attributes"]}
            used = {inputs[key] for key in ("hashKey", "rangeKey") if inputs.get(key)}
            for name in sorted(declared ^ used):
                which = "is no key" if name in declared else "is not declared"
                yield Failure("attributes", f"all attributes must be indexed, and all keys declared: {name!r} {which}")
        if inputs.get("billingMode") == "PROVISIONED":
            for name in ("readCapacity", "writeCapacity"):
                if inputs.get(name) is None:
                    yield Failure(name, f"billing mode PROVISIONED needs {name}")
        elif inputs.get("billingMode") == _ON_DEMAND and (inputs.get("readCapacity") or inputs.get("writeCapacity")):
            yield Failure("billingMode", f"billing mode {_ON_DEMAND} has no capacity")
        ttl = inputs.get("ttl")
        if isinstance(ttl, dict) and ttl.get("enabled") is True and not ttl.get("attributeName"):
            yield Failure("ttl.attributeName", "expiry needs the attribute that holds the time")
        if inputs.get("streamEnabled") is True and inputs.get("streamViewType") is None:
            yield Failure("streamViewType", "a stream needs a view type")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateTable."""
        keys = [("HASH", inputs["hashKey"]), ("RANGE", inputs.get("rangeKey"))]
        aws.client("dynamodb").create_table(
            TableName=inputs["name"],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for kind, name in keys if name],
            AttributeDefinitions=[
                {"AttributeName": row["name"], "AttributeType": row["type"]} for row in inputs["attributes"]
            ],
            BillingMode=inputs["billingMode"],
            DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")),
            Tags=tag_list(inputs.get("tags")),
            **present(
                ProvisionedThroughput=_throughput(inputs),
                StreamSpecification=_stream(inputs) if inputs.get("streamEnabled") else None,
                SSESpecification=_encryption(inputs),
            ),
        )
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it is active; expiry and recovery are calls of their own."""
        _wait(aws, id_)
        if (inputs.get("ttl") or {}).get("enabled"):
            _set_ttl(aws, id_, {}, inputs["ttl"])
        if (inputs.get("pointInTimeRecovery") or {}).get("enabled"):
            _set_recovery(aws, id_, inputs["pointInTimeRecovery"])

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeTable, DescribeTimeToLive, DescribeContinuousBackups and ListTagsOfResource."""
        table = _find(aws, id_)
        if table is None:
            return None
        client = aws.client("dynamodb")
        keys = {row["KeyType"]: row["AttributeName"] for row in table["KeySchema"]}
        capacity = table.get("ProvisionedThroughput", {})
        stream = table.get("StreamSpecification", {})
        pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        return {
            "name": id_,
            "arn": table["TableArn"],
            "hashKey": keys["HASH"],
            "rangeKey": keys.get("RANGE"),
            "attributes": [
                {"name": row["AttributeName"], "type": row["AttributeType"]} for row in table["AttributeDefinitions"]
            ],
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "readCapacity": capacity.get("ReadCapacityUnits", 0),
            "writeCapacity": capacity.get("WriteCapacityUnits", 0),
            "streamEnabled": stream.get("StreamEnabled", False),
            "streamViewType": stream.get("StreamViewType", ""),
            "streamArn": table.get("LatestStreamArn") or "",
            "streamLabel": table.get("LatestStreamLabel") or "",
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "serverSideEncryption": _read_encryption(table),
            "ttl": _read_ttl(client, id_),
            "pointInTimeRecovery": _read_recovery(client, id_),
            "tags": tag_map(tag for page in pages for tag in page["Tags"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateTable takes one kind of change at a time; expiry, recovery and tags are calls of their own."""
        client = aws.client("dynamodb")
        if changed & {"billingMode", "readCapacity", "writeCapacity"}:
            throughput = present(ProvisionedThroughput=_throughput(new))
            client.update_table(TableName=id_, BillingMode=new["billingMode"], **throughput)
            _wait(aws, id_)
        if changed & {"streamEnabled", "streamViewType"}:
            # A stream's view can't be changed: it is switched off first.
            if old.get("streamEnabled"):
                client.update_table(TableName=id_, StreamSpecification={"StreamEnabled": False})
                _wait(aws, id_)
            if new.get("streamEnabled"):
                client.update_table(TableName=id_, StreamSpecification=_stream(new))
                _wait(aws, id_)
        if "deletionProtectionEnabled" in changed:
            protect = bool(new.get("deletionProtectionEnabled"))
            client.update_table(TableName=id_, DeletionProtectionEnabled=protect)
            _wait(aws, id_)
        if "serverSideEncryption" in changed and new.get("serverSideEncryption"):
            client.update_table(TableName=id_, SSESpecification=_encryption(new))
            _wait(aws, id_)
        if "ttl" in changed:
            _set_ttl(aws, id_, old.get("ttl") or {}, new.get("ttl") or {})
        if "pointInTimeRecovery" in changed:
            _set_recovery(aws, id_, new.get("pointInTimeRecovery") or {"enabled": False})
        if "tags" in changed:
            arn = aws.arn("dynamodb", f"table/{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(ResourceArn=arn, TagKeys=removed)
            if added:
                client.tag_resource(ResourceArn=arn, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteTable, and wait until it is gone."""
        try:
            aws.client("dynamodb").delete_table(TableName=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: _find(aws, id_) is None, f"the deletion of the table {id_}")


def _find(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        return aws.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _wait(aws: Aws, name: str) -> None:
    aws.wait_until(lambda: (_find(aws, name) or {}).get("TableStatus") == "ACTIVE", f"the table {name}")


def _throughput(inputs: Props) -> Props | None:
    if inputs["billingMode"] == _ON_DEMAND:
        return None
    return {"ReadCapacityUnits": inputs["readCapacity"], "WriteCapacityUnits": inputs["writeCapacity"]}


def _stream(inputs: Props) -> Props:
    return {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}


def _encryption(inputs: Props) -> Props | None:
    wanted = inputs.get("serverSideEncryption")
    if not wanted:
        return None
    if not wanted["enabled"]:
        return {"Enabled": False}
    return {"Enabled": True, "SSEType": "KMS", **present(KMSMasterKeyId=wanted.get("kmsKeyArn"))}


def _read_encryption(table: dict[str, Any]) -> Props:
    found = table.get("SSEDescription") or {}
    enabled = found.get("Status") in ("ENABLED", "ENABLING", "UPDATING")
    return {"enabled": enabled, **present(kmsKeyArn=found.get("KMSMasterKeyArn") if enabled else None)}


def _set_ttl(aws: Aws, name: str, old: Props, new: Props) -> None:
    """Switching expiry off needs the attribute's name too."""
    attribute = new.get("attributeName") or old.get("attributeName")
    enabled = bool(new.get("enabled"))
    if attribute and enabled != bool(old.get("enabled")):
        aws.client("dynamodb").update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": enabled}
        )


def _read_ttl(client: Any, name: str) -> Props:
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    enabled = found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return {"enabled": enabled, "attributeName": found.get("AttributeName") or ""}


def _set_recovery(aws: Aws, name: str, wanted: Props) -> None:
    days = wanted.get("recoveryPeriodInDays") if wanted["enabled"] else None
    aws.client("dynamodb").update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": wanted["enabled"],
            **present(RecoveryPeriodInDays=days),
        },
    )


def _read_recovery(client: Any, name: str) -> Props:
    found = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription", {})
    enabled = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
    return {
        "enabled": enabled,
        **present(recoveryPeriodInDays=recovery.get("RecoveryPeriodInDays") if enabled else None),
    }
