"""The table beside other tools: every rule that we name is in it, and nothing in it names a rule that isn't there."""

from __future__ import annotations

import pytest

from policies.coverage import peers
from policies.rules import RULES
from tests.policies.cases import cases

LIKE = {case.like for case in cases() if case.like.split(" ")[0] in peers()}
NAMED = sorted({each for rule in RULES for each in rule.same_as} | LIKE)
ROWS = [(peer.tool, row) for peer in peers().values() for row in peer.rows]


@pytest.mark.parametrize("named", NAMED)
def test_what_a_rule_or_case_is_like_is_a_published_rule(named):
    tool, _, id_ = named.partition(" ")
    assert peers()[tool].row(id_), f"{named} is in no list of policies/peers"


def test_what_covers_a_row_is_a_rule_of_the_pack():
    ids = {rule.id for rule in RULES}
    assert [(tool, row.id) for tool, row in ROWS if not ids.issuperset(row.rules)] == []


def test_a_row_that_no_rule_covers_says_why():
    assert [(tool, row.id) for tool, row in ROWS if not row.rules and not row.left] == []


def test_a_row_that_is_covered_has_no_reason_to_be_left():
    assert [(tool, row.id, row.rules) for tool, row in ROWS if row.rules and row.left] == []


def test_the_table_fits_its_cells():
    assert not any("|" in text or "\n" in text for _, row in ROWS for text in (row.id, row.asks, row.answer))
