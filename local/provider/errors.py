"""What can go wrong, as the protocol says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from botocore.exceptions import ClientError


class ProviderError(Exception):
    """A call that failed, with the gRPC status that the engine gets for it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RefusedError(ProviderError):
    """What AWS or this provider doesn't accept; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(grpc.StatusCode.INVALID_ARGUMENT, message)


class InitFailedError(ProviderError):
    """A resource exists, but not as it should: the engine records it with the reasons and updates it next time.

    `id`, `properties` and `inputs` are what AWS holds now (ErrorResourceInitFailed in the protocol).
    """

    def __init__(self, id_: str, properties: dict[str, Any], inputs: dict[str, Any], reasons: list[str]) -> None:
        super().__init__(grpc.StatusCode.UNKNOWN, "; ".join(reasons))
        self.id = id_
        self.properties = properties
        self.inputs = inputs
        self.reasons = reasons


def code_of(error: ClientError) -> str:
    """The error code that AWS answered, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError, codes: Iterable[str]) -> bool:
    """Whether AWS answered that the thing isn't there. HTTP 404 alone counts: HeadBucket has no code."""
    return code_of(error) in {*codes, "404", "NotFound"}


def explain(error: Exception) -> str:
    """One line for a person: the operation, the code and what AWS said."""
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return f"{error.operation_name}: {code_of(error)}: {message}"
    if isinstance(error, ProviderError):
        return error.message
    return f"{type(error).__name__}: {error}"
