"""What resources of the events' side need around them."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import CODE, World, document

MINIMAL = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def role_for(world: World, service: str) -> str:
    """A role that the service may assume, and that may do nothing."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return world.make("aws:iam/role:Role", assumeRolePolicy=document(trust)).outputs["arn"]


def bus(world: World) -> Any:
    return world.make("aws:cloudwatch/eventBus:EventBus")


def stream(world: World) -> str:
    return world.make("aws:kinesis/stream:Stream", shardCount=1).outputs["arn"]


def fifo_queue(world: World) -> str:
    return world.queue(fifoQueue=True, contentBasedDeduplication=True).outputs["arn"]


def machine(world: World) -> str:
    definition = json.dumps(MINIMAL)
    made = world.make("aws:sfn/stateMachine:StateMachine", definition=definition, roleArn=role_for(world, "states"))
    return made.outputs["arn"]


def reading_function(world: World) -> str:
    """A function whose role may read every stream and queue, and write to every queue."""
    role = world.role()
    streams = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards", "ListStreams"]
    queues = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"]
    actions = [f"{service}:{name}" for service in ("kinesis", "dynamodb") for name in streams]
    everything = {"Effect": "Allow", "Action": [*actions, *(f"sqs:{name}" for name in queues)], "Resource": "*"}
    world.make("aws:iam/rolePolicy:RolePolicy", role=role.id, policy=document(everything))
    parts = {"role": role.outputs["arn"], "runtime": "python3.13", "handler": "handlers.handler", "code": CODE}
    return world.make("aws:lambda/function:Function", **parts).id


def table_stream(world: World) -> str:
    keys = {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}
    made = world.make("aws:dynamodb/table:Table", **keys, streamEnabled=True, streamViewType="NEW_IMAGE")
    return made.outputs["streamArn"]
