"""The ways of escalation and exposure are those that are published, and every action of theirs exists."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from policies.iam.escalation import ALONE, CREDENTIALS, PASSING, TAKES_A_ROLE
from policies.iam.facts import NoFacts, action, find

_ALONE = {name.lower() for name in ALONE}
_AFTERWARDS = {
    "glue:getdevendpoint",
    "lambda:addpermission",
    "lambda:createeventsourcemapping",
    "lambda:invokefunction",
}
"""What policy_sentry counts in: it starts what a passed role was given to, so the passing is reported already."""


def audited(name: str) -> set[str]:
    """One of policy_sentry's lists of actions, without those that AWS has no more."""
    folder = Path(importlib.util.find_spec("policy_sentry").origin).parent / "shared" / "data" / "audit"  # type: ignore
    return {each for each in (folder / f"{name}.txt").read_text().lower().split() if exists(each)}


def exists(name: str) -> bool:
    try:
        return find(name) is not None
    except NoFacts:
        return False


@pytest.mark.parametrize("names", [_ALONE, TAKES_A_ROLE, CREDENTIALS], ids=["alone", "takes a role", "credentials"])
def test_every_action_of_the_tables_exists(names):
    assert [name for name in sorted(names) if not exists(name)] == []


def test_the_tables_say_only_what_the_reference_does_not():
    assert [name for name in sorted(TAKES_A_ROLE) if PASSING in action(name).needs] == []
    assert PASSING in action("lambda:CreateFunction").needs


def test_no_published_way_is_missing():
    taken = {name for name in audited("privilege-escalation") if PASSING in action(name).needs}
    assert audited("privilege-escalation") - _ALONE - TAKES_A_ROLE - taken == {*_AFTERWARDS, PASSING, "sts:assumerole"}
    assert audited("credentials-exposure") <= CREDENTIALS | _ALONE
