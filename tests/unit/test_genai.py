"""What a GenAiWorkflow registers, what it refuses, and what its definitions hold whatever they do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.core.pattern import NotYet
from components.genai import (
    BasicAuth,
    ClientCredentials,
    Filters,
    GenAiWorkflow,
    GenAiWorkflowArgs,
    ImageModel,
    Partner,
    TextModel,
    defaults,
)
from components.genai.approval import CANDIDATE, decision
from components.genai.component import HERE, definition
from components.genai.defaults import MEDIA_TYPES
from local.settings import REPO
from local.wire import UNKNOWN, Secret
from tests.components import workflow_args
from tests.recorder import Plan, record

State = dict[str, Any]
MACHINES = ("video_titles", "start", "read_review", "decide")
MAIN: State = definition(workflow_args())["States"]


def plan_of(**arguments: Any) -> Plan:
    return record(lambda: GenAiWorkflow("titles", workflow_args(**arguments)))


def grants(plan: Plan, part: str) -> list[dict[str, Any]]:
    return [one for one in plan.ledger("grants") if one["principal"].startswith(f"serviceful-test-titles-{part}-")]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"temperatures": []}, "temperatures are 1-5 numbers"),
    ({"temperatures": [0.5, 1.5]}, "temperatures are 1-5 numbers"),
    ({"attempts": 0}, "attempts=0 is not within 1-5"),
    ({"max_tokens": 5000}, "max_tokens=5000 is not within 50-4,000"),
    ({"prompt_tokens": 100}, "prompt_tokens=100 is not within 500-60,000"),
    ({"max_upload_mb": 2001}, "max_upload_mb=2001 is not within 1-2,000"),
    ({"rounds": 0}, "rounds=0 is not within 1-10"),
    ({"token_budget": 0}, "a budget is not above zero"),
    ({"prompt": "video_titles.v9"}, "prompt='video_titles.v9' is none of video_titles.v1"),
    ({"model": TextModel(id="eu.amazon.nova-lite-v1:0")}, "regions are for inference profiles, which need them"),
    ({"model": TextModel(regions=["eu-west-1"])}, "regions are for inference profiles, which need them"),
    ({"model": TextModel(input_usd=-1)}, "a price is negative"),
    ({"image_model": ImageModel(pixels=500)}, "pixels=500 is no multiple of 16"),
    ({"guardrail": Filters(words=[""])}, "words have 1-100 characters"),
    ({"redact_personal": True}, "redact_personal needs language to be one of en-US, es-US"),
    ({"partner": Partner(url="http://x", credentials=BasicAuth("a", "b"))}, "doesn't begin with https://"),
    ({"transcription_s": 10}, "transcription_s=10 is under poll_s=30"),
    ({"review_s": 0}, "review_s and escalation_s are at least 1"),
    ({"review_s": 3_000_000}, "its machine ends it after 2,592,000"),
    ({"physical_name": "A_B"}, "physical_name('A_B')"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_wrong_arguments_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        workflow_args(**arguments).check("titles")


@pytest.mark.parametrize("argument", [{"plugins": True}, {"definition": "document_extraction"}], ids=str)
def test_what_is_to_come_is_refused_by_name(argument: dict[str, Any]) -> None:
    with pytest.raises(NotYet, match="not available yet"):
        workflow_args(**argument).check("titles")


def test_without_a_partner_the_run_is_done_when_the_video_is_announced() -> None:
    states = definition(workflow_args(partner=None))["States"]
    assert states["Announce the video"]["Next"] == "Done"
    assert not [name for name in states if "partner" in name.lower()]
    plan = plan_of(partner=None)
    assert not [one for one in grants(plan, "workflow") if "states:InvokeHTTPEndpoint" in one["actions"]]


def test_a_language_and_redaction_are_asked_of_the_transcription() -> None:
    job = definition(workflow_args(language="en-US", redact_personal=True))["States"]["Start the transcription"]
    assert job["Arguments"]["LanguageCode"] == "en-US"
    assert "IdentifyLanguage" not in job["Arguments"]
    assert job["Arguments"]["ContentRedaction"] == {"RedactionType": "PII", "RedactionOutput": "redacted"}


def test_an_inference_profile_grants_its_model_in_each_of_its_regions() -> None:
    model = TextModel(id="eu.amazon.nova-lite-v1:0", regions=["eu-west-1", "eu-central-1"])
    (asked,) = [one for one in grants(plan_of(model=model), "workflow") if "Ask the model" in one["because"]][:1]
    assert asked["actions"] == ["bedrock:InvokeModel"]
    assert asked["resources"] == [
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
    ]


def test_only_the_machine_that_decides_answers_tokens_and_reads_their_table() -> None:
    plan = plan_of()
    holders = {
        one["principal"]
        for one in plan.ledger("grants")
        if any(action.startswith("states:SendTask") for action in one["actions"])
    }
    assert holders == {"serviceful-test-titles-decide-eu-west-1"}
    on_tokens = {
        (one["principal"].removeprefix("serviceful-test-titles-"), action)
        for one in plan.ledger("grants")
        for action in one["actions"]
        if any("titles-tokens" in resource for resource in one["resources"])
    }
    assert on_tokens == {("workflow-eu-west-1", "dynamodb:PutItem"), ("decide-eu-west-1", "dynamodb:UpdateItem")}


def test_the_page_may_be_known_later_than_the_routes() -> None:
    def program() -> None:
        page, resolve = pulumi.deferred_output()
        made = GenAiWorkflow("titles", workflow_args(approval_page=page))
        assert [route.path for route in made.routes()] == ["/reviews", "/decisions"]
        resolve(pulumi.Output.from_input("https://front.example/approval/index.html"))

    machine = record(program).one("aws:sfn/stateMachine:StateMachine", "titles-workflow")
    assert machine.inputs["definition"] is UNKNOWN  # by the guardrail's id, at the first preview


def test_a_key_of_the_partner_stands_nowhere_in_clear() -> None:
    plan = plan_of(partner=Partner(url="https://partner.example/", credentials=BasicAuth("us", "hush hush")))
    connection = plan.one("aws:cloudwatch/eventConnection:EventConnection", "titles-partner")
    assert connection.inputs["authParameters"]["basic"]["password"] == Secret("hush hush")
    rest = [leaf.inputs for leaf in plan.leaves if leaf is not connection]
    assert "hush" not in json.dumps(rest, default=str)


def walk(states: dict[str, State]) -> Iterator[tuple[str, State]]:
    for name, state in states.items():
        yield name, state
        if "ItemProcessor" in state:
            yield from walk(state["ItemProcessor"]["States"])


def test_every_failure_has_a_name_of_its_own_and_keeps_the_input() -> None:
    ends = {name: state for name, state in MAIN.items() if "outcome" in state.get("Assign", {})}
    outcomes = [state["Assign"]["outcome"] for state in ends.values()]
    assert len(outcomes) == len(set(outcomes)) == 19
    assert {state["Next"] for state in ends.values()} == {"Keep the input"}
    kept = MAIN["Keep the input"]["Arguments"]["Item"]["input"]
    assert kept == {"S": "{% $string($states.context.Execution.Input) %}"}
    assert [name for name, state in walk(MAIN) if state["Type"] == "Fail"] == ["Failed"]


def test_no_bad_expression_is_tried_again_and_the_model_is_asked_again_by_hand() -> None:
    """A Retry would pay for an answer that is asked for without the reason why the last one was refused."""
    for name, state in walk(MAIN):
        if state["Type"] == "Task":
            assert "States.QueryEvaluationError" in state["Retry"][0]["ErrorEquals"], name
            assert state["Retry"][0]["MaxAttempts"] == 0, name


def test_every_way_out_of_a_choice_says_why() -> None:
    ends = {name for name, state in MAIN.items() if "outcome" in state.get("Assign", {})}
    after_a_catch = ("What went wrong at the partner?", "Is this the second wait?")
    for name, state in walk(MAIN):
        for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
            if rule["Next"] in ends and name not in after_a_catch:
                assert set(rule["Assign"]["fault"]) == {"state", "error", "cause"}, name


def test_the_token_is_in_no_message_and_in_no_item_but_that_of_its_table() -> None:
    holders = [name for name, state in walk(MAIN) if "Task.Token" in json.dumps(state)]
    assert holders == ["Wait for a decision"]
    assert MAIN["Wait for a decision"]["Arguments"]["TableName"] == "${TokensTable}"


@pytest.mark.parametrize("machine", MACHINES)
def test_what_stands_for_text_is_quoted(machine: str) -> None:
    """Text is quoted or stands alone; what is not quoted is a number, a list of numbers or a piece of JSONata."""
    numbers = {
        *("AgainTokens", "Attempts", "Candidates", "EscalationSeconds", "ImagePixels", "ImagePrice", "InputPrice"),
        *("MaxBytes", "MaxPolls", "MaxRounds", "MaxTokens", "MicroUsdBudget", "OutputPrice", "PollSeconds"),
        *("ReviewSeconds", "Temperatures", "TokenBudget", "AnswerChecks", "MediaTypes"),
    }
    text = (HERE / f"{machine}.asl.json").read_text()
    for expression in re.findall(r"\{%.*?%\}", text):
        bare = re.sub(r"'[^']*'", "", expression)
        assert set(re.findall(r"\$\{(\w+)\}", bare)) <= numbers, expression


def test_media_types_are_words_of_a_regular_expression() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+", each) for each in MEDIA_TYPES)


def test_a_decision_approves_with_a_candidates_fields_or_says_what_should_be_different() -> None:
    import fastjsonschema

    check = fastjsonschema.compile({**decision(), "$schema": "http://json-schema.org/draft-04/schema#"})
    link = {"reference": "0" * 36, "expires": 1, "mac": "A" * 43 + "="}
    good = {"title": "A title of some length", "description": "A description of some length"}
    check({**link, "decision": "approve", **good})
    check({**link, "decision": "revise", "comment": "Shorter"})
    for bad in (
        {"decision": "approve"},
        {"decision": "revise", "comment": ""},
        {"decision": "approve", **good, "title": "short"},
        {"decision": "reject", **good},
        {"decision": "approve", **good, "more": 1},
    ):
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            check({**link, **bad})
    assert set(CANDIDATE["required"]) == {"title", "description"}


def test_the_defaults_leave_room_for_every_round_in_the_budget() -> None:
    """A run with the defaults, each answer refused once and each candidate sent back, is within its budgets."""
    args: GenAiWorkflowArgs = workflow_args()
    calls = args.rounds * len(args.temperatures) * args.attempts
    tokens = calls * (args.prompt_tokens + 400 + args.max_tokens)
    assert tokens <= args.token_budget
    usd = calls * ((args.prompt_tokens + 400) * args.model.input_usd + args.max_tokens * args.model.output_usd) / 1e6
    assert usd + args.image_model.usd <= args.usd_budget


def test_default_settings_are_what_the_page_says() -> None:
    page = (REPO / "docs" / "genai.md").read_text()
    table = page.split("## Default settings", 1)[1].split("\n## ", 1)[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    assert said == {name: str(value) for name, value in vars(defaults).items() if name.isupper()}


def test_every_outcome_stands_on_the_page() -> None:
    faults = (REPO / "docs" / "genai.md").read_text().split("## How it fails", 1)[1].split("\n## ", 1)[0]
    listed = set(re.findall(r"`([A-Z]\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", faults, re.MULTILINE))))
    assert listed == {state["Assign"]["outcome"] for state in MAIN.values() if "outcome" in state.get("Assign", {})}


def test_a_partner_by_oauth_asks_for_a_token_with_client_credentials() -> None:
    oauth = ClientCredentials("https://partner.example/token", "us", "hush hush", scope="videos")
    plan = plan_of(partner=Partner(url="https://partner.example/", credentials=oauth))
    inputs = plan.one("aws:cloudwatch/eventConnection:EventConnection", "titles-partner").inputs
    asked = inputs["authParameters"]["oauth"]
    assert inputs["authorizationType"] == "OAUTH_CLIENT_CREDENTIALS"
    assert (asked["authorizationEndpoint"], asked["httpMethod"]) == ("https://partner.example/token", "POST")
    assert asked["clientParameters"] == {"clientId": "us", "clientSecret": Secret("hush hush")}
    form = {one["key"]: one["value"] for one in asked["oauthHttpParameters"]["bodies"]}
    assert form == {"grant_type": "client_credentials", "scope": "videos"}
