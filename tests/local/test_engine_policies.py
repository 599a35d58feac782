"""Policy packs beside a run, over the analyzer protocol."""

from __future__ import annotations

import textwrap

import pytest

from local.engine.errors import EngineError
from tests.local.engine_harness import Stack, ops

PACK = """
from pulumi_policy import (
    EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy
)
import pulumi

def no_red(args, report):
    if args.resource_type == "fake:index/thing:Thing" and args.props.get("colour") == "red":
        report("red isn't allowed here")

def few(args, report):
    config = args.get_config()
    things = [r for r in args.resources if r.resource_type == "fake:index/thing:Thing"]
    if len(things) > config["most"]:
        report(f"{len(things)} things", things[-1].urn)
    for thing in things:
        for urns in thing.property_dependencies.values():
            if any("::red" in dependency.urn for dependency in urns):
                report("depends on red", thing.urn)

def tagged(args):
    if args.resource_type == "fake:index/thing:Thing" and "owner" not in args.props:
        return {**args.props, "owner": pulumi.get_stack()}

PolicyPack("tiny", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy("no-red", "No red things.", no_red),
    StackValidationPolicy("few", "Few things.", few, config_schema=__import__("pulumi_policy").PolicyConfigSchema(
        properties={"most": {"type": "integer", "default": 3}})),
    ResourceValidationPolicy("tagged", "Owner.", remediate=tagged, enforcement_level=EnforcementLevel.REMEDIATE),
])
"""


@pytest.fixture
def stack(tmp_path):
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
    (pack / "__main__.py").write_text(textwrap.dedent(PACK))
    return Stack(tmp_path / "project", packs=[pack])


def test_a_mandatory_violation_stops_before_anything_is_created(stack):
    report = stack.up('Thing("red", colour="red")\nThing("blue", colour="blue")')
    assert report.exit_code == 2
    assert stack.world.things == {}
    assert not stack.file.exists()
    (finding,) = [finding for finding in report.to_json()["policies"] if finding["level"] == "mandatory"]
    assert finding["rule"] == "no-red"
    assert finding["urn"].endswith("::red")
    assert "red isn't allowed here" in finding["message"]


def test_a_stack_policy_sees_property_dependencies_and_its_own_configuration(stack):
    program = 'red = Thing("red")\nThing("b", of=red.arn)\nThing("c")'
    stack.rules = {"few": {"most": 2}}
    report = stack.preview(program)
    messages = sorted(finding.message.splitlines()[-1] for finding in report.findings if finding.rule == "few")
    assert messages == ["3 things", "depends on red"]
    assert report.exit_code == 2
    stack.rules = {}
    stack.write(program, "config: {policies: {few: advisory}}")
    assert stack.preview().exit_code == 0, stack.told.text


def test_a_remediation_changes_what_is_made_and_says_so(stack):
    report = stack.up('Thing("a", colour="blue")')
    assert report.exit_code == 0, stack.told.text
    assert stack.entries()["a"]["inputs"]["owner"] == "test"
    (finding,) = report.findings
    assert (finding.rule, finding.level) == ("tagged", "remediate")
    assert 'owner: nothing → "test"' in finding.message
    assert ops(stack.up('Thing("a", colour="blue")'))["a"] == "same"


def test_a_pack_that_does_not_start_lets_nothing_pass(stack):
    (stack.packs[0] / "__main__.py").write_text("raise RuntimeError('broken pack')")
    report = stack.up('Thing("a")')
    assert report.exit_code == 1
    assert stack.world.things == {}
    assert "broken pack" in stack.told.text


def test_a_folder_that_is_no_pack_is_refused(stack):
    stack.packs = [stack.root]
    stack.write("pass")
    with pytest.raises(EngineError, match="is no policy pack"):
        stack.preview()
