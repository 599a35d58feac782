"""Documents and ledger are equal, in both directions, and what is unknown stands in the ledger."""

from __future__ import annotations

import json

import pytest

from policies.framework.types import (
    BUCKET_POLICY,
    DISTRIBUTION,
    PATTERN,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    TOPIC_POLICY,
)
from policies.judge import judge_state
from policies.rules.subjects import document
from tests.policies.builders import UNKNOWN, identity_text, policy_text, record, urn_of, violations
from tests.policies.posters import Posters

RENDITIONS = "posters-renditions"


def messages(posters: Posters, rule: str) -> list[str]:
    """What a rule says of the stack."""
    return [each.message for each in violations(posters.records(), rule)]


@pytest.mark.parametrize("index", range(5))
def test_a_grant_that_the_document_lacks_is_a_violation(index):
    posters = Posters()
    short = [each for number, each in enumerate(posters.grants) if number != index]
    posters.change(ROLE_POLICY, "posters-worker", policy=identity_text(short))
    (message,) = messages(posters, "ledger-grants")
    assert f"the ledger's entry {index + 1} stands in no document" in message


@pytest.mark.parametrize("index", range(5))
def test_a_grant_that_the_ledger_lacks_is_a_violation(index):
    posters = Posters()
    del posters.grants[index]
    (message,) = messages(posters, "ledger-grants")
    assert f"statement {index + 1} stands in no ledger" in message


@pytest.mark.parametrize(
    "change",
    [
        {"actions": ["s3:GetObject", "s3:DeleteObject"]},
        {"resources": ["arn:aws:s3:::video-test-posters-uploads/*"]},
        {"conditions": {"StringEquals": {"aws:SourceAccount": ["111122223333"]}}},
    ],
)
def test_a_grant_that_differs_in_one_part_is_a_violation(change):
    posters = Posters()
    posters.grants[0] = {**posters.grants[0], **change}
    assert len(messages(posters, "ledger-grants")) == 2


def test_order_and_spelling_of_a_document_are_free():
    posters = Posters()
    turned = [{**each, "actions": [a.upper() for a in reversed(each["actions"])]} for each in reversed(posters.grants)]
    posters.change(ROLE_POLICY, "posters-worker", policy=identity_text(turned))
    assert messages(posters, "ledger-grants") == []


def test_a_statement_given_twice_must_stand_twice():
    posters = Posters()
    twice = [*posters.grants, posters.grants[0]]
    posters.change(ROLE_POLICY, "posters-worker", policy=identity_text(twice))
    assert messages(posters, "ledger-grants")


def test_a_principal_without_document_is_a_violation_of_its_pattern():
    posters = Posters().without(ROLE_POLICY, "posters-worker")
    (found,) = violations(posters.records(), "ledger-grants")
    assert "video-test-posters-worker, which has no inline document" in found.message
    assert found.urn.endswith("::posters")


def test_a_document_beside_the_ledger_is_named():
    body = {
        "Effect": "Allow",
        "Action": "sqs:PurgeQueue",
        "Resource": "arn:aws:sqs:eu-west-1:111122223333:video-test-jobs",
    }
    by_hand = record(ROLE_POLICY, "extra", {"role": "video-test-posters-worker", "policy": json.dumps(document(body))})
    found = violations(Posters().add(by_hand).records(), "ledger-grants")
    assert [each.urn for each in found] == [by_hand["urn"]]
    assert "stands in no ledger: Allow sqs:PurgeQueue" in found[0].message


def test_a_hand_written_role_stands_in_no_ledger():
    body = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:eu-west-1:111122223333:video-test-jobs",
    }
    by_hand = record(ROLE_POLICY, "mine", {"role": "mine", "policy": json.dumps(document(body))})
    (found,) = violations(Posters().add(by_hand).records(), "ledger-grants")
    assert "the document of mine stands in no ledger" in found.message


def test_an_attachment_is_a_violation():
    type_ = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    props = {"role": "video-test-posters-worker", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    (found,) = violations(Posters().add(record(type_, "admin", props)).records(), "iam-one-document")
    assert "AdministratorAccess" in found.message


@pytest.mark.parametrize(
    "props", [{"managedPolicyArns": ["arn:aws:iam::aws:policy/X"]}, {"inlinePolicies": [{"name": "x", "policy": "{}"}]}]
)
def test_a_role_holds_nothing_beside_its_document(props):
    assert violations(Posters().change(ROLE, "posters-worker", **props).records(), "iam-one-document")


def test_a_role_that_another_service_assumes_is_a_violation():
    posters = Posters()
    posters.grants = [{**each, "service": "states.amazonaws.com"} for each in posters.grants]
    assert "isn't assumed by states.amazonaws.com" in messages(posters, "ledger-trust")[0]
    posters.grants[0] = {**posters.grants[0], "service": "lambda.amazonaws.com"}
    assert any(
        "assumed by lambda.amazonaws.com, states.amazonaws.com" in each for each in messages(posters, "ledger-trust")
    )


def test_a_wildcard_needs_its_reason_in_the_ledger():
    posters = Posters()
    posters.grants[4] = {**posters.grants[4], "because": ""}
    (message,) = messages(posters, "iam-no-wildcard-resource")
    assert "without a reason in the ledger" in message


@pytest.mark.parametrize("name", ["posters-uploads", RENDITIONS])
def test_a_resource_policy_equals_its_statements_in_both_directions(name):
    posters = Posters()
    own = [each for each in posters.statements if each["policy"] == f"{BUCKET_POLICY}::{name}"]
    posters.change(BUCKET_POLICY, name, policy=policy_text([{**own[0], "actions": ["s3:GetObject"]}, *own[1:]]))
    found = messages(posters, "ledger-statements")
    assert any("stands in no ledger" in each for each in found)
    assert any("stands in no document" in each for each in found)


def test_a_resource_policy_outside_the_ledger_is_a_violation():
    posters = Posters()
    posters.statements = [each for each in posters.statements if TOPIC_POLICY not in each["policy"]]
    (message,) = messages(posters, "ledger-statements")
    assert "stands in no ledger" in message


def test_statements_of_a_policy_that_isnt_there_are_a_violation():
    posters = Posters().without(QUEUE_POLICY, "posters-jobs-dlq")
    (message,) = messages(posters, "ledger-statements")
    assert f"{QUEUE_POLICY}::posters-jobs-dlq, which doesn't exist" in message


def test_an_unknown_policy_is_held_to_its_statements_until_it_is_known():
    preview = Posters(first_preview=True)
    (policy,) = [each for each in preview.records() if each["type"] == BUCKET_POLICY and each["name"] == RENDITIONS]
    assert policy["props"]["policy"] == UNKNOWN
    assert violations(preview.records()) == []

    open_to_all = [{**each, "principals": {"AWS": ["*"]}, "conditions": {}} for each in preview.statements]
    preview.statements = [
        wide if each["policy"].endswith(RENDITIONS) and each["effect"] == "Allow" else each
        for each, wide in zip(preview.statements, open_to_all, strict=True)
    ]
    rules = {each.rule for each in violations(preview.records())}
    assert "resource-policy-no-public-principal" in rules


def test_an_unknown_policy_whose_ledger_awaits_nothing_cant_be_judged():
    posters = Posters()
    posters.change(BUCKET_POLICY, RENDITIONS, policy=UNKNOWN)
    found = violations(posters.records())
    assert {"ledger-statements", "tls-only", "resource-policy-no-public-principal"} <= {each.rule for each in found}
    assert all("cannot be judged: policy is known only after the update" in each.message for each in found)


def test_after_the_update_the_awaited_value_is_compared():
    posters = Posters()
    posters.awaited = {"posters-cdn.arn": "arn:aws:cloudfront::111122223333:distribution/OTHER"}
    found = messages(posters, "ledger-statements")
    assert any("stands in no ledger" in each for each in found)


def test_an_unknown_identity_document_that_waits_is_held_to_its_grants_until_it_is_known():
    def waiting(action: str) -> set[str]:
        posters = Posters(first_preview=True)
        grant = {**posters.grants[0], "resources": ["${posters-cdn.arn}"], "actions": [action]}
        posters.grants = [grant, *posters.grants[1:]]
        return {
            each.rule for each in violations(posters.change(ROLE_POLICY, "posters-worker", policy=UNKNOWN).records())
        }

    assert waiting("cloudfront:GetDistribution") == set()
    assert "iam-no-wildcard-action" in waiting("cloudfront:*")


def test_an_unknown_identity_document_whose_grants_wait_for_nothing_cant_be_judged():
    posters = Posters(first_preview=True).change(ROLE_POLICY, "posters-worker", policy=UNKNOWN)
    rules = {each.rule for each in violations(posters.records())}
    assert {"iam-no-wildcard-action", "iam-no-wildcard-resource", "ledger-grants"} <= rules


@pytest.mark.parametrize("part", ["grants", "statements", "accepted"])
def test_an_unknown_ledger_answers_nothing(part):
    posters = Posters()
    setattr(posters, part, UNKNOWN)
    found = violations(posters.records())
    assert any(f"the ledger of posters.{part} is known only after the update" in each.message for each in found)


def test_an_entry_without_a_part_cant_be_judged():
    posters = Posters()
    del posters.grants[0]["principal"]
    found = violations(posters.records(), "ledger-grants")
    assert found
    assert all("an entry without 'principal'" in each.message for each in found)


def test_an_exported_state_is_judged_by_the_same_rules():
    posters = Posters().change(ROLE_POLICY, "posters-worker", policy=identity_text([]).replace("[]", "[{}]"))
    expected = {(each.rule, each.urn, each.message) for each in violations(posters.records())}
    state = {"version": 3, "deployment": {"resources": [_exported(each) for each in posters.records()]}}
    assert {(each.rule, each.urn, each.message) for each in judge_state(state)} == expected
    assert expected


def test_an_encrypted_secret_in_a_state_cant_be_judged_and_an_open_one_is():
    signature = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    posters = Posters()
    document_ = next(each for each in posters.records() if each["type"] == ROLE_POLICY)["props"]["policy"]
    posters.change(ROLE_POLICY, "posters-worker", policy={**signature, "plaintext": json.dumps(document_)})
    assert judge_state({"resources": [_exported(each) for each in posters.records()]}) == []
    posters.change(ROLE_POLICY, "posters-worker", policy={**signature, "ciphertext": "v1:…"})
    found = judge_state({"resources": [_exported(each) for each in posters.records()]})
    assert any("cannot be judged" in each.message for each in found)


def test_the_distribution_of_the_stack_is_what_the_preview_waits_for():
    preview = Posters(first_preview=True).records()
    (policy,) = [each for each in preview if each["type"] == BUCKET_POLICY and each["name"] == RENDITIONS]
    assert policy["propertyDependencies"]["policy"] == [urn_of(DISTRIBUTION, "posters-cdn")]
    assert any(each["type"].startswith(PATTERN) for each in preview)


def _exported(each: dict) -> dict:
    shared = {key: each[key] for key in ("urn", "type", "inputs", "parent", "propertyDependencies")}
    return {**shared, "outputs": each["props"], "custom": not each["type"].startswith(PATTERN)}
