"""A DynamoDB table, and the permissions that open it."""

from __future__ import annotations

import hashlib
from typing import Literal

import pulumi_aws as aws

from .metric import Metric
from .pattern import Pattern
from .permissions import Permission

KeyType = Literal["S", "N", "B"]


class Table:
    """An on-demand table with point-in-time recovery, encrypted with a key that DynamoDB owns.

    `key` and `sort_key` are (name, type). Changing them would replace the table and lose its data, so they are part of
    the table's name. `stream` sends each change with the item as it is now. Items go some time after the second (since
    1970) that their attribute `expires` names. What is written to an `append_only` table stays as it is: it has a tag
    that says so, and the policy pack finds whoever may change it.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        key: tuple[str, KeyType],
        sort_key: tuple[str, KeyType] | None = None,
        stream: bool = False,
        expires: str = "",
        append_only: bool = False,
    ) -> None:
        self._owner, self.tree_name = owner, owner.tree_name(name)
        keys = [key, *([sort_key] if sort_key else [])]
        schema = hashlib.sha256(repr(keys).encode()).hexdigest()[:6]
        self.physical_name = owner.physical("table", name, schema)
        self.arn = owner.names.arn("dynamodb", f"table/{self.physical_name}")
        self.table = aws.dynamodb.Table(
            self.tree_name,
            name=self.physical_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=key[0],
            range_key=sort_key[0] if sort_key else None,
            attributes=[aws.dynamodb.TableAttributeArgs(name=one, type=type_) for one, type_ in keys],
            ttl=aws.dynamodb.TableTtlArgs(attribute_name=expires, enabled=True) if expires else None,
            stream_enabled=stream or None,
            stream_view_type="NEW_IMAGE" if stream else None,
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            deletion_protection_enabled=owner.settings.protect_data,
            tags=owner.tags | ({"writes": "append-only"} if append_only else {}),
            opts=owner.child(holds_data=True),
        )
        owner.may_lose(f"aws:dynamodb/table:Table::{self.tree_name}")
        owner.watch.show("tables, throttled", *self.throttled())

    def throttled(self) -> tuple[Metric, Metric]:
        """Reads and writes that were refused for the moment; DynamoDB sends nothing when there are none.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
        """
        reads, writes = (
            Metric(
                namespace="AWS/DynamoDB",
                name=name,
                dimensions={"TableName": self.physical_name},
                statistic="Sum",
                unit="Count",
            )
            for name in ("ReadThrottleEvents", "WriteThrottleEvents")
        )
        return reads, writes

    def append(self) -> Permission:
        """Add items that are not there yet, and change nothing that is.

        `PutItem` would overwrite, and no condition key can forbid that; a PartiQL INSERT fails on an existing key.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
        """
        return Permission(actions=("dynamodb:PartiQLInsert",), resources=(self.arn,))

    def get(self) -> Permission:
        """Read one item by its key."""
        return Permission(actions=("dynamodb:GetItem",), resources=(self.arn,))

    def query(self) -> Permission:
        """Read items of one partition key."""
        return Permission(actions=("dynamodb:Query",), resources=(self.arn,))

    def scan(self) -> Permission:
        """Read everything."""
        return Permission(actions=("dynamodb:Scan",), resources=(self.arn,))

    def put(self) -> Permission:
        """Write whole items, over what is there."""
        return Permission(actions=("dynamodb:PutItem",), resources=(self.arn,))

    def update(self) -> Permission:
        """Change attributes of one item."""
        return Permission(actions=("dynamodb:UpdateItem",), resources=(self.arn,))

    def delete(self) -> Permission:
        """Remove one item."""
        return Permission(actions=("dynamodb:DeleteItem",), resources=(self.arn,))

    def changes(self) -> Permission:
        """What an event source mapping or a pipe on the table's stream needs; the stream's label is made by AWS.

        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-permissions.html
        """
        actions = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        return Permission(
            actions=tuple(f"dynamodb:{action}" for action in actions), resources=(f"{self.arn}/stream/*",)
        )
