"""Task tokens: handed out for one attempt of one task, and taken back once.

A token that was answered, or whose task has timed out, is answered with TaskTimedOut, one that was never given out with
InvalidToken (https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html).
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from local.emulator.states.tasks import TaskError

_BYTES = 480
"""A token is about as long as AWS's: callers must not assume a short one. At most 1,024 characters."""


class Refused(Exception):
    """The call with a token is refused: `code` as AWS names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Waiting:
    """A task that waits for its token."""

    answered: threading.Event = field(default_factory=threading.Event)
    heard: float = field(default_factory=time.monotonic)
    output: Any = None
    error: TaskError | None = None


_lock = threading.Lock()
_waiting: dict[str, Waiting] = {}
_closed: set[str] = set()


def new() -> tuple[str, Waiting]:
    """A token for one attempt, and what waits for it from now on."""
    token = "AQ" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
    with _lock:
        found = _waiting[token] = Waiting()
    return token, found


def close(token: str) -> None:
    """Nobody waits any more."""
    with _lock:
        _waiting.pop(token, None)
        _closed.add(token)


def succeed(token: str, output: str) -> None:
    """Give the task its output. Raises Refused for text that is no JSON, and for a token that doesn't wait."""
    try:
        value = json.loads(output)
    except ValueError:
        raise Refused("InvalidOutput", "Invalid Output: 'The output is not valid JSON'") from None
    found = _take(token)
    found.output = value
    found.answered.set()


def fail(token: str, error: str, cause: str) -> None:
    """Let the task fail with this error. Raises Refused for a token that doesn't wait."""
    found = _take(token)
    found.error = TaskError(error, cause)
    found.answered.set()


def beat(token: str) -> None:
    """Say that somebody still works on the task. Raises Refused for a token that doesn't wait."""
    with _lock:
        _find(token).heard = time.monotonic()


def _take(token: str) -> Waiting:
    with _lock:
        found = _find(token)
        del _waiting[token]
        _closed.add(token)
        return found


def _find(token: str) -> Waiting:
    if token in _waiting:
        return _waiting[token]
    if token in _closed:
        raise Refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    raise Refused("InvalidToken", "Invalid Token: 'Invalid token'")
