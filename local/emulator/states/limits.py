"""How much a state may carry, and which errors a Retry or Catch sees.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json
from typing import Any

from local.emulator.states.tasks import TaskError

MOST_BYTES = 262_144
"""Of JSON as UTF-8, that a state takes or gives: 256 KiB."""
_TERMINAL = ("States.DataLimitExceeded", "States.Runtime")


def hold(value: Any, what: str) -> None:
    """Raise States.DataLimitExceeded for more than a state may carry."""
    size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
    if size > MOST_BYTES:
        message = f"{what} has {size:,} bytes, which exceeds the maximum of {MOST_BYTES:,} bytes."
        raise TaskError("States.DataLimitExceeded", message)


def matches(names: list[str], error: str) -> bool:
    """Whether a retrier or catcher for these names is one for the error.

    States.ALL and States.TaskFailed leave the terminal errors out, the latter time-outs, too.
    """
    if error in names:
        return True
    if error in _TERMINAL:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")
