"""Which of a projection's tables is read, how far it is, and whether a replay is under way.

Items by `projection`: `active` (`a` until a replay has switched), `switched`, `as_of`; and one lease for all replays,
under `#replay`: `holder` and `until`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

LEASE = "#replay"


@dataclass(frozen=True)
class Pointers:
    """The pointers' table."""

    dynamodb: Any
    """A boto3 client."""

    table: str

    def active(self, projection: str) -> str:
        """The side that is read: `a` or `b`."""
        return self._get(projection).get("active", {}).get("S", "a")

    def holder(self) -> str:
        """The execution that holds the lease of replays, or held it last; empty when it was released."""
        return self._get(LEASE).get("holder", {}).get("S", "")

    def advance(self, projection: str, as_of: str) -> None:
        """Say that an event that was recorded at `as_of` is in the projection; an earlier one changes nothing."""
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"projection": {"S": projection}},
                UpdateExpression="SET as_of = :as_of",
                ConditionExpression="attribute_not_exists(as_of) OR as_of < :as_of",
                ExpressionAttributeValues={":as_of": {"S": as_of}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _get(self, projection: str) -> dict[str, Any]:
        answer = self.dynamodb.get_item(
            TableName=self.table, Key={"projection": {"S": projection}}, ConsistentRead=True
        )
        return answer.get("Item", {})
