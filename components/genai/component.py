"""The GenAiWorkflow pattern."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from ..core.bucket import Bucket
from ..core.bus import Bus
from ..core.connection import Connection
from ..core.dashboard import Dashboard
from ..core.function import Function
from ..core.guardrail import Guardrail
from ..core.pattern import Pattern
from ..core.permissions import Permission
from ..core.queue import DeadLetters
from ..core.rest_api.route import Route
from ..core.rule import Rule, rule_arn
from ..core.state_machine import StateMachine
from ..core.table import Table
from . import defaults
from .approval import CANDIDATE, Approval
from .args import PROMPTS, GenAiWorkflowArgs
from .assertions import assertions

HERE: Final = Path(__file__).parent
MICRO: Final = 1_000_000
AGAIN_TOKENS: Final = 400
"""What asking again adds to a prompt at most: the reason, of up to 600 characters, and a sentence."""

_ARRIVALS = "arrivals"
_RUNS, _PUBLISHED = "runs/", "published/"


class GenAiWorkflow(Pattern):
    """Titles for uploaded videos: a model proposes, a person decides, and the video is published.

    upload → transcript → candidates, side by side, held against a schema → a person approves, edits or sends back →
    avatar → table, file, `video.published` and a partner's API. Step Functions calls every service directly; two
    functions transform. Each failure ends under its own name, with the run's input kept in `failures`.
    """

    workflow: StateMachine
    """Input `{"run", "key"}`. Started by each upload; again by hand with the input that `failures` keeps."""

    reviewers: pulumi.Output[str]
    """ARN of the topic that sends out links: subscribe the people who decide. `notice` is review or escalation."""

    def __init__(self, name: str, args: GenAiWorkflowArgs, opts: ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("serviceful:index:GenAiWorkflow", name, physical_name=args.physical_name, opts=opts)
        self.args = args
        self.uploads = self._private_bucket("uploads")
        self.work = self._private_bucket("work")
        self._prompts()
        self.results = Table(self, "results", key=("run", "S"))
        self.failures = Table(self, "failures", key=("run", "S"), sort_key=("at", "S"))
        self.guardrail = Guardrail(
            self,
            "guardrail",
            strength=args.guardrail.strength,
            words=args.guardrail.words,
            personal=args.guardrail.personal,
        )
        self.bus = args.bus or Bus(self, "videos")
        self.approval = Approval(self)
        self.compose, self.decode = self._compose(), self._decode()
        self.partner = Connection(self, "partner", args.partner.credentials) if args.partner else None
        self.workflow = self._workflow()
        self.unstarted = DeadLetters(
            self, "unstarted", rule_arn=rule_arn(self, _ARRIVALS), holds="Uploads started no run", runbook="unstarted"
        )
        self.starter = self._starter()
        self._arrivals()
        self.dashboard = self._watch()
        self.reviewers = self.approval.reviewers.topic.arn
        self.publish(
            uploads=self.uploads.bucket.bucket,
            workflow=self.workflow.machine.arn,
            reviewers=self.reviewers,
            failures=self.failures.table.name,
        )

    def routes(self) -> list[Route]:
        """What the approval page needs of an API: `POST /reviews` and `POST /decisions`."""
        return self.approval.routes()

    def _private_bucket(self, name: str) -> Bucket:
        bucket = Bucket(self, name)
        bucket.policy()
        return bucket

    def _prompts(self) -> None:
        """All versions, so that a run says for ever what it was asked by."""
        for file in sorted(PROMPTS.glob("*.md")):
            aws.s3.BucketObjectv2(
                self.tree_name(f"prompt-{file.stem}"),
                bucket=self.work.bucket.bucket,
                key=_prompt_key(file.stem),
                content=_prompt(file),
                content_type="text/markdown; charset=utf-8",
                tags=self.tags,
                opts=self.child(),
            )

    def _compose(self) -> Function:
        """Transforms a transcript of any length into a prompt of limited length."""
        return Function(
            self,
            "compose",
            handler="handlers.genai.compose",
            permissions=[*self.work.get(_RUNS), *self.work.get("prompts/")],
            environment={
                "WORK_BUCKET": self.work.physical_name,
                "PROMPT_KEY": _prompt_key(self.args.prompt),
                "PROMPT_TOKENS": str(self.args.prompt_tokens),
            },
            memory_mb=defaults.MEMORY_MB,
            timeout_s=120,
        )

    def _decode(self) -> Function:
        """Transforms the model's JSON into an image."""
        return Function(
            self,
            "decode",
            handler="handlers.genai.decode",
            permissions=[*self.work.get(_RUNS), *self.work.write(_PUBLISHED)],
            environment={"WORK_BUCKET": self.work.physical_name},
            memory_mb=defaults.MEMORY_MB,
            timeout_s=60,
        )

    def _workflow(self) -> StateMachine:
        return StateMachine(
            self,
            "workflow",
            kind="STANDARD",
            definition=definition(self.args),
            substitutions={**self._limits(), **self._places()},
            resources=self._computed(),
        )

    def _limits(self) -> dict[str, str]:
        """Numbers, and what else an argument says."""
        args = self.args
        return {
            "MaxBytes": str(args.max_upload_mb * MICRO),
            "MediaTypes": "|".join(defaults.MEDIA_TYPES),
            "PollSeconds": str(args.poll_s),
            "MaxPolls": str(args.transcription_s // args.poll_s),
            "AgainTokens": str(AGAIN_TOKENS),
            "Candidates": str(len(args.temperatures)),
            "Attempts": str(args.attempts),
            "Temperatures": ", ".join(map(str, args.temperatures)),
            "MaxTokens": str(args.max_tokens),
            "TokenBudget": str(args.token_budget),
            "MicroUsdBudget": str(round(args.usd_budget * MICRO)),
            # Dollars for a million tokens are millionths of a dollar for one.
            "InputPrice": str(args.model.input_usd),
            "OutputPrice": str(args.model.output_usd),
            "ImagePrice": str(round(args.image_model.usd * MICRO)),
            "ImagePixels": str(args.image_model.pixels),
            "TextModel": args.model.id,
            "ImageModel": args.image_model.id,
            "AnswerChecks": assertions(CANDIDATE, "$answer"),
            "PromptVersion": args.prompt,
            "ReviewSeconds": str(args.review_s),
            "EscalationSeconds": str(args.escalation_s),
            "MaxRounds": str(args.rounds),
        }

    def _places(self) -> dict[str, str | pulumi.Output[str]]:
        """What the states read, write and call."""
        page = self.args.approval_page
        places: dict[str, str | pulumi.Output[str]] = {
            "UploadsBucket": self.uploads.physical_name,
            "WorkBucket": self.work.physical_name,
            "Jobs": self._jobs,
            "ComposeFunction": self.compose.arn,
            "DecodeFunction": self.decode.arn,
            "GuardrailId": self.guardrail.guardrail.guardrail_id,
            "GuardrailVersion": self.guardrail.version.version,
            "ReviewsTable": self.approval.reviews.physical_name,
            "TokensTable": self.approval.tokens.physical_name,
            "LinkKey": self.approval.key.alias,
            "ReviewersTopic": self.approval.reviewers.arn,
            "ApprovalPage": page if isinstance(page, str) else pulumi.Output.from_input(page),
            "ResultsTable": self.results.physical_name,
            "FailuresTable": self.failures.physical_name,
            "Bus": self.bus.physical_name,
            "Source": self.name,
        }
        if self.args.partner and self.partner:
            places |= {"PartnerUrl": self.args.partner.url, "PartnerConnection": self.partner.connection.arn}
        return places

    def _computed(self) -> dict[str, Sequence[Permission]]:
        """What states do whose parameters are known only while they run."""
        computed: dict[str, Sequence[Permission]] = {
            "Look at the upload": self.uploads.get(),
            "Start the transcription": [*self.uploads.get(), *self.work.write(_RUNS)],
            "Look at the transcription": [self._transcriptions()],
            "Ask the model": [*self._profile(), self.guardrail.apply()],
            "Draw the avatar": self.work.write(_RUNS),
            "Sign the link": [self.approval.key.sign()],
            "Write the result's file": self.work.write(_PUBLISHED),
        }
        if self.partner:
            computed["Tell the partner"] = self.partner.use()
        return computed

    def _transcriptions(self) -> Permission:
        """A job is named after its workflow and its run."""
        jobs = self.names.arn("transcribe", f"transcription-job/{self._jobs}*")
        return Permission(actions=("transcribe:GetTranscriptionJob",), resources=(jobs,))

    def _profile(self) -> tuple[Permission, ...]:
        """An inference profile, and its model in each region that it may lead to; a model alone is known by its id.

        https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
        """
        model, names = self.args.model, self.names
        if not model.regions:
            return ()
        models = [
            f"arn:{names.partition}:bedrock:{region}::foundation-model/{model.foundation}" for region in model.regions
        ]
        profile = names.arn("bedrock", f"inference-profile/{model.id}")
        return (Permission(actions=("bedrock:InvokeModel",), resources=(profile, *models)),)

    @property
    def _jobs(self) -> str:
        return self.physical("transcription-job", suffix="-")

    def _starter(self) -> StateMachine:
        """EventBridge can't name executions; this names each after the object that was written."""
        return StateMachine(
            self,
            "starter",
            kind="EXPRESS",
            definition=HERE / "start.asl.json",
            substitutions={"Workflow": self.workflow.arn, "Unstarted": self.unstarted.url},
        )

    def _arrivals(self) -> None:
        created = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.uploads.physical_name]}},
        }
        self.uploads.announce()
        self.arrivals = Rule(self, _ARRIVALS, pattern=created, target=self.starter, undelivered=self.unstarted)

    def _watch(self) -> Dashboard:
        """Warns of each run that ends under a failure's name, and of links that reach nobody."""
        self.workflow.warn_of_failures()
        self.approval.reviewers.warn_of_losses()
        for function in (self.compose, self.decode):
            function.warn_of_errors()
        return Dashboard(self)


def definition(args: GenAiWorkflowArgs) -> dict[str, Any]:
    """The ready definition, without the states and with the parameters that the arguments ask for."""
    machine: dict[str, Any] = json.loads((HERE / "video_titles.asl.json").read_text(encoding="utf-8"))
    states = machine["States"]
    job = states["Start the transcription"]["Arguments"]
    if args.language:
        del job["IdentifyLanguage"]
        job["LanguageCode"] = args.language
    if args.redact_personal:
        job["ContentRedaction"] = {"RedactionType": "PII", "RedactionOutput": "redacted"}
    if args.partner:
        states["Tell the partner"]["Retry"][1]["MaxAttempts"] = args.partner.attempts - 1
    else:
        states["Announce the video"]["Next"] = "Done"
        for name in [name for name in states if "partner" in name]:
            del states[name]
    return machine


def _prompt(file: Path) -> str:
    """A template with the schema that answers are held against; the transcript is filled in run by run."""
    shown = {name: value for name, value in CANDIDATE.items() if name not in ("$schema", "title")}
    return file.read_text(encoding="utf-8").replace("{{schema}}", json.dumps(shown))


def _prompt_key(name: str) -> str:
    return f"prompts/{name}.md"
