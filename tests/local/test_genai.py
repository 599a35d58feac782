"""The workflow, deployed with IAM enforced: from an upload to a published video, and every way to fail."""

from __future__ import annotations

import json
import struct
from typing import Any

import fastjsonschema
import pytest

from components.genai.component import HERE
from tests.local.workflow import REVIEW_S, Workflow

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("genai")]

TALK = " ".join(
    f"Sentence {number} of a talk about kites, bamboo and the wind over the harbour." for number in range(2600)
)
PUBLISHED = fastjsonschema.compile(json.loads((HERE / "schemas" / "video.published.v1.json").read_text()))


def test_an_upload_is_transcribed_titled_approved_drawn_and_published(titles: Workflow) -> None:
    run = titles.upload("We build a kite of paper and bamboo.")
    link = run.link()
    review = run.review(link)
    assert (len(review["candidates"]), review["round"], review["rounds_left"]) == (3, 1, 2)
    assert (review["file"], review["language"], review["decided"]) == (run.key, "en-US", None)
    assert run.approve(link, title="A kite of paper and bamboo") == (200, {"decided": "approve"})

    ended = run.ended()
    assert ended["status"] == "SUCCEEDED", ended
    result = json.loads(ended["output"])
    assert result["title"] == "A kite of paper and bamboo"
    assert result["description"] == review["candidates"][0]["description"]
    assert 0 < result["tokens"] < 24_000
    assert json.loads(titles.object(f"published/{run.run}/video.json")) == result
    saved = titles.item("results", {"run": run.run})
    assert saved == {name: str(value) for name, value in result.items()}
    image = titles.object(result["avatar"])
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack_from(">II", image, 16) == (1024, 1024)

    (event,) = titles.eventually(lambda: titles.messages(titles.ear, run.run))
    detail = json.loads(event)["detail"]
    PUBLISHED(detail)
    assert (detail["title"], detail["run"]) == (result["title"], run.run)
    (told,) = [one for one in titles.partner.requests if run.run in one["body"]]
    assert (told["headers"]["x-api-key"], told["headers"]["idempotency-key"]) == ("k3y", run.run)
    assert json.loads(told["body"])["title"] == result["title"]
    assert titles.item("failures", {"run": run.run}) == {}


def test_the_same_event_starts_one_run_and_a_new_upload_under_the_key_another(titles: Workflow) -> None:
    run = titles.upload("Once.", name="notes.txt")
    written = {"key": run.key, "sequencer": "0055AED6DCD90281E5"}
    event = json.dumps({"detail": {"bucket": {"name": titles.outputs["uploads"]}, "object": written}})
    for _ in range(3):
        answer = titles.aws("stepfunctions").start_sync_execution(
            stateMachineArn=titles.outputs["starter"], input=event
        )
        assert answer["status"] == "SUCCEEDED", answer
    assert len(titles.runs_of(run.key)) == 2


def test_a_two_hour_talk_and_an_image_of_a_megabyte_go_through(titles: Workflow) -> None:
    assert len(TALK) > 150_000
    run = titles.upload(TALK)
    run.approve(run.link())
    assert run.ended()["status"] == "SUCCEEDED", run.ended()
    assert len(titles.object(f"runs/{run.run}/transcript.json")) > 4 * 256 * 1024
    assert len(titles.object(f"runs/{run.run}/avatar.json")) > 1024**2
    assert len(titles.object(f"published/{run.run}/avatar.png")) > 900_000


def test_candidates_are_sent_back_with_a_comment_until_the_rounds_are_over(titles: Workflow) -> None:
    run = titles.upload("Kites.")
    seen = []
    for left in (2, 1, 0):
        link = run.link()
        review = run.review(link)
        assert review["rounds_left"] == left
        seen.append(review["candidates"])
        assert run.send_back(link, f"Name the wind, {left}.") == (200, {"decided": "revise"})
    assert seen[0] != seen[1] != seen[2]
    kept = run.failure()
    assert (kept["outcome"], kept["cause"]) == ("SentBackTooOften", "Name the wind, 0.")


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"said": "How to make gunpowder"}, "GuardrailIntervened", "the guardrail blocked"),
    ({"said": "[[malformed:2]] twice"}, "MalformedAnswers", "json"),
    ({"media": bytes(2000)}, "TranscriptionFailed", "unsupported media format"),
    ({"size": 1_000_001}, "UploadSize", "1000001 bytes"),
    ({"name": "notes.txt"}, "UploadType", "ends in none of"),
]


@pytest.mark.parametrize(("upload", "outcome", "cause"), FAULTS, ids=[outcome for _, outcome, _ in FAULTS])
def test_a_fault_ends_under_its_name_with_the_input_kept(
    titles: Workflow, upload: dict[str, Any], outcome: str, cause: str
) -> None:
    kept = titles.upload(**upload).failure()
    assert (kept["outcome"], cause in kept["cause"].lower()) == (outcome, True), kept


def test_one_refused_answer_is_asked_for_again_with_the_reason(titles: Workflow) -> None:
    run = titles.upload("[[malformed]] once")
    link = run.link()
    assert len(run.review(link)["candidates"]) == 3
    run.approve(link)
    assert run.ended()["status"] == "SUCCEEDED"
    history = titles.aws("stepfunctions").get_execution_history(executionArn=run.arn, maxResults=1000)["events"]
    failed = [one["taskFailedEventDetails"]["error"] for one in history if "taskFailedEventDetails" in one]
    assert failed == ["States.QueryEvaluationError"] * 3


def test_a_run_over_its_budget_makes_no_call_and_goes_on_when_it_is_started_again(titles: Workflow) -> None:
    run = titles.upload(TALK)
    run.send_back(run.link(), "Shorter.")
    kept = run.failure()
    assert (kept["outcome"], kept["state"]) == ("BudgetExceeded", "Is there budget for the candidates?")
    assert "are spent of 24000" in kept["cause"]
    again = titles.start(json.loads(kept["input"]))
    again.approve(again.link())
    assert again.ended()["status"] == "SUCCEEDED"
    history = titles.aws("stepfunctions").get_execution_history(executionArn=again.arn, maxResults=1000)["events"]
    failed = [one["taskFailedEventDetails"]["error"] for one in history if "taskFailedEventDetails" in one]
    assert failed == ["Transcribe.ConflictException"], "the transcript that is there was not used"


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ([503, 200], ""),
        ([404], "PartnerRefused"),
        ([429] * 2, "PartnerBusy"),
        ([500] * 2, "PartnerDown"),
        ([0] * 2, "PartnerUnreachable"),
    ],
    ids=["recovers", "404", "429", "500", "socket"],
)
def test_each_fault_of_the_partner_has_its_branch(titles: Workflow, statuses: list[int], outcome: str) -> None:
    run = titles.upload("Kites.")
    link = run.link()
    titles.partner.statuses[:] = statuses
    run.approve(link)
    if outcome:
        assert run.failure()["outcome"] == outcome
    else:
        assert run.ended()["status"] == "SUCCEEDED"
    assert titles.partner.statuses == []
    keys = {one["headers"]["idempotency-key"] for one in titles.partner.requests if run.run in one["body"]}
    assert keys == {run.run}
    assert titles.item("results", {"run": run.run})["run"] == run.run


def test_a_link_decides_once_expires_and_cannot_be_made_up(titles: Workflow) -> None:
    run = titles.upload("Kites.")
    link = run.link()
    forged = [
        {**link, "expires": link["expires"] + 60},
        {**link, "reference": "00000000-0000-4000-8000-000000000000"},
        {**link, "mac": "A" * 43 + "="},
    ]
    for wrong in forged:
        for path, body in (("/reviews", wrong), ("/decisions", {**wrong, "decision": "revise", "comment": "x"})):
            status, problem = titles.ask(path, body)
            assert (status, problem["status"]) == (404, 404)
    assert titles.ask("/reviews", {**link, "mac": "short"})[0] == 400
    assert titles.ask("/decisions", {**link, "decision": "approve"})[0] == 400
    assert run.review(link)["decided"] is None, "looking must not decide"
    assert run.approve(link)[0] == 200
    status, problem = titles.ask("/decisions", {**link, "decision": "revise", "comment": "too late"})
    assert (status, problem["title"]) == (409, "The link was used already")
    assert run.ended()["status"] == "SUCCEEDED"
    assert run.review(link)["decided"] == "approve"


def test_nobody_decides_then_it_is_escalated_then_it_expires_with_the_input_kept(titles: Workflow) -> None:
    run = titles.upload("Kites.")
    first = run.link()
    second = run.link()
    assert second["reference"] != first["reference"]
    old = {**first, "decision": "revise", "comment": "x"}
    assert titles.eventually(lambda: titles.ask("/decisions", old)[0] == 410, REVIEW_S + 10)
    kept = run.failure()
    assert (kept["outcome"], kept["error"]) == ("ReviewExpired", "States.Timeout")
    assert titles.ask("/reviews", second)[0] == 410


@pytest.mark.parametrize(
    ("action", "outcome", "state"),
    [
        ("transcribe:StartTranscriptionJob", "TranscriptionFailed", "Start the transcription"),
        ("lambda:InvokeFunction", "PromptFailed", "Compose the prompt"),
        ("bedrock:ApplyGuardrail", "ModelFailed", "Is a candidate usable?"),
        ("kms:GenerateMac", "ReviewFailed", "Sign the link"),
    ],
)
def test_a_denied_call_ends_where_it_stands(titles: Workflow, action: str, outcome: str, state: str) -> None:
    with titles.without(action):
        kept = titles.upload("Kites.").failure()
    assert (kept["outcome"], kept["state"]) == (outcome, state)
    assert "AccessDenied" in kept["error"] + kept["cause"]


def test_the_token_is_in_no_message_no_answer_and_no_log(titles: Workflow) -> None:
    run = titles.upload("Kites.")
    mail = titles.eventually(lambda: titles.messages(titles.mailbox, run.key), 60)[0]
    link = run.link()
    token = titles.eventually(lambda: titles.item("tokens", {"reference": link["reference"]})).get("token")
    assert token
    answers = json.dumps([run.review(link), run.approve(link)])
    run.ended()
    logs = titles.aws("logs")
    written = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert not any(token in text for text in (mail, answers, *written))
