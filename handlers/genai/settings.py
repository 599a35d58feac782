"""What the workflow's functions are told by their deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.environment import Environment

MOST_PROMPT_TOKENS = 60_000
"""A prompt travels in a state, which holds 256 KiB; so many tokens are at most 180,000 bytes.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


@dataclass(frozen=True, kw_only=True)
class PromptSettings:
    """Where transcripts and templates stand, and how long a prompt may be."""

    bucket: str
    """From `WORK_BUCKET`."""

    template_key: str
    """Of the prompt's template. From `PROMPT_KEY`."""

    tokens: int
    """Longest prompt, in tokens (500 to 60,000). From `PROMPT_TOKENS`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> PromptSettings:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(
            bucket=environment.text("WORK_BUCKET"),
            template_key=environment.text("PROMPT_KEY"),
            tokens=environment.number("PROMPT_TOKENS", 500, MOST_PROMPT_TOKENS),
        )
