"""Hold the rebuilt table of a projection against the events that were read, and a sample against the active one."""

from __future__ import annotations

import hashlib
import heapq
import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from handlers.events.replay import Rebuilding, client, has_time
from handlers.events.settings import ProjectionSettings
from handlers.events.tables import SEEN, STATE

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SAMPLES = 20
"""States that are compared, chosen by their keys' hashes."""

settings = ProjectionSettings.from_environment(os.environ)
logger = Logger()
dynamodb = client()


class ReplayIncomplete(Exception):
    """The rebuilt table doesn't hold exactly the events that were read."""


class ReplayDiffers(Exception):
    """Rebuilt states differ from those that are read, and the replay was asked for equal ones."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the same shape, advanced; to be called again until it is done.

    `{"projection", "replay", "side", "relevant", "require_same", "start", "seen", "sample", "different", "done"}`:
    `relevant` is how many events the last reading found, `seen` counts those that the table holds, `different` lists
    the sampled keys whose states differ from the active table's: that is what a replay after a change of the projection
    is for, unless `require_same` is true.
    Raises ReplayIncomplete and ReplayDiffers.
    """
    rebuilding = Rebuilding.of(event, settings, dynamodb)
    start, seen, sample = event["start"], event["seen"], event["sample"]
    while True:
        page = dynamodb.scan(
            TableName=rebuilding.idle.name,
            ProjectionExpression="#key",
            ExpressionAttributeNames={"#key": "key"},
            ConsistentRead=True,
            **({"ExclusiveStartKey": start} if start else {}),
        )
        keys = [item["key"]["S"] for item in page["Items"]]
        seen += sum(key.startswith(SEEN) for key in keys)
        states = {key.removeprefix(STATE) for key in keys if key.startswith(STATE)}
        sample = heapq.nsmallest(SAMPLES, {*sample, *states}, key=_hash)
        start = page.get("LastEvaluatedKey")
        if start is None or not has_time(context):
            break
    advanced = {**event, "start": start, "seen": seen, "sample": sample, "done": start is None}
    return _judge(advanced, rebuilding) if start is None else advanced


def _judge(result: dict[str, Any], rebuilding: Rebuilding) -> dict[str, Any]:
    if result["seen"] != result["relevant"]:
        raise ReplayIncomplete(f"{result['relevant']} events were read, the table holds {result['seen']}")
    idle, active = rebuilding.idle, rebuilding.active
    different = [key for key in result["sample"] if idle.read(key).state != active.read(key).state]
    logger.info("verified", projection=result["projection"], events=result["seen"], different=different)
    if different and result["require_same"]:
        raise ReplayDiffers(f"{len(different)} of {len(result['sample'])} states differ: {', '.join(different)}")
    return {**result, "different": different}


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
