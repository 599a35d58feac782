"""What a GenAiWorkflow is made of, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pulumi

from ..core.bus import Bus
from ..core.connection import Credentials
from ..core.pattern import NotYet, check_name, outside
from . import defaults

PAGE: Final = "docs/genai.md"
PROMPTS: Final = Path(__file__).parent / "prompts"

# The languages in which personal data is found:
# https://docs.aws.amazon.com/transcribe/latest/dg/pii-redaction-batch.html
REDACTED_LANGUAGES: Final = ("en-US", "es-US")
LONGEST_RUN_S: Final = 30 * 24 * 3600
"""The machine's TimeoutSeconds."""

MOST_PROMPT_TOKENS: Final = 60_000
"""A state carries 256 KiB: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_PARTNER_URL = re.compile(r"https://|http://(?:127\.0\.0\.1|localhost)[:/]")
_GEOGRAPHIES = re.compile(r"(?:apac|au|ca|eu|global|jp|us|us-gov)\.(.+)")


@dataclass(frozen=True, kw_only=True)
class TextModel:
    """A model that answers through Converse, and its price."""

    id: str = defaults.TEXT_MODEL
    """Model or inference profile. https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html"""

    input_usd: float = defaults.INPUT_USD
    """Dollars for a million tokens of prompt."""

    output_usd: float = defaults.OUTPUT_USD
    """Dollars for a million tokens of answer."""

    regions: Sequence[str] = ()
    """Where an inference profile (`eu.amazon.nova-lite-v1:0`) may run the model: all of its regions, and only then.

    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"""

    @property
    def foundation(self) -> str:
        """The model that a profile leads to."""
        profile = _GEOGRAPHIES.fullmatch(self.id)
        return profile[1] if profile else self.id

    def problems(self) -> Iterator[str]:
        """What is wrong with it."""
        if (self.foundation != self.id) != bool(self.regions):
            yield f"model {self.id}: regions are for inference profiles, which need them"
        if self.input_usd < 0 or self.output_usd < 0:
            yield f"model {self.id}: a price is negative"


@dataclass(frozen=True, kw_only=True)
class ImageModel:
    """A model that makes an image of a text, in the form of Amazon's own (`TEXT_IMAGE`), and its price."""

    id: str = defaults.IMAGE_MODEL
    """https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html"""

    usd: float = defaults.IMAGE_USD
    """Dollars for one image."""

    pixels: int = defaults.IMAGE_PIXELS
    """Width and height (320-2,048, a multiple of 16)."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the guardrail keeps out of prompts and answers. There is no workflow without one."""

    strength: Literal["LOW", "MEDIUM", "HIGH"] = defaults.STRENGTH
    """Of the filters for hate, insults, sex, violence, misconduct and attacks by prompt."""

    words: Sequence[str] = ()
    """Words and phrases that block a prompt or an answer (at most 100 characters each)."""

    personal: Sequence[str] = ()
    """Kinds of personal data that are masked, such as `EMAIL` and `PHONE`.

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html"""


@dataclass(frozen=True, kw_only=True)
class Partner:
    """An API of somebody else that is told of each published video, by POST with JSON."""

    url: str
    """Where, by https; by http on this machine alone."""

    credentials: Credentials
    """`ApiKeyHeader(…)`, `BasicAuth(…)` or `ClientCredentials(…)`."""

    attempts: int = defaults.PARTNER_ATTEMPTS
    """Times that it is asked while it is busy (429), down (5xx) or silent (1-10); every time with the same
    `Idempotency-Key`."""

    def problems(self) -> Iterator[str]:
        """What is wrong with it."""
        if not _PARTNER_URL.match(self.url):
            yield f"partner: the url {self.url!r} doesn't begin with https://"
        yield from outside("partner: attempts", self.attempts, 1, 10)


@dataclass(frozen=True, kw_only=True)
class GenAiWorkflowArgs:
    """Arguments of a GenAiWorkflow."""

    approval_page: pulumi.Input[str]
    """URL of the page where a person decides; the link adds its parts behind `#`. May be known later than the routes:
    `Later`."""

    partner: Partner | None = None
    """Who else is told of a published video."""

    bus: Bus | None = None
    """Where `video.published` goes; without one the workflow makes its own."""

    model: TextModel = field(default_factory=TextModel)
    """Writes the candidates."""

    image_model: ImageModel = field(default_factory=ImageModel)
    """Draws the avatar."""

    guardrail: Filters = field(default_factory=Filters)
    """Around the text model."""

    temperatures: Sequence[float] = defaults.TEMPERATURES
    """One candidate for each (1-5 of 0.0-1.0)."""

    attempts: int = defaults.ATTEMPTS
    """Times that each candidate is asked for, until its answer fits the schema (1-5)."""

    max_tokens: int = defaults.MAX_TOKENS
    """Longest answer, in tokens (50-4,000)."""

    prompt_tokens: int = defaults.PROMPT_TOKENS
    """Longest prompt, in tokens (500-60,000); of a longer transcript evenly spread pieces are taken."""

    prompt: str = defaults.PROMPT
    """Name and version of a prompt in `components/genai/prompts/`."""

    token_budget: int = defaults.TOKEN_BUDGET
    """Tokens that a run may use, all rounds together."""

    usd_budget: float = defaults.USD_BUDGET
    """Dollars that a run's models may cost, by their prices here."""

    max_upload_mb: int = defaults.MAX_UPLOAD_MB
    """Largest upload, in MB (1-2,000)."""

    language: str | None = None
    """What is spoken (`en-US`); without one Transcribe finds out."""

    redact_personal: bool = False
    """Whether Transcribe leaves personal data out of the transcript; needs a `language` in which it can."""

    poll_s: int = defaults.POLL_S
    """Seconds between two looks at a transcription (1-300)."""

    transcription_s: int = defaults.TRANSCRIPTION_S
    """Seconds after which a transcription is given up."""

    review_s: int = defaults.REVIEW_S
    """Seconds that a review waits before it is escalated."""

    escalation_s: int = defaults.ESCALATION_S
    """Seconds that it waits after that."""

    rounds: int = defaults.ROUNDS
    """Rounds of candidates (1-10); a person may send back all but the last."""

    physical_name: str | None = None
    """Pins the part of physical names that is otherwise the component's name, so that a rename changes nothing."""

    definition: str = "video_titles"
    """Which ready definition; `document_extraction` is not available yet."""

    plugins: bool = False
    """Life-cycle hooks for plugins. Not available yet."""

    def check(self, name: str) -> None:
        """Refuse what can't work: raises ValueError with every problem, NotYet for what is to come."""
        where = f'GenAiWorkflow("{name}")'
        check_name("GenAiWorkflow", name, self.physical_name)
        if self.definition != "video_titles":
            raise NotYet(where, f"the definition {self.definition!r}", PAGE)
        if self.plugins:
            raise NotYet(where, "plugins", PAGE)
        if problems := [*self._models(), *self._limits(), *self._waits()]:
            raise ValueError(f"{where}: " + "; ".join(problems))

    def _models(self) -> Iterator[str]:
        yield from self.model.problems()
        pixels = self.image_model.pixels
        if not 320 <= pixels <= 2048 or pixels % 16:
            yield f"image_model: pixels={pixels} is no multiple of 16 within 320-2,048"
        if any(not word or len(word) > 100 for word in self.guardrail.words):
            yield "guardrail: words have 1-100 characters"
        if not (PROMPTS / f"{self.prompt}.md").is_file():
            known = ", ".join(sorted(path.stem for path in PROMPTS.glob("*.md")))
            yield f"prompt={self.prompt!r} is none of {known}"
        if self.redact_personal and self.language not in REDACTED_LANGUAGES:
            yield f"redact_personal needs language to be one of {', '.join(REDACTED_LANGUAGES)}"
        if self.partner:
            yield from self.partner.problems()

    def _limits(self) -> Iterator[str]:
        if not 1 <= len(self.temperatures) <= 5 or not all(0 <= each <= 1 for each in self.temperatures):
            yield "temperatures are 1-5 numbers within 0.0-1.0"
        for setting, low, high in (
            ("attempts", 1, 5),
            ("max_tokens", 50, 4000),
            ("prompt_tokens", 500, MOST_PROMPT_TOKENS),
            ("max_upload_mb", 1, 2000),
            ("poll_s", 1, 300),
            ("rounds", 1, 10),
        ):
            yield from outside(setting, getattr(self, setting), low, high)
        if self.token_budget <= 0 or self.usd_budget <= 0:
            yield "a budget is not above zero"

    def _waits(self) -> Iterator[str]:
        if self.transcription_s < self.poll_s:
            yield f"transcription_s={self.transcription_s} is under poll_s={self.poll_s}"
        if min(self.review_s, self.escalation_s) < 1:
            yield "review_s and escalation_s are at least 1"
        longest = self.transcription_s + self.rounds * (self.review_s + self.escalation_s + 3600)
        if longest > LONGEST_RUN_S:
            yield f"a run could wait for {longest:,} s; its machine ends it after {LONGEST_RUN_S:,}"
