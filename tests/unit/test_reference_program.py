"""What `__main__.py` makes of the stack's switches."""

from __future__ import annotations

import runpy

import pulumi
import pytest
import yaml

from components import ApiGatewayPattern, ApiGatewayPatternArgs
from components.core.later import Later
from components.genai import GenAiWorkflow, GenAiWorkflowArgs
from local.settings import REPO
from tests.recorder import Plan, record

PATTERNS = {
    "posters": "FanOutConverter",
    "titles": "GenAiWorkflow",
    "events": "EventSourcedBatch",
    "room": "VirtualWaitingRoom",
    "api": "ApiGatewayPattern",
}


def planned(**config: str) -> Plan:
    settings = {f"serviceful:{key}": value for key, value in config.items()}
    return record(lambda: runpy.run_path(str(REPO / "__main__.py")), config=settings)


def components(plan: Plan) -> set[str]:
    return {one.type.rpartition(":")[2] for one in plan.resources if one.type.startswith("serviceful:")}


def test_by_default_every_pattern_is_there() -> None:
    assert components(planned()) == set(PATTERNS.values())


@pytest.mark.parametrize("key", sorted(PATTERNS.keys() - {"api"}))
def test_each_pattern_is_switched_off_by_its_key_alone(key: str) -> None:
    assert components(planned(**{key: "false"})) == set(PATTERNS.values()) - {PATTERNS[key]}


def test_without_the_api_there_is_no_approval_page_and_so_no_titles() -> None:
    assert components(planned(api="false")) == set(PATTERNS.values()) - {"ApiGatewayPattern", "GenAiWorkflow"}


def test_what_led_to_a_pattern_goes_with_it() -> None:
    plan = planned(events="false", room="false", titles="false")
    paths = {one.inputs["pathPart"] for one in plan.resources if one.type == "aws:apigateway/resource:Resource"}
    assert paths == {"health", "uploads"}
    assert not {name for name in plan.outputs if name.startswith("events")}


@pytest.mark.parametrize("key", PATTERNS)
def test_a_switch_that_is_neither_on_nor_off_is_refused_by_name(key: str) -> None:
    others = dict.fromkeys(PATTERNS.keys() - {"api"}, "false")
    with pytest.raises(pulumi.ConfigTypeError, match=f"serviceful:{key}"):
        planned(**{**others, key: "perhaps"})


def test_a_profile_that_proposes_titles_is_granted_in_its_regions_alone() -> None:
    alone = {"posters": "false", "events": "false", "room": "false"}
    plan = planned(textModel="apac.amazon.nova-lite-v1:0", textModelRegions="ap-northeast-1,ap-south-1", **alone)
    granted = [one["resources"] for one in plan.ledger("grants") if one["actions"] == ["bedrock:InvokeModel"]]
    foundations = {resource for resources in granted for resource in resources if "nova-lite" in resource}
    model = "foundation-model/amazon.nova-lite-v1:0"
    assert foundations == {
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/apac.amazon.nova-lite-v1:0",
        f"arn:aws:bedrock:ap-northeast-1::{model}",
        f"arn:aws:bedrock:ap-south-1::{model}",
    }
    with pytest.raises(ValueError, match="regions are for inference profiles"):
        planned(textModelRegions="ap-south-1", **alone)


def test_every_key_of_the_program_is_described() -> None:
    declared = yaml.safe_load((REPO / "Pulumi.yaml").read_text())["config"]
    assert set(PATTERNS) <= set(declared)
    assert all(one["description"].strip() and "default" in one for one in declared.values())
    for stack in ("local", "dev", "prod"):
        used = yaml.safe_load((REPO / f"Pulumi.{stack}.yaml").read_text())["config"]
        own = {key.removeprefix("serviceful:") for key in used if key.startswith("serviceful:")}
        assert own <= set(declared), stack


def test_a_program_that_fails_between_two_that_need_each_other_ends_with_its_error() -> None:
    with pytest.raises(ValueError, match="there is neither a route nor a monolith"):
        record(_broken)


def test_a_value_that_nobody_says_is_an_error_and_no_wait() -> None:
    with pytest.raises(ValueError, match="before is_"):
        record(_unsaid)


def _unsaid() -> None:
    with Later() as page:
        GenAiWorkflow("titles", GenAiWorkflowArgs(approval_page=page.value))


def _broken() -> None:
    with Later() as page:
        GenAiWorkflow("titles", GenAiWorkflowArgs(approval_page=page.value))
        ApiGatewayPattern("api", ApiGatewayPatternArgs())
