"""The corpus: each rule finds in each of its cases what the case says, and nothing else."""

from __future__ import annotations

import json

import pytest

from local import policy
from local.engine.project import load_project
from policies.framework.exceptions import Exceptions
from policies.framework.rule import Finding
from policies.judge import excepted, judge
from policies.rules import RULES
from tests.policies.builders import TODAY, rows, violations
from tests.policies.cases import FOLDER, Case, cases
from tests.policies.serving import PACK, configuration, reported, serving

BY_ID = {rule.id: rule for rule in RULES}


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


def test_all_ways_of_running_the_pack_say_the_same_of_every_case(tmp_path):
    judged = [case for case in cases() if not case.exceptions]  # those have a day of their own
    (tmp_path / "Pulumi.yaml").write_text("name: video\nruntime: python\n")
    project = load_project(tmp_path)
    called, by_command, served = {}, {}, {}
    with serving(PACK, tmp_path) as stub:
        for case in judged:
            chosen = {case.rule: case.settings}
            called[str(case)] = outcome(judge(case.records, chosen))
            state = json.loads(json.dumps({"deployment": {"resources": rows(case.records)}}))
            said = policy.judged(policy.resources(state), project, chosen).to_json()
            by_command[str(case)] = {(each["rule"], each["urn"], each["message"]) for each in said}
            stub.Configure(configuration(chosen))
            served[str(case)] = reported(stub, case.records)
    assert by_command == called
    assert served == called


def outcome(findings: list[Finding]) -> set[tuple[str, str, str]]:
    """Rule, URN and message of each."""
    return {(each.rule, each.urn, each.message) for each in findings}


def test_every_case_file_is_of_a_rule():
    assert {file.stem for file in FOLDER.iterdir()} <= BY_ID.keys()


def test_every_rule_has_a_case_that_passes_and_one_that_fails():
    passing = {case.rule for case in cases() if not case.finds}
    failing = {case.rule for case in cases() if case.finds}
    assert BY_ID.keys() == passing & failing
