"""Default settings of the GenAiWorkflow; `docs/genai.md` lists the same."""

from __future__ import annotations

from typing import Final

TEXT_MODEL: Final = "amazon.nova-lite-v1:0"
INPUT_USD: Final = 0.06
"""Of `TEXT_MODEL`, for a million tokens of prompt: https://aws.amazon.com/bedrock/pricing/ (us-east-1)."""

OUTPUT_USD: Final = 0.24
"""The same for a million tokens of answer."""

IMAGE_MODEL: Final = "amazon.nova-canvas-v1:0"
IMAGE_USD: Final = 0.04
"""Of `IMAGE_MODEL`, for one image of standard quality of up to 1,024 pixels."""

IMAGE_PIXELS: Final = 1024
"""Width and height of the avatar."""

TEMPERATURES: Final = (0.2, 0.6, 1.0)
"""One candidate for each."""

ATTEMPTS: Final = 2
"""Times that each candidate is asked for, until its answer fits the schema."""

MAX_TOKENS: Final = 400
"""Longest answer, in tokens."""

PROMPT_TOKENS: Final = 12_000
"""Longest prompt; a longer transcript is thinned out evenly."""

TOKEN_BUDGET: Final = 250_000
"""Tokens that a run may use."""

USD_BUDGET: Final = 0.25
"""Dollars that a run's models may cost."""

PROMPT: Final = "video_titles.v1"
"""Which version of the prompt is used."""

STRENGTH: Final = "HIGH"
"""Of the guardrail's filters."""

MAX_UPLOAD_MB: Final = 2000
"""Largest upload; Transcribe takes 2 GB: https://docs.aws.amazon.com/transcribe/latest/dg/limits-guidelines.html"""

MEDIA_TYPES: Final = ("flac", "m4a", "mp3", "mp4", "ogg", "wav", "webm")
"""Endings of file names; Transcribe's: https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html"""

POLL_S: Final = 30
"""Seconds between two looks at a transcription."""

TRANSCRIPTION_S: Final = 6 * 3600
"""Seconds after which a transcription is given up."""

REVIEW_S: Final = 48 * 3600
"""Seconds that a review waits before it is escalated."""

ESCALATION_S: Final = 24 * 3600
"""Seconds that it waits after that."""

ROUNDS: Final = 3
"""Rounds of candidates; a person may send back all but the last."""

PARTNER_ATTEMPTS: Final = 5
"""Times that a partner is asked while it is busy, down or silent."""

MEMORY_MB: Final = 512
"""Of the two functions."""
