"""Every pattern passes the whole pack at its first preview, and each of its resources is held to it."""

from __future__ import annotations

import copy
import json
from typing import Any

from google.protobuf import json_format

from local.provider.schema import load
from local.wire import to_struct
from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import (
    BUCKET_ENCRYPTION,
    BUCKET_POLICY,
    LOG_GROUP,
    PUBLIC_ACCESS_BLOCK,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    TOPIC_POLICY,
)
from policies.judge import judge_rule
from policies.rules import RULES
from tests.policies.builders import COMPUTED, UNKNOWN, Record, violations
from tests.recorder import Plan

GUARDS = (BUCKET_ENCRYPTION, BUCKET_POLICY, LOG_GROUP, PUBLIC_ACCESS_BLOCK, QUEUE_POLICY, ROLE_POLICY, TOPIC_POLICY)
DOCUMENTS = (ROLE_POLICY, QUEUE_POLICY, TOPIC_POLICY)


def first_preview(plan: Plan) -> list[Record]:
    """The plan as the pack sees it: what AWS answers is unknown."""
    records = []
    for each in plan.resources:
        inputs, outputs = _plain(each.inputs), _plain({**each.inputs, **each.outputs})
        if each.custom:
            outputs = {**_answered_later(each.type), **outputs}
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


def _answered_later(type_: str) -> dict[str, Any]:
    """What a program may leave to the provider, and what it always answers."""
    facts = load().get(type_)
    told = (*facts.outputs, *(name for name, prop in facts.inputs.items() if prop.computed)) if facts else ()
    return dict.fromkeys(("id", *COMPUTED, *told), UNKNOWN)


def settled(records: list[Record]) -> list[Record]:
    """The same after the update, as to the roles' documents that waited for what AWS makes."""
    after = copy.deepcopy(records)
    patterns = [each["props"] for each in after if each["type"].startswith("serviceful:")]
    made = {name: f"arn:aws:made:::{name}" for pattern in patterns for name in pattern["awaited"]}
    for pattern in patterns:
        pattern["awaited"] = {name: made[name] for name in pattern["awaited"]}
    roles = {each["name"]: each["props"]["name"] for each in after if each["type"] == ROLE}
    for policy in after:
        if policy["type"] == ROLE_POLICY and policy["props"]["policy"] == UNKNOWN:
            grants = [one for each in patterns for one in each["grants"] if one["principal"] == roles[policy["name"]]]
            statements = [
                {
                    "Effect": "Allow",
                    "Action": one["actions"],
                    "Resource": one["resources"],
                    "Condition": one["conditions"],
                }
                for one in grants
            ]
            text = json.dumps({"Version": "2012-10-17", "Statement": statements})
            for name, arn in made.items():
                text = text.replace(f"${{{name}}}", arn)
            policy["props"]["policy"] = policy["inputs"]["policy"] = text
    return after


def any_violation(stack: Stack) -> bool:
    """Whether a rule finds anything; those of the ledger are asked first, since they find most."""
    ordered = sorted(RULES, key=lambda rule: not rule.id.startswith("ledger-"))
    return any(True for rule in ordered for _ in judge_rule(rule, stack))


def test_a_pattern_passes_at_its_first_preview(pattern_plan):
    assert violations(first_preview(pattern_plan)) == []


def test_documents_that_waited_are_what_the_ledger_says(pattern_plan):
    assert violations(settled(first_preview(pattern_plan)), "ledger-grants") == []


def test_every_guard_of_a_pattern_is_needed(pattern_plan):
    planned = [Resource.of(record) for record in first_preview(pattern_plan)]
    guards = [each for each in planned if each.type in GUARDS]
    assert guards
    for guard in guards:
        rest = Stack(each for each in planned if each is not guard)
        assert any_violation(rest), f"without {guard.urn} nothing is reported"


def test_every_ledger_entry_of_a_pattern_is_needed(pattern_plan):
    records = settled(first_preview(pattern_plan))
    patterns = [index for index, each in enumerate(records) if each["type"].startswith("serviceful:")]
    parts = [(index, part) for index in patterns for part in ("grants", "statements", "accepted")]
    assert any(records[index]["props"][part] for index, part in parts)
    there = [Resource.of(record) for record in records]
    for position, part in parts:
        for index, entry in enumerate(records[position]["props"][part]):
            pattern = copy.deepcopy(records[position])
            del pattern["props"][part][index]
            shorter = Stack([*there[:position], Resource.of(pattern), *there[position + 1 :]])
            assert any_violation(shorter), f"without {part} {entry} nothing is reported"


def test_a_document_of_a_pattern_that_turns_unknown_cant_be_judged(pattern_plan):
    records = first_preview(pattern_plan)
    known = [each for each in records if each["props"].get("policy") != UNKNOWN]
    firsts = [next((each for each in known if each["type"] == type_), None) for type_ in DOCUMENTS]
    assert any(firsts)
    for policy in filter(None, firsts):
        changed = copy.deepcopy(policy)
        changed["props"]["policy"] = changed["inputs"]["policy"] = UNKNOWN
        rest = [changed if each is policy else each for each in records]
        found = [each for each in violations(rest) if each.urn == policy["urn"]]
        assert found, policy["urn"]
        assert all("cannot be judged" in each.message for each in found)


def _plain(props: dict[str, Any]) -> dict[str, Any]:
    return json_format.MessageToDict(to_struct(props))
