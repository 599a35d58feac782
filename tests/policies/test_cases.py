"""The corpus: each rule finds in each of its cases what the case says, and nothing else."""

from __future__ import annotations

import json

import pytest

from local.cli import main
from local.engine.errors import DONE, REFUSED
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


def test_all_ways_of_running_the_pack_say_the_same_of_every_case(tmp_path, capsys):
    judged = [case for case in cases() if not case.exceptions]  # those have a day of their own
    (tmp_path / "Pulumi.yaml").write_text("name: video\nruntime: python\n")
    configured, state = tmp_path / "rules.json", tmp_path / "state.json"
    asked = ["policy", "--json", "--cwd", tmp_path, "--state", state, "--policy-pack-config", configured]
    by_command = {}
    for case in judged:
        configured.write_text(json.dumps({case.rule: dict(case.settings)}))
        state.write_text(json.dumps({"version": 3, "deployment": {"resources": rows(case.records)}}))
        status = main(list(map(str, asked)))
        said = json.loads(capsys.readouterr().out)
        assert status == (REFUSED if any(each["level"] == "mandatory" for each in said) else DONE)
        by_command[str(case)] = {(each["rule"], each["urn"], each["message"]) for each in said}
    called = {str(case): outcome(judge(case.records, {case.rule: case.settings})) for case in judged}
    with serving(PACK, tmp_path) as stub:
        served = {}
        for case in judged:
            stub.Configure(configuration({case.rule: case.settings}))
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
