"""Every pattern passes the whole pack at its first preview, and each of its resources is held to it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from google.protobuf import json_format

from local.wire import to_struct
from policies.framework.types import (
    BUCKET_ENCRYPTION,
    BUCKET_POLICY,
    LOG_GROUP,
    PUBLIC_ACCESS_BLOCK,
    QUEUE_POLICY,
    ROLE_POLICY,
    TOPIC_POLICY,
)
from tests.policies.builders import COMPUTED, UNKNOWN, Record, violations
from tests.recorder import Plan

GUARDS = (BUCKET_ENCRYPTION, BUCKET_POLICY, LOG_GROUP, PUBLIC_ACCESS_BLOCK, QUEUE_POLICY, ROLE_POLICY, TOPIC_POLICY)


def first_preview(plan: Plan) -> list[Record]:
    """The plan as the pack sees it: what AWS answers is unknown."""
    records = []
    for each in plan.resources:
        inputs, outputs = _plain(each.inputs), _plain({**each.inputs, **each.outputs})
        if each.custom:
            outputs = {**dict.fromkeys(COMPUTED, UNKNOWN), **outputs}
        records.append(
            {
                "type": each.type,
                "name": each.name,
                "urn": each.urn,
                "props": outputs,
                "inputs": inputs,
                "parent": each.parent,
                "propertyDependencies": each.property_dependencies,
            }
        )
    return records


def test_a_pattern_passes_at_its_first_preview(pattern_plan):
    assert violations(first_preview(pattern_plan)) == []


def test_every_guard_of_a_pattern_is_needed(pattern_plan):
    records = first_preview(pattern_plan)
    guards = [each for each in records if each["type"] in GUARDS]
    assert guards
    for guard in guards:
        rest = [each for each in records if each is not guard]
        assert violations(rest), f"without {guard['urn']} nothing is reported"


def test_every_ledger_entry_of_a_pattern_is_needed(pattern_plan):
    records = first_preview(pattern_plan)
    (position,) = [index for index, each in enumerate(records) if each["type"].startswith("serviceful:")]
    for part in ("grants", "statements", "accepted"):
        entries = records[position]["props"][part]
        assert entries
        for index, entry in enumerate(entries):
            shorter = copy.deepcopy(records)
            del shorter[position]["props"][part][index]
            assert violations(shorter), f"without {part} {entry} nothing is reported"


@pytest.mark.parametrize("type_", [ROLE_POLICY, QUEUE_POLICY, TOPIC_POLICY])
def test_a_document_of_a_pattern_that_turns_unknown_cant_be_judged(pattern_plan, type_):
    records = copy.deepcopy(first_preview(pattern_plan))
    policy = next(each for each in records if each["type"] == type_)
    policy["props"]["policy"] = policy["inputs"]["policy"] = UNKNOWN
    found = [each for each in violations(records) if each.urn == policy["urn"]]
    assert found
    assert all("cannot be judged" in each.message for each in found)


def _plain(props: dict[str, Any]) -> dict[str, Any]:
    return json_format.MessageToDict(to_struct(props))
