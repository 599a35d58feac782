"""How this provider's errors travel, and how it says what it doesn't do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from local.provider.errors import InitFailedError, ProviderError, explain
from local.wire import to_struct

_Call = TypeVar("_Call", bound=Callable[..., Any])


def answers(method: _Call) -> _Call:
    """Turn what goes wrong into the protocol's errors; without a context, into a ProviderError."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext | None = None) -> Any:
        try:
            return method(self, request, context)
        except ProviderError as error:
            failure = error
        except (ClientError, BotoCoreError, OSError, ValueError) as error:
            failure = ProviderError(grpc.StatusCode.UNKNOWN, explain(error))
        if context is None:
            raise failure
        if isinstance(failure, InitFailedError):
            _attach_details(context, failure)
        return context.abort(failure.code, failure.message)

    return cast(_Call, answer)


def refusal(method: str) -> Callable[..., Any]:
    """A method that this provider doesn't have: it says so by name."""

    def refuse(self: Any, request: Any, context: grpc.ServicerContext | None = None) -> Any:
        del self, request
        message = f"{method} is not part of the local provider: it makes and reads single resources"
        if context is None:
            raise ProviderError(grpc.StatusCode.UNIMPLEMENTED, message)
        return context.abort(grpc.StatusCode.UNIMPLEMENTED, message)

    refuse.__name__ = method
    return refuse


def _attach_details(context: grpc.ServicerContext, error: InitFailedError) -> None:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.id,
            properties=to_struct(error.properties),
            inputs=to_struct(error.inputs),
            reasons=error.reasons,
        )
    )
    status = status_pb2.Status(code=error.code.value[0], message=error.message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
