"""PartiQL statements are judged by what they do, on the tables that they name.

On AWS a statement needs dynamodb:PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete on its table or index,
alone, in a batch and in a transaction
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html).
The stock server asks for dynamodb:ExecuteStatement and the like, which no policy can grant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_actions

from local.emulator import frame
from local.emulator.frame import Server

NAME = "partiql_actions"

_CALLS = ("dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement", "dynamodb:ExecuteTransaction")
_NAME = r'(?:"([^"]+)"|([\w-]+))'
_STATEMENT = re.compile(
    rf"\s*(?:EXISTS\s*\(\s*)?(?:(?P<verb>SELECT)\b.*?\bFROM|(?P<insert>INSERT)\s+INTO|(?P<update>UPDATE)"
    rf"|(?P<delete>DELETE)\s+FROM)\s+{_NAME}(?:\.{_NAME})?",
    re.IGNORECASE | re.DOTALL,
)


def install(server: Server) -> None:
    frame.replace(
        NAME, iam_actions, "dynamodb_transaction_checks", "iam_action body region account_id", _with_statements
    )


def _with_statements(original: Any) -> Any:
    def checks(iam_action: str, body: bytes, region: str, account_id: str) -> list[tuple[str, str]]:
        if iam_action not in _CALLS:
            return original(iam_action, body, region, account_id)
        tables = f"arn:aws:dynamodb:{region}:{account_id}:table"
        return [check for statement in _statements(json.loads(body)) for check in _checks(statement, tables)]

    return checks


def _statements(call: dict[str, Any]) -> Iterator[str]:
    if "Statement" in call:
        yield call["Statement"]
    for part in call.get("Statements") or call.get("TransactStatements") or []:
        yield part["Statement"]


def _checks(statement: str, tables: str) -> Iterator[tuple[str, str]]:
    """The action and resource of a statement; none for one that isn't PartiQL: the call itself is judged then."""
    found = _STATEMENT.match(statement)
    if found:
        verb = next(filter(None, found.group("verb", "insert", "update", "delete")))
        quoted, plain, quoted_index, plain_index = found.groups()[-4:]
        index = quoted_index or plain_index
        yield (
            f"dynamodb:PartiQL{verb.capitalize()}",
            f"{tables}/{quoted or plain}" + (f"/index/{index}" if index else ""),
        )
