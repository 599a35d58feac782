"""A PartiQL transaction takes as long in a full table as in an empty one.

On AWS a transaction's cost follows from the items that it names
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html). The stock server copies the
whole table before each, to undo it: appending n events takes time in n². Here it sees, for as long as it runs, only the
partitions that its statements name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ministack.services import dynamodb

from local.emulator import frame
from local.emulator.frame import Server

NAME = "partiql_transactions"

Table = dict[str, Any]


def install(server: Server) -> None:
    for name in ("_extract_key_val", "_items_replaced", "_parse_partiql", "_partiql_key_target", "_tables"):
        frame.require(NAME, dynamodb, name)
    frame.replace(NAME, dynamodb, "_execute_transaction", "data", _in_parts)


def _in_parts(original: Any) -> Any:
    def execute(data: dict[str, Any]) -> Any:
        named: defaultdict[str, set[Any]] = defaultdict(set)
        for table, key in _partitions(data):
            named[table].add(key)
        whole = {name: dynamodb._tables[name]["items"] for name in named}
        for name, keys in named.items():
            part = {key: whole[name][key] for key in keys if key in whole[name]}
            dynamodb._tables[name]["items"] = defaultdict(dict, part)
        answer = None
        try:
            answer = original(data)
        finally:
            for name, keys in named.items():
                table = dynamodb._tables[name]
                _put_back(table, keys, whole[name])
                if answer is None or answer[0] != 200:
                    dynamodb._items_replaced(table)  # it was counted while only a part was there
        return answer

    return execute


def _put_back(table: Table, keys: set[Any], whole: dict[Any, Any]) -> None:
    for key in keys:
        if rows := table["items"].get(key):
            whole[key] = rows
        else:
            whole.pop(key, None)
    table["items"] = whole


def _partitions(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Table and partition of each statement. What can't be read is refused by the server before it copies anything."""
    for statement in data.get("TransactStatements") or []:
        try:
            parsed = dynamodb._parse_partiql(statement.get("Statement", ""), statement.get("Parameters", []))
        except ValueError:
            continue
        table = dynamodb._tables.get(parsed["table"])
        if table is None:
            continue
        if parsed["op"] == "INSERT":
            item = parsed["item"]["M"] if set(parsed["item"]) == {"M"} else parsed["item"]
            key = dynamodb._extract_key_val(item.get(table["pk_name"]))
        else:
            key = dynamodb._partiql_key_target(table, parsed.get("select") or parsed)[0]
        if key is not None:
            yield parsed["table"], key
