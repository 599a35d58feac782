"""What can go wrong in a run, and the exit status that scripts see."""

from __future__ import annotations

from typing import Final

import grpc

DONE: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
LOCKED: Final = 3


class EngineError(Exception):
    """A run cannot go on. The message says what is wrong and what to do."""

    exit_code = FAILED


class LockedError(EngineError):
    """Another process is changing the same stack."""

    exit_code = LOCKED


class UnsupportedError(EngineError):
    """The program uses a part of Pulumi's protocol that this engine doesn't serve."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"{feature}: not available locally; the official Pulumi CLI has it")


class ResourceError(EngineError):
    """One resource failed; what depends on it is skipped, the rest goes on."""


class CancelledError(EngineError):
    """The run was interrupted: running steps finish, no new one starts."""

    def __init__(self) -> None:
        super().__init__("interrupted: the running steps were finished and the state was saved")


def describe(error: BaseException) -> str:
    """The message of an error from a provider or pack, whichever way it carries it."""
    if isinstance(error, grpc.RpcError) and callable(details := getattr(error, "details", None)):
        return str(details() or error)
    if message := getattr(error, "message", None):
        return str(message)
    if isinstance(error, EngineError):
        return str(error)
    return f"{type(error).__name__}: {error}"
