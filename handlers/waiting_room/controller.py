"""Let rooms in at the pace that their origin bears, and do what operators say.

Run each minute while a room is open, it steps every `STEP_S`. Invoked with a command it does that, then steps once:
`{"room": "shop", "mode": "closed"}`, `{"room", "capacity": 500}` (0: the program's), `{"room", "rotate_keys": true}`
(`"force"` voids all tickets), or `{}`. It answers every room's numbers, or `{"error": {"title", "detail"}}`.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from handlers.environment import Environment
from handlers.waiting_room.beacons import Beacons
from handlers.waiting_room.commands import BadCommand, Command
from handlers.waiting_room.control import STEP_S
from handlers.waiting_room.edge_store import EdgeStore
from handlers.waiting_room.rooms import Overtaken, Rooms
from handlers.waiting_room.secret import Secret
from handlers.waiting_room.settings import Settings
from handlers.waiting_room.switch import Switch

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

TICK_S = 60
"""How often the function is run."""

settings = Settings.from_environment(os.environ)
environment = Environment(os.environ)
logger = Logger()
rooms = Rooms(
    settings=settings,
    dynamodb=boto3.client("dynamodb"),
    alarms=boto3.client("cloudwatch"),
    beacons=Beacons(boto3.client("sqs"), environment.text("BEACONS_URL"), environment.text("DEAD_LETTERS_URL")),
    edge=EdgeStore(boto3.client("cloudfront-keyvaluestore"), environment.text("STORE_ARN")),
    secret=Secret(boto3.client("secretsmanager"), settings.secret),
    switch=Switch(boto3.client("events"), environment.text("TICK_RULE")),
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run a minute's steps, or one command."""
    if event.get("source") == "aws.events":
        return _run(context)
    try:
        command = Command.of(event, settings.rooms)
        rooms.do(command, time.time())
    except BadCommand as problem:
        logger.warning("refused", detail=str(problem))
        return {"error": {"title": "The command was not taken", "detail": str(problem)}}
    logger.info("done", command=event)
    return {"rooms": rooms.step(time.time())}


def _run(context: LambdaContext) -> dict[str, Any]:
    """The steps of one minute; the last begins early enough to end in time."""
    began, numbers = time.monotonic(), {}
    for turn in range(TICK_S // STEP_S):
        time.sleep(max(0.0, began + turn * STEP_S - time.monotonic()))
        if context.get_remaining_time_in_millis() < 1000 * STEP_S:
            break
        try:
            numbers = rooms.step(time.time(), ticked=True)
        except Overtaken:
            break
        if not rooms.running:
            break
    logger.info("stepped", rooms=numbers)
    return {"rooms": numbers}
