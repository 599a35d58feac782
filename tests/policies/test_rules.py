"""Every rule does what its definition says: its examples, its doubt, its place in the catalogue."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pulumi_aws as aws
import pytest

from policies.catalogue import catalogue
from policies.framework.rule import Rule, Scope
from policies.framework.types import FUNCTION, TOPIC
from policies.rules import FAMILIES, RULES
from policies.rules.tags import TAGGABLE
from tests.policies.builders import blank, exceptions_in, from_example, remedied, violations
from tests.policies.posters import Posters

REPO = Path(__file__).resolve().parents[2]
by_id = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def doubts() -> list[tuple[Rule, str, str]]:
    """Each property that a rule judges, where its passing example has it."""
    return [
        (rule, type_, prop)
        for rule in RULES
        for type_, props in rule.judges.items()
        for prop in props
        if any(each["type"].startswith(type_) and prop in each["props"] for each in from_example(rule.passes))
    ]


@by_id
def test_the_passing_example_passes(rule):
    assert violations(from_example(rule.passes), rule.id, exceptions_in(rule.passes)) == []


@by_id
def test_the_failing_example_fails(rule):
    found = violations(from_example(rule.fails), rule.id, exceptions_in(rule.fails))
    assert found
    assert all(finding.level == rule.level and rule.fix in finding.message for finding in found)
    assert not any("cannot be judged" in finding.message for finding in found)


@pytest.mark.parametrize(("rule", "type_", "prop"), doubts(), ids=lambda each: getattr(each, "id", each))
def test_an_unknown_value_is_a_violation(rule, type_, prop):
    found = violations(blank(from_example(rule.passes), type_, prop), rule.id)
    assert found
    assert all(finding.level == "mandatory" for finding in found)
    assert any(
        "cannot be judged" in finding.message and "only after the update" in finding.message for finding in found
    )


def test_every_rule_has_a_doubt_that_is_tried():
    tried = {rule.id for rule, _, _ in doubts()}
    # the passing example of one is a queue without the property, which test_wiring tries unknown; the other judges that
    # a resource is there, whatever is in it
    untried = {"resource-policy-apart", "iam-no-users"}
    # a stack's configuration is always known
    assert {rule.id for rule in RULES} - tried == untried | {rule.id for rule in FAMILIES["Exceptions"]}


@by_id
def test_a_rule_is_fully_described(rule):
    assert rule.id == rule.id.lower()
    assert rule.page.startswith("https://docs.aws.amazon.com/")
    assert rule.why.endswith(".")
    assert not rule.fix.endswith(".")
    assert rule.judges
    assert not (rule.acceptable and rule.scope is Scope.RESOURCE), "the ledger isn't there when a resource is judged"


def test_ids_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_catalogue_is_current():
    page = (REPO / "docs" / "policies.md").read_text()
    assert page == catalogue(), "run: python -m policies.catalogue > docs/policies.md"


def test_the_catalogue_is_printed_by_its_module():
    printed = subprocess.run(
        [sys.executable, "-m", "policies.catalogue"], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert printed.stdout == catalogue()


def test_a_whole_stack_passes_at_its_first_preview_and_after_the_update():
    assert violations(Posters(first_preview=True).records()) == []
    assert violations(Posters().records()) == []


def test_a_setting_moves_the_limit():
    records = Posters().records()
    assert violations(records, "queue-visibility-timeout", factor=7)
    assert violations(records, "log-retention", days=90)
    assert violations(records, "tags", required=["ticket"])
    assert violations(records, "queue-dead-letters", attempts=6)


def test_the_ledger_accepts_only_what_a_rule_leaves_to_it():
    bare = Posters()
    bare.accepted = []
    assert [each.urn.split("::")[-1] for each in violations(bare.records(), "encryption-at-rest")] == [
        "posters-arrivals"
    ]

    sweeping = Posters().change(FUNCTION, "posters-worker", tags={})
    sweeping.accepted.append({"rule": "tags", "resource": f"{FUNCTION}::posters-worker", "because": "no time"})
    assert violations(sweeping.records(), "tags")
    assert violations(sweeping.records(), "ledger-acceptances")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"resource": f"{TOPIC}::gone"}, "there is no such resource"),
        ({"because": ""}, "without a reason"),
        ({"rule": "no-such-rule"}, "leaves no choice"),
    ],
)
def test_an_idle_acceptance_is_a_violation(entry, reason):
    posters = Posters()
    posters.accepted = [{**posters.accepted[0], **entry}]
    (found,) = violations(posters.records(), "ledger-acceptances")
    assert reason in found.message


def test_an_acceptance_that_nothing_needs_is_a_violation():
    posters = Posters().change(TOPIC, "posters-arrivals", kmsMasterKeyId="alias/posters")
    (found,) = violations(posters.records(), "ledger-acceptances")
    assert "but it does" in found.message


@pytest.mark.parametrize("type_", TAGGABLE)
def test_what_must_be_tagged_takes_tags(type_):
    module, _, name = type_.removeprefix("aws:").partition("/")
    package = getattr(aws, {"lambda": "lambda_"}.get(module, module))
    assert "tags" in inspect.signature(getattr(package, name.split(":")[1])._internal_init).parameters


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.remedy], ids=lambda rule: rule.id)
def test_a_remedy_makes_of_the_failing_example_what_the_rule_says(rule):
    assert rule.scope is Scope.RESOURCE, "a stack is judged when its resources are made"
    assert remedied(rule, from_example(rule.fails)) == from_example(rule.remedied)
    assert remedied(rule, from_example(rule.passes)) == from_example(rule.passes)


@pytest.mark.parametrize(
    ("rule", "type_", "prop"), [each for each in doubts() if each[0].remedy], ids=lambda each: getattr(each, "id", each)
)
def test_what_is_unknown_is_not_remedied(rule, type_, prop):
    records = blank(from_example(rule.passes), type_, prop)
    assert remedied(rule, records) == records
