"""Reading a stream is judged on the stream that is read.

On AWS GetRecords and GetShardIterator take a stream as resource
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html and
list_amazonkinesis.html beside it), although a call may carry nothing but an iterator. ListStreams of one table is
granted on `table/NAME/stream/*` (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-permissions.html).
The stock server judges such calls on `*`, which a policy that names its stream can't allow.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb_streams, kinesis

from local.emulator import frame
from local.emulator.frame import Server

NAME = "stream_resources"


def install(server: Server) -> None:
    frame.require(NAME, dynamodb_streams, "_decode_iterator")
    frame.require(NAME, kinesis, "_shard_iterators")
    parameters = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", parameters, _with_streams)


def _with_streams(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(*call: Any) -> str:
        found = original(*call)
        service, _, _, _, body, _, region, account = call
        if service == "kinesis" and found == "*":
            return _of_kinesis(_parsed(body)) or found
        if service == "dynamodbstreams":
            return _of_table(_parsed(body), f"arn:aws:dynamodb:{region}:{account}:table") or found
        return found

    return extract_resource_arn


def _of_kinesis(call: dict[str, Any]) -> str | None:
    return (kinesis._shard_iterators.get(call.get("ShardIterator")) or {}).get("stream_arn")


def _of_table(call: dict[str, Any], tables: str) -> str | None:
    if "StreamArn" in call:
        return call["StreamArn"]
    if "ShardIterator" in call:
        return (dynamodb_streams._decode_iterator(call["ShardIterator"]) or {}).get("arn")
    return f"{tables}/{call['TableName']}/stream/*" if "TableName" in call else None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        call = json.loads(body or b"{}")
    except ValueError:
        return {}
    return call if isinstance(call, dict) else {}
