"""What a run tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from local.engine.steps import Step

Severity = Literal["info", "warning", "error"]
Level = Literal["advisory", "mandatory", "remediate"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A policy's verdict on one resource."""

    rule: str
    level: Level
    urn: str
    message: str


class Observer(Protocol):
    """Called from several threads at once."""

    def heading(self, text: str) -> None:
        """A new phase begins."""

    def started(self, step: Step) -> None:
        """A step that takes time begins."""

    def finished(self, step: Step, seconds: float) -> None:
        """A step is done."""

    def failed(self, step: Step, message: str) -> None:
        """A step failed."""

    def message(self, severity: Severity, text: str, urn: str = "") -> None:
        """Something to tell, about one resource or about the run."""

    def finding(self, finding: Finding) -> None:
        """A policy has something to say."""
