"""Differences between a state and inputs, without AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from local.provider import schema
from local.provider.diff import Comparison, answer, ignored
from local.provider.outputs import previewed_create, previewed_update
from local.wire import UNKNOWN, Archive, Secret

QUEUE = schema.load()["aws:sqs/queue:Queue"]
TABLE = schema.load()["aws:dynamodb/table:Table"]
FUNCTION = schema.load()["aws:lambda/function:Function"]
POLICY = schema.load()["aws:sqs/queuePolicy:QueuePolicy"]
KIND = provider_pb2.PropertyDiff


def changes(facts: schema.TypeFacts, old: dict[str, Any], new: dict[str, Any]) -> dict[str, int]:
    return {change.path: change.kind for change in Comparison(Path()).changes(facts, old, new)}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


READ = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:ReceiveMessage", "Resource": "*"}
SEND = {"Effect": "Allow", "Principal": "*", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": ["a"]}


@pytest.mark.parametrize(
    ("facts", "old", "new"),
    [
        (QUEUE, {"redrivePolicy": '{"a": 1, "b": 2}'}, {"redrivePolicy": '{"b":2,"a":1}'}),
        (QUEUE, {"delaySeconds": 0}, {}),
        (QUEUE, {"sqsManagedSseEnabled": True}, {}),
        (QUEUE, {"tags": {}}, {}),
        (QUEUE, {}, {"tags": {}}),
        (QUEUE, {"tags": {"a": "b"}}, {"tags": Secret({"a": "b"})}),
        (QUEUE, {"delaySeconds": 5.0}, {"delaySeconds": 5}),
        (
            TABLE,
            {"attributes": [{"name": "a", "type": "S"}, {"name": "b", "type": "N"}]},
            {"attributes": [{"name": "b", "type": "N"}, {"name": "a", "type": "S"}]},
        ),
        (FUNCTION, {"code": Archive(hash="1")}, {"code": Archive(path="gone.zip", hash="1")}),
        (
            POLICY,
            {"policy": policy(READ, SEND)},
            {
                "policy": policy(
                    {**SEND, "Principal": {"AWS": "*"}, "Action": SEND["Action"][::-1], "Resource": "a"},
                    {
                        **READ,
                        "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                        "Action": ["SQS:ReceiveMessage"],
                    },
                )
            },
        ),
    ],
)
def test_a_difference_of_form_is_none(facts: schema.TypeFacts, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert changes(facts, old, new) == {}


@pytest.mark.parametrize(
    ("facts", "old", "new", "found"),
    [
        (QUEUE, {"delaySeconds": 0}, {"delaySeconds": 1}, {"delaySeconds": KIND.UPDATE}),
        (QUEUE, {"name": "a"}, {"name": "b"}, {"name": KIND.UPDATE_REPLACE}),
        (QUEUE, {"name": "a"}, {"name": UNKNOWN}, {"name": KIND.UPDATE_REPLACE}),
        (
            QUEUE,
            {"tags": {"a-b": "1", "c": "2"}},
            {"tags": {"a-b": "2"}},
            {'tags["a-b"]': KIND.UPDATE, "tags.c": KIND.DELETE},
        ),
        (QUEUE, {"tags": {"a": "1"}}, {"tags": {"a": UNKNOWN}}, {"tags.a": KIND.UPDATE}),
        (QUEUE, {}, {"tags": {"a": "1"}}, {"tags": KIND.ADD}),
        (TABLE, {}, {"rangeKey": "r"}, {"rangeKey": KIND.ADD_REPLACE}),
        (TABLE, {"rangeKey": "r"}, {}, {"rangeKey": KIND.DELETE_REPLACE}),
        (FUNCTION, {"code": Archive(hash="1")}, {"code": Archive(path="x.zip", hash="2")}, {"code": KIND.UPDATE}),
        (
            FUNCTION,
            {"environment": {"variables": {"A": "1"}}},
            {"environment": {"variables": {"A": "2"}}},
            {"environment.variables.A": KIND.UPDATE},
        ),
        (
            POLICY,
            {"policy": policy(READ)},
            {"policy": policy({**READ, "Condition": {"Bool": {"aws:SecureTransport": True}}})},
            {"policy": KIND.UPDATE},
        ),
    ],
)
def test_a_change_is_told_by_path_and_kind(
    facts: schema.TypeFacts, old: dict[str, Any], new: dict[str, Any], found: dict[str, int]
) -> None:
    assert changes(facts, old, new) == found


@pytest.mark.parametrize(
    ("new", "first"),
    [
        ({"name": "a", "__defaults": []}, True),
        ({"name": "b", "__defaults": ["delaySeconds"]}, True),
        ({"name": UNKNOWN, "__defaults": []}, True),
        ({"name": "a", "__defaults": ["name"]}, False),
        ({"name": "a"}, False),
    ],
)
def test_a_name_that_the_program_gave_is_freed_first(new: dict[str, Any], first: bool) -> None:
    wanted = {**new, "fifoQueue": True}
    found = Comparison(Path()).changes(QUEUE, {"name": "a", "fifoQueue": False}, wanted)
    response = answer(QUEUE, found, wanted)

    assert "fifoQueue" in response.replaces
    assert response.deleteBeforeReplace is first


def test_a_type_without_a_name_is_replaced_side_by_side() -> None:
    new = {"queueUrl": "b", "policy": "{}", "__defaults": []}
    found = Comparison(Path()).changes(POLICY, {"queueUrl": "a", "policy": "{}"}, new)

    assert not answer(POLICY, found, new).deleteBeforeReplace


def test_an_answer_keeps_the_protocols_invariants() -> None:
    old, new = {"tags": {"a": "1", "b": "1"}, "delaySeconds": 0}, {"tags": {"a": "2"}, "delaySeconds": 1}
    response = answer(QUEUE, Comparison(Path()).changes(QUEUE, old, new), new)

    assert sorted(response.diffs) == ["delaySeconds", "tags"]
    assert set(response.detailedDiff) == {"delaySeconds", "tags.a", "tags.b"}
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME


def test_a_path_that_the_program_ignores_is_no_change() -> None:
    found = Comparison(Path()).changes(QUEUE, {"tags": {"a": "1"}}, {"tags": {"a": "2"}})

    assert ignored(found[0], ["tags"])
    assert ignored(found[0], ["tags.a"])
    assert not ignored(found[0], ["tag"])


def test_a_preview_knows_the_inputs_and_nothing_that_aws_makes() -> None:
    outputs = previewed_create(QUEUE, {"name": "q", "tags": {"a": Secret("b")}}, "eu-west-1", Path())

    assert outputs["arn"] is outputs["url"] is outputs["redrivePolicy"] is UNKNOWN
    assert outputs["tagsAll"] == {"a": Secret("b")}
    assert outputs["region"] == "eu-west-1"


def test_an_update_leaves_open_only_what_it_can_change() -> None:
    old = {"streamArn": "arn", "streamEnabled": True, "streamViewType": "NEW_IMAGE", "arn": "table", "tags": {}}
    comparison = Comparison(Path())

    def planned(new: dict[str, Any]) -> dict[str, Any]:
        return previewed_update(TABLE, old, new, comparison.changes(TABLE, old, new), Path())

    same = {"streamEnabled": True, "streamViewType": "NEW_IMAGE"}
    assert planned({**same, "tags": {"a": "b"}})["streamArn"] == "arn"
    assert planned({**same, "streamViewType": "KEYS_ONLY"})["streamArn"] is UNKNOWN
    assert planned({**same, "streamViewType": "KEYS_ONLY"})["arn"] == "table"
    assert planned({**same, "tags": {"a": "b"}})["tagsAll"] == {"a": "b"}
