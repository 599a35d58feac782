"""What can end the work of an execution from outside: its own time-out, StopExecution, or a failed branch beside it.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

_LONGEST_LOOK = 0.2
"""Seconds after which whoever waits looks whether it still should."""


class Ended(Exception):
    """The execution, or the branch of it that is running, goes no further; no Catch sees this."""


class ExecutionTimedOut(Ended):
    """The execution ran for longer than the TimeoutSeconds of its machine."""


@dataclass(kw_only=True)
class Run:
    """One execution, or a branch of one."""

    execution: dict[str, Any]
    deadline: float | None = None
    """On the clock of `time.monotonic`."""
    parent: Run | None = None
    together: bool = False
    """Whether these are branches that end when one of them fails."""
    error: Exception | None = None
    """What the first of them failed with."""
    redrives: int = 0
    """How often the execution had been redriven when this run of it began."""

    def branches(self, *, together: bool) -> Run:
        """What several branches work for."""
        return replace(self, parent=self, together=together, error=None)

    def check(self) -> None:
        """Raise Ended when nothing more is to be done."""
        if self.over or self._cancelled():
            raise Ended
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise ExecutionTimedOut

    @property
    def over(self) -> bool:
        """Whether the execution has ended, or has been redriven since."""
        return self.execution["status"] != "RUNNING" or self.execution.get("redriveCount", 0) != self.redrives

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Whether `event` came within so many seconds. Raises Ended when nobody waits for it any more."""
        until = time.monotonic() + seconds
        while True:
            self.check()
            left = until - time.monotonic()
            if event.wait(max(0.0, min(left, _LONGEST_LOOK))):
                return True
            if left <= 0:
                return False

    def _cancelled(self) -> bool:
        return self.error is not None or (self.parent is not None and self.parent._cancelled())


_current: ContextVar[Run] = ContextVar("state_run")


def current() -> Run:
    """The run that this thread works for; one without an end when a state is only tried out (TestState)."""
    return _current.get(None) or Run(execution={"status": "RUNNING"})


@contextmanager
def working_for(run: Run) -> Iterator[None]:
    """Let this thread, and those that copy its context meanwhile, work for `run`."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


def pause(seconds: float) -> None:
    """Sleep, unless the run ends before."""
    current().wait(threading.Event(), seconds)
