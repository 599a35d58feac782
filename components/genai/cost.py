"""What a GenAiWorkflow costs in a month."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..core import prices
from ..core.cost import Bill, gb
from ..core.prices import Price
from . import defaults
from .args import GenAiWorkflowArgs

_BEDROCK = "https://aws.amazon.com/bedrock/pricing/"
_EXPRESS_GB = 64 / 1024
"""Memory of an Express execution is billed by 64 MB."""

# Transitions, read off the definition: from the upload to the transcript without the polls, a poll, a round from the
# prompt to the decision without the model, an answer of the model, and from the decision to the end.
_ARRIVAL, _POLL, _ROUND, _ANSWER, _END = 4, 3, 9, 2, 9

_TOKEN_CHARACTERS = 4
_UNIT_CHARACTERS = 1000
"""A guardrail is billed by a thousand characters, for the prompt and for the answer."""


@dataclass(frozen=True, kw_only=True)
class WorkflowUsage:
    """What happens in a month."""

    videos: float
    """Videos that are uploaded."""

    minutes: float
    """Length of a video."""

    video_mb: float
    """Size of a video."""

    rounds: float = 1.3
    """Rounds of candidates, on average."""

    prompt_tokens: float = 6_000
    """Length of a prompt, on average."""

    answer_tokens: float = 120
    """Length of an answer."""

    polls: float = 10
    """Looks at a transcription."""

    kept_months: float = 12.0
    """How long videos and results are kept."""

    log_kb: float = 1.0
    """Log lines of a call of a function."""

    log_months: float = 1.0
    """How long logs are kept."""

    traced: float = 1.0
    """Share of the runs that X-Ray records: all when there is less than one a second."""


def monthly(args: GenAiWorkflowArgs, usage: WorkflowUsage) -> Bill:
    """The bill of a month with this usage. A partner's own bill, mail and the API of the page aren't in it."""
    bill = Bill()
    rounds = usage.videos * usage.rounds
    answers = rounds * len(args.temperatures)
    bill.add(prices.TRANSCRIBED_MINUTE, "transcripts", usage.videos * usage.minutes)
    _models(bill, args, usage, answers)
    bill.add(prices.TRANSITION, "runs", usage.videos * (_ARRIVAL + _END + _POLL * usage.polls))
    bill.add(prices.TRANSITION, "rounds", rounds * _ROUND + answers * _ANSWER)
    looks = usage.videos + 2 * rounds  # a start, a look at each review and a decision
    bill.add(prices.EXPRESS, "starts, reviews and decisions", looks)
    bill.add(prices.EXPRESS_GB_SECOND, "starts, reviews and decisions", looks * _EXPRESS_GB)
    bill.function("compose", calls=rounds, seconds=2, memory_mb=defaults.MEMORY_MB)
    bill.function("decode", calls=usage.videos, seconds=2, memory_mb=defaults.MEMORY_MB)
    bill.add(prices.KEY_MONTH, "links", 1, idle=True)
    bill.add(prices.KEY_REQUEST, "links", 3 * rounds)
    bill.add(prices.DB_WRITE, "reviews, tokens and results", 5 * rounds + 2 * usage.videos)
    bill.add(prices.PUBLISH, "links", rounds)
    bill.add(prices.EVENT, "published videos", usage.videos)
    bill.add(prices.S3_WRITE, "videos, transcripts, images, results", 5 * usage.videos)
    bill.add(
        prices.S3_GB_MONTH, "videos and results", gb(mb=usage.videos * usage.kept_months * usage.video_mb), idle=True
    )
    bill.watching(
        alarms=alarms(args),
        log_gb=gb(kb=(rounds + usage.videos) * usage.log_kb),
        log_months=usage.log_months,
        traces=usage.videos * usage.traced,
    )
    return bill


def _models(bill: Bill, args: GenAiWorkflowArgs, usage: WorkflowUsage, answers: float) -> None:
    """At the prices of the arguments: what a model costs is known to who chose it."""
    model, image = args.model, args.image_model
    read = Price("Bedrock", "million tokens read", model.input_usd, None, _BEDROCK)
    written = Price("Bedrock", "million tokens written", model.output_usd, None, _BEDROCK)
    bill.add(read, model.id, answers * usage.prompt_tokens / 1e6)
    bill.add(written, model.id, answers * usage.answer_tokens / 1e6)
    bill.add(Price("Bedrock", "image", image.usd, None, _BEDROCK), image.id, usage.videos)
    units = _units(usage.prompt_tokens) + _units(usage.answer_tokens)
    bill.add(prices.GUARDED_UNIT, "guardrail", answers * units)


def _units(tokens: float) -> int:
    return math.ceil(tokens * _TOKEN_CHARACTERS / _UNIT_CHARACTERS)


def alarms(args: GenAiWorkflowArgs) -> int:
    """Runs that fail or are late, uploads that start none, links that get lost, and two functions."""
    del args
    return 6
