"""A DynamoDB in memory, as far as the event log's functions use it, which others can write to at a bad moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]
Key = tuple[str, int]

_INSERT = re.compile(r'INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<fields>.*)\}')
_FIELD = re.compile(r"'(\w+)': \?")
PAGE = 3
"""Items of a page: small, so that every reader meets several."""


def error(code: str, operation: str, reasons: list[str] | None = None) -> ClientError:
    """What boto3 raises."""
    response: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons or []]}
    return ClientError(response, operation)


class FakeDynamoDB:
    """Tables by name. `before_write` runs before the next writes, one each; it may write, or raise. So does
    `after_write` when they are done: an answer that is lost on its way.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Item]] = {}
        self.before_write: list[Callable[[], object]] = []
        self.after_write: list[Callable[[], object]] = []
        self.appended: list[Item] = []
        """Event items in the order of their INSERT: what the table's stream brings."""

    def items(self, table: str) -> dict[Key, Item]:
        return self.tables.setdefault(table, {})

    def execute_transaction(self, *, TransactStatements: list[Item]) -> None:
        self._interrupt()
        inserts = [self._insert(statement) for statement in TransactStatements]
        self._commit([(table, item, lambda there: there is None) for table, item in inserts], "DuplicateItem")
        self.appended += [item for _, item in inserts if item["sequence"]["N"] != "0"]
        self._lose_answer()

    def transact_write_items(self, *, TransactItems: list[Item]) -> None:
        assert len(TransactItems) <= 100
        self._interrupt()
        writes = []
        for part in TransactItems:
            if "Delete" in part:
                self.items(part["Delete"]["TableName"]).pop(_key(part["Delete"]["Key"]), None)
            else:
                put = part["Put"]
                writes.append((put["TableName"], put["Item"], _condition(put)))
        self._commit(writes, "ConditionalCheckFailed")
        self._lose_answer()

    def transact_get_items(self, *, TransactItems: list[Item]) -> Item:
        assert 0 < len(TransactItems) <= 100
        return {"Responses": [self.get_item(**part["Get"]) for part in TransactItems]}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = True) -> Item:
        assert ConsistentRead
        found = self.items(TableName).get(_key(Key))
        return {"Item": found} if found else {}

    def query(self, *, TableName: str, ExpressionAttributeValues: Item, **rest: Any) -> Item:
        assert rest["ConsistentRead"]
        aggregate = ExpressionAttributeValues[":aggregate"]["S"]
        keys = [key for key in self.items(TableName) if key[0] == aggregate]
        return {"Items": [self.items(TableName)[max(keys)]] if keys else []}

    def scan(self, *, TableName: str, ConsistentRead: bool, ExclusiveStartKey: Item | None = None, **rest: Any) -> Item:
        assert ConsistentRead
        segment, segments = rest.get("Segment", 0), rest.get("TotalSegments", 1)
        keys = sorted(key for key in self.items(TableName) if sum(key[0].encode()) % segments == segment)
        start = _key(ExclusiveStartKey) if ExclusiveStartKey else None
        left = [key for key in keys if start is None or key > start]
        items = [self.items(TableName)[key] for key in left[:PAGE]]
        names = [name for name in ("aggregate", "sequence", "key") if items and name in items[-1]]
        more = {"LastEvaluatedKey": {name: items[-1][name] for name in names}} if len(left) > PAGE else {}
        if "FilterExpression" in rest:
            assert rest["FilterExpression"] == "#sequence > :marker"
            items = [item for item in items if int(item["sequence"]["N"]) > 0]
        return {"Items": items, **more}

    def update_item(self, *, TableName: str, Key: Item, ExpressionAttributeValues: Item, **_: Any) -> None:
        self._interrupt()
        item, as_of = self.items(TableName).setdefault(_key(Key), dict(Key)), ExpressionAttributeValues[":as_of"]
        if item.get("as_of", {"S": ""})["S"] >= as_of["S"]:
            raise error("ConditionalCheckFailedException", "UpdateItem")
        item["as_of"] = as_of
        self._lose_answer()

    def _interrupt(self) -> None:
        if self.before_write:
            self.before_write.pop(0)()

    def _lose_answer(self) -> None:
        if self.after_write:
            self.after_write.pop(0)()

    def _insert(self, statement: Item) -> tuple[str, Item]:
        found = _INSERT.fullmatch(statement["Statement"])
        assert found
        return found["table"], dict(zip(_FIELD.findall(found["fields"]), statement["Parameters"], strict=True))

    def _commit(self, writes: list[tuple[str, Item, Callable[[Item | None], bool]]], code: str) -> None:
        keys = [(table, _key(item)) for table, item, _ in writes]
        assert len(set(keys)) == len(keys), "DynamoDB refuses two writes of one item in a transaction"
        reasons = ["None" if passes(self.items(table).get(_key(item))) else code for table, item, passes in writes]
        if code in reasons:
            raise error("TransactionCanceledException", "Transact", reasons)
        for table, item, _ in writes:
            self.items(table)[_key(item)] = item


def _key(item: Item) -> Key:
    name = next(name for name in ("aggregate", "key", "projection") if name in item)
    return item[name]["S"], int(item["sequence"]["N"]) if name == "aggregate" else 0


def _condition(put: Item) -> Callable[[Item | None], bool]:
    if put["ConditionExpression"] == "attribute_not_exists(#key)":
        return lambda there: there is None
    assert put["ConditionExpression"] == "revision = :revision"
    return lambda there: there is not None and there["revision"] == put["ExpressionAttributeValues"][":revision"]


def stream(items: list[Item]) -> Item:
    """What Lambda hands over from the event table's stream."""
    return {"Records": list(_records(items))}


def _records(items: list[Item]) -> Iterator[Item]:
    for number, item in enumerate(items):
        keys = {name: item[name] for name in ("aggregate", "sequence")}
        change = {"Keys": keys, "NewImage": item, "SequenceNumber": str(1000 + number)}
        yield {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
