"""Empty the idle table of a projection, before a replay fills it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from handlers.events.replay import Rebuilding, client, has_time
from handlers.events.settings import ProjectionSettings
from handlers.events.tables import MAX_ITEMS

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = ProjectionSettings.from_environment(os.environ)
logger = Logger()
dynamodb = client()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"projection", "replay"}` → `{"side", "done"}`; to be called again until it is done."""
    rebuilding = Rebuilding.of(event, settings, dynamodb)
    done = empty(rebuilding.idle.name, context)
    logger.info("emptied" if done else "emptying", projection=event["projection"], side=rebuilding.side)
    return {"side": rebuilding.side, "done": done}


def empty(table: str, context: Any) -> bool:
    """Remove the table's items; False when time ran out. In transactions, whose deletes need no right to write."""
    while True:
        page = dynamodb.scan(
            TableName=table,
            ProjectionExpression="#key",
            ExpressionAttributeNames={"#key": "key"},
            ConsistentRead=True,
            Limit=MAX_ITEMS,
        )
        if page["Items"]:
            deletes = [{"Delete": {"TableName": table, "Key": item}} for item in page["Items"]]
            dynamodb.transact_write_items(TransactItems=deletes)
        if "LastEvaluatedKey" not in page:
            return True
        if not has_time(context):
            return False
