"""Where tickets and a room's counters are kept: two DynamoDB tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from handlers.waiting_room.admission import LEASE_S, Record, Room
from handlers.waiting_room.tickets import Ticket

ENDING, WINDOW = "x", "m"
"""What begins the names of the attributes that count by window."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tickets by `ticket`, counters by `room`. One item bears some 1,000 writes a second, refused ones included.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    """

    dynamodb: Any
    """A boto3 client."""

    tickets: str
    rooms: str
    life_s: Mapping[str, int]
    """Room → seconds for which its tickets are good: their records stay as long."""

    def room(self, room: str) -> Room:
        """The counters, as of an eventually consistent read."""
        return read_room(self.dynamodb.get_item(TableName=self.rooms, Key=_key(room)).get("Item", {}))

    def record(self, ticket: Ticket) -> Record:
        """As of a consistent read."""
        item = self.dynamodb.get_item(TableName=self.tickets, Key=self._key(ticket), ConsistentRead=True)
        return _record(item.get("Item", {}))

    def claim(self, ticket: Ticket, owner: str, now: float, *, renewable: int) -> Record | None:
        """The item is made here, and goes by itself when the ticket is no longer good."""
        return self._ticket(
            ticket,
            "SET #owner = :owner, claimed_at = :now, gone_at = :gone",
            "(attribute_not_exists(#owner) OR claimed_at < :dead)"
            " AND (attribute_not_exists(expires) OR expires <= :renewable)",
            {
                ":owner": {"S": owner},
                ":now": _number(now),
                ":dead": _number(now - LEASE_S),
                ":renewable": _number(renewable),
                ":gone": _number(self._gone_at(ticket, now)),
            },
        )

    def release(self, ticket: Ticket, owner: str) -> None:
        """The claim's end."""
        self._ticket(ticket, "REMOVE #owner, claimed_at", "#owner = :owner", {":owner": {"S": owner}})

    def finish(self, ticket: Ticket, owner: str, expires: int) -> bool:
        """The pass, and the claim's end, in one write."""
        values = {":owner": {"S": owner}, ":expires": _number(expires)}
        return (
            self._ticket(ticket, "SET expires = :expires REMOVE #owner, claimed_at", "#owner = :owner", values) is None
        )

    def take(self, ticket: Ticket, window: int, ending: int) -> bool:
        """All conditions of an admission in one write: the watermark, the window's capacity, and the total."""
        try:
            self.dynamodb.update_item(
                TableName=self.rooms,
                Key=_key(ticket.room),
                UpdateExpression=(
                    "SET active = if_not_exists(active, :none) + :one, admitted = if_not_exists(admitted, :none) + :one"
                    ", #window = if_not_exists(#window, :none) + :one, #ending = if_not_exists(#ending, :none) + :one"
                ),
                ConditionExpression=(
                    "watermark >= :place AND per_window > :none AND #total > :none"
                    " AND (attribute_not_exists(#window) OR #window < per_window)"
                    " AND (attribute_not_exists(active) OR active < #total)"
                ),
                ExpressionAttributeNames={
                    "#window": f"{WINDOW}{window}",
                    "#ending": f"{ENDING}{ending}",
                    "#total": "total",
                },
                ExpressionAttributeValues={":place": _number(ticket.place), ":none": _number(0), ":one": _number(1)},
            )
        except ClientError as error:
            if not _refused(error):
                raise
            return False
        return True

    def free(self, room: str, endings: Mapping[int, int], past: Iterable[int]) -> None:
        """Counts that are no longer those that were seen are left for the next look."""
        names = {f"#e{window}": f"{ENDING}{window}" for window in endings}
        values = {f":e{window}": _number(count) for window, count in endings.items()}
        forgotten = {f"#w{window}": f"{WINDOW}{window}" for window in past}
        try:
            self.dynamodb.update_item(
                TableName=self.rooms,
                Key=_key(room),
                UpdateExpression=f"ADD active :less REMOVE {', '.join((*names, *forgotten))}",
                ConditionExpression=" AND ".join(f"#e{window} = :e{window}" for window in endings),
                ExpressionAttributeNames={**names, **forgotten},
                ExpressionAttributeValues={**values, ":less": _number(-sum(endings.values()))},
            )
        except ClientError as error:
            if not _refused(error):
                raise

    def turned_away(self, room: str) -> None:
        """In an item of its own, so that it costs the counters no writes."""
        self.dynamodb.update_item(
            TableName=self.rooms,
            Key=turned_away_key(room),
            UpdateExpression="ADD #count :one",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues={":one": _number(1)},
        )

    def _ticket(self, ticket: Ticket, update: str, condition: str, values: dict[str, Any]) -> Record | None:
        """None when it was written, else what stands against it."""
        try:
            self.dynamodb.update_item(
                TableName=self.tickets,
                Key=self._key(ticket),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not _refused(error):
                raise
            return _record(error.response.get("Item", {}))  # pyrefly: ignore
        return None

    def _key(self, ticket: Ticket) -> dict[str, Any]:
        return {"ticket": {"S": f"{ticket.room}|{ticket.nonce}"}}

    def _gone_at(self, ticket: Ticket, now: float) -> int:
        """A record outlives its ticket, also one of an edge whose clock is ahead, or the ticket would be new again."""
        return math.ceil(max(ticket.arrival, now)) + self.life_s[ticket.room] + LEASE_S


def read_room(item: Mapping[str, Any]) -> Room:
    """The counters of a room's item."""
    numbers = {name: float(value["N"]) for name, value in item.items() if "N" in value}
    return Room(
        watermark=numbers.get("watermark", -math.inf),
        per_window=int(numbers.get("per_window", 0)),
        total=int(numbers.get("total", 0)),
        active=int(numbers.get("active", 0)),
        admitted=int(numbers.get("admitted", 0)),
        windows=_by_window(numbers, WINDOW),
        endings=_by_window(numbers, ENDING),
    )


def turned_away_key(room: str) -> dict[str, Any]:
    """Of the item that counts those who found the room full."""
    return _key(f"{room}|turned-away")


def _by_window(numbers: Mapping[str, float], prefix: str) -> dict[int, int]:
    return {int(name[1:]): int(n) for name, n in numbers.items() if name[0] == prefix and name[1:].isdigit()}


def _record(item: Mapping[str, Any]) -> Record:
    return Record(
        owner=item.get("owner", {}).get("S", ""),
        claimed_at=float(item.get("claimed_at", {}).get("N", 0)),
        expires=int(item.get("expires", {}).get("N", 0)),
    )


def _key(room: str) -> dict[str, Any]:
    return {"room": {"S": room}}


def _number(value: float) -> dict[str, str]:
    return {"N": str(value)}


def _refused(error: ClientError) -> bool:
    """Whether the item is otherwise than the condition asks."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
