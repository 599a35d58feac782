"""What happened in one pass over the program, gathered from several threads."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from local.engine.observer import Finding, Observer
from local.engine.steps import Step
from local.engine.urn import type_of

COUNTED = ("create", "update", "replace", "delete", "same")


@dataclass(eq=False)
class Outcome:
    """Steps, failures and findings of a pass."""

    observer: Observer
    steps: dict[str, Step] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """URNs that failed, and those skipped because of them."""

    findings: list[Finding] = field(default_factory=list)
    program_failed: bool = False
    interrupted: bool = False
    _running: dict[str, Step] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def succeeded(self) -> bool:
        """Whether everything was done."""
        return not (self.failed or self.program_failed or self.interrupted)

    @property
    def refused(self) -> bool:
        """Whether a mandatory policy is violated."""
        return any(finding.level == "mandatory" for finding in self.findings)

    def begin(self, step: Step) -> float:
        """Announce a step that takes time; returns when it began."""
        with self._lock:
            self._running[step.urn] = step
        self.observer.started(step)
        return monotonic()

    def done(self, step: Step, began: float | None = None, *, counted: bool = True) -> None:
        """Record a step that is done. Deleting what was replaced is part of the replacement, and not counted."""
        with self._lock:
            self._running.pop(step.urn, None)
            if counted:
                self.steps[step.urn] = step
        self.observer.finished(step, 0.0 if began is None else monotonic() - began)

    def fail(self, urn: str, message: str) -> None:
        """Record a resource that failed, in the middle of a step or before one was chosen."""
        with self._lock:
            self.failed.add(urn)
            step = self._running.pop(urn, None)
        self.observer.failed(step or Step(urn=urn, type=type_of(urn), op="same"), message)

    def skip(self, urn: str) -> None:
        """Record a resource that wasn't dealt with, because of another that failed."""
        with self._lock:
            self.failed.add(urn)
        self.observer.message("warning", "skipped: it depends on a resource that failed", urn)

    def judge(self, findings: list[Finding]) -> None:
        """Record what policies found."""
        with self._lock:
            self.findings.extend(findings)
        for finding in findings:
            self.observer.finding(finding)

    def counts(self) -> dict[str, int]:
        """How many resources each operation concerns."""
        counted = Counter(step.op for step in self.steps.values())
        return {op: counted[op] for op in COUNTED}
