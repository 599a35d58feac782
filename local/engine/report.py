"""What an operation came to, for scripts and for the exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from local.engine.errors import DONE, FAILED, REFUSED
from local.engine.observer import Finding
from local.engine.outcome import Outcome
from local.engine.properties import shown
from local.engine.steps import Step


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of one operation."""

    stack: str
    seconds: float
    changes: Mapping[str, int]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    outputs: Mapping[str, Any]
    exit_code: int
    applied: bool
    """Whether anything may have been changed; a plan changes nothing."""

    @classmethod
    def of(
        cls, stack: str, outcome: Outcome, outputs: Mapping[str, Any], seconds: float, *, applied: bool = True
    ) -> Report:
        """Sum up a pass."""
        code = REFUSED if outcome.refused else DONE if outcome.succeeded else FAILED
        return cls(
            stack=stack,
            seconds=round(seconds, 3),
            changes=outcome.counts(),
            steps=tuple(outcome.steps.values()),
            findings=tuple(outcome.findings),
            outputs=dict(outputs),
            exit_code=code,
            applied=applied,
        )

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints. Secrets are `[secret]`, what isn't known yet is null."""
        return {
            "stack": self.stack,
            "seconds": self.seconds,
            "changes": dict(self.changes),
            "resources": [
                {"urn": step.urn, "type": step.type, "op": step.op, "diff": list(step.diff)} for step in self.steps
            ],
            "policies": [asdict(finding) for finding in self.findings],
            "outputs": shown(dict(self.outputs)),
        }
