"""The corpus: each rule finds in each of its cases what the case says, and nothing else."""

from __future__ import annotations

import pytest

from policies.framework.exceptions import Exceptions
from policies.judge import excepted
from policies.rules import RULES
from tests.policies.builders import TODAY, violations
from tests.policies.cases import FOLDER, Case, cases

BY_ID = {rule.id: rule for rule in RULES}
WITHOUT_CASES = {
    "ledger-grants",
    "ledger-trust",
    "ledger-statements",
    "ledger-acceptances",
    "tls-only",
    "encryption-at-rest",
    "s3-public-access-block",
    "s3-no-acls",
    "queue-dead-letters",
    "dead-letter-queue-guarded",
    "dead-letter-queue-retention",
    "dead-letter-queue-alarm",
    "queue-partial-batches",
    "stream-failures",
    "machine-role",
    "task-tokens",
    "auth-on-every-route",
    "function-log-group",
    "api-access-logs",
    "machine-logs",
}
"""Rules whose cases are still to be written. A rule that has them leaves this set, and none enters it."""


def exceptions_on_the_day(case: Case) -> Exceptions:
    """The case's exceptions, for one run."""
    return excepted(case.exceptions, lambda: TODAY)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_case_is_found_as_it_says(case: Case):
    found: dict[str, list[str]] = {}
    for finding in violations(case.records, case.rule, exceptions_on_the_day(case), **case.settings):
        found.setdefault(finding.urn, []).append(finding.message)
    assert found.keys() == case.finds.keys(), found
    for urn, parts in case.finds.items():
        assert len(found[urn]) == len(parts), found[urn]
        for message, part in zip(found[urn], parts, strict=True):
            assert part in message


def test_every_case_file_is_of_a_rule():
    assert {file.stem for file in FOLDER.iterdir()} <= BY_ID.keys()


def test_every_rule_has_a_case_that_passes_and_one_that_fails():
    passing = {case.rule for case in cases() if not case.finds}
    failing = {case.rule for case in cases() if case.finds}
    assert BY_ID.keys() - (passing & failing) <= WITHOUT_CASES
