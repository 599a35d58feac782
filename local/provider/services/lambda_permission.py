"""Lambda: statements of functions' resource policies."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, present
from local.provider.services.lambda_ import GONE


class Permission(Resource):
    """One statement. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""

    token = "aws:lambda/permission:Permission"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """AddPermission; AWS refuses an id that the function has already."""
        aws.client("lambda").add_permission(
            FunctionName=inputs["function"],
            StatementId=inputs["statementId"],
            Action=inputs["action"],
            Principal=inputs["principal"],
            **present(SourceArn=inputs.get("sourceArn"), SourceAccount=inputs.get("sourceAccount")),
        )
        return inputs["statementId"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetPolicy, and in it the statement of this id."""
        found = _find(aws, state["function"], id_)
        if found is None:
            return None
        principal, conditions = found["Principal"], found.get("Condition", {})
        arn = found["Resource"]
        return {
            "statementId": found["Sid"],
            "action": found["Action"],
            "function": arn if state["function"].startswith("arn:") else arn.rsplit(":", 1)[-1],
            "principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
            "sourceArn": _value(conditions, "ArnLike", "AWS:SourceArn"),
            "sourceAccount": _value(conditions, "StringEquals", "AWS:SourceAccount"),
        }

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """RemovePermission. The function may be gone before it."""
        try:
            aws.client("lambda").remove_permission(FunctionName=state["function"], StatementId=id_)
        except ClientError as error:
            if not is_missing(error, GONE):
                raise


def _find(aws: Aws, function: str, sid: str) -> dict[str, Any] | None:
    try:
        policy = aws.client("lambda").get_policy(FunctionName=function)["Policy"]
    except ClientError as error:
        if is_missing(error, GONE):
            return None
        raise
    return next((row for row in json.loads(policy)["Statement"] if row.get("Sid") == sid), None)


def _value(conditions: dict[str, Any], operator: str, key: str) -> str | None:
    return conditions.get(operator, {}).get(key)
