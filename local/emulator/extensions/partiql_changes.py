"""What PartiQL changes is a change of the table, and a cancelled transaction says why by AWS's names.

On AWS a table's stream has every change, however it was made
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html), and an INSERT of an item that is there
cancels its transaction with the reason `DuplicateItem`
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html).
The stock server puts nothing on the stream for PartiQL, and calls the reason `DuplicateItemException`.
"""

from __future__ import annotations

import copy
import json
from contextvars import ContextVar
from typing import Any

from ministack.services import dynamodb

from local.emulator import frame
from local.emulator.frame import Server

NAME = "partiql_changes"

Item = dict[str, Any]
Change = tuple[str, str, Item | None, Item | None]
"""Table, kind, item before and item after."""

_transaction: ContextVar[list[Change] | None] = ContextVar("partiql_transaction", default=None)
"""The changes of the transaction that runs: they count only when all of it succeeds."""


def install(server: Server) -> None:
    for name in ("_emit_stream_event", "_partiql_key_target"):
        frame.require(NAME, dynamodb, name)
    frame.replace(NAME, dynamodb, "_partiql_insert", "table parsed", _inserting)
    frame.replace(NAME, dynamodb, "_partiql_update", "table parsed data", _changing)
    frame.replace(NAME, dynamodb, "_partiql_delete", "table parsed data", _changing)
    frame.replace(NAME, dynamodb, "_execute_transaction", "data", _together)


def _inserting(original: Any) -> Any:
    def insert(table: dict[str, Any], parsed: dict[str, Any]) -> Any:
        answer = original(table, parsed)
        if answer[0] == 200:
            item = parsed["item"]["M"] if set(parsed["item"]) == {"M"} else parsed["item"]
            _changed((table["TableName"], "INSERT", None, copy.deepcopy(item)))
        return answer

    return insert


def _changing(original: Any) -> Any:
    def change(table: dict[str, Any], parsed: dict[str, Any], data: dict[str, Any] | None = None) -> Any:
        before = _item(table, parsed)
        answer = original(table, parsed, data)
        after = _item(table, parsed)
        if answer[0] == 200 and before != after:
            _changed((table["TableName"], "MODIFY" if after else "REMOVE", before, after))
        return answer

    return change


def _together(original: Any) -> Any:
    def execute(data: dict[str, Any]) -> Any:
        changes: list[Change] = []
        token = _transaction.set(changes)
        try:
            status, headers, body = original(data)
        finally:
            _transaction.reset(token)
        if status == 200:
            for change in changes:
                _changed(change)
            return status, headers, body
        return status, headers, _with_reasons(body)

    return execute


def _changed(change: Change) -> None:
    pending = _transaction.get()
    if pending is None:
        dynamodb._emit_stream_event(*change)
    else:
        pending.append(change)


def _item(table: dict[str, Any], parsed: dict[str, Any]) -> Item | None:
    key, sort_key, _, error = dynamodb._partiql_key_target(table, parsed)
    return None if error else copy.deepcopy(table["items"].get(key, {}).get(sort_key))


def _with_reasons(body: bytes | str) -> bytes:
    answer = json.loads(body)
    for reason in answer.get("CancellationReasons") or []:
        reason["Code"] = reason["Code"].removesuffix("Exception")
    if "CancellationReasons" in answer and "message" in answer:
        answer["message"] = answer["message"].replace("DuplicateItemException", "DuplicateItem")
    return json.dumps(answer).encode()
