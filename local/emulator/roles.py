"""Acting and asking as a role: sessions for calls that IAM judges, and judgements on what is not a call."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import boto3
from botocore.config import Config
from ministack.core import iam_evaluator, lambda_runtime, responses

_CONFIG = Config(
    inject_host_prefix=False,
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    max_pool_connections=32,
    read_timeout=300,
)

# One session reads the service models once, but isn't safe to make clients from several threads.
_session: Any = boto3.session.Session()
_session_lock = threading.Lock()


def execution_client(service: str, function: dict[str, Any], endpoint: str) -> Any:
    """A client with a session of the execution role of `function` (its configuration), like the function's own."""
    keys = lambda_runtime.execution_credentials(function)
    with _session_lock:
        return _session.client(
            service,
            endpoint_url=endpoint,
            region_name=region_of(function),
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys["AWS_SESSION_TOKEN"],
            config=_CONFIG,
        )


def allowed(function: dict[str, Any], action: str, resource: str) -> bool:
    """Whether the execution role of `function` may do `action` on `resource`: for what Lambda does in its name."""
    key = lambda_runtime.execution_credentials(function)["AWS_ACCESS_KEY_ID"]
    service = action.partition(":")[0]
    # A context of its own: the request being served is somebody else's, and so is its signature.
    denial = contextvars.Context().run(_denial, function, key, action, service, resource)
    return denial is None


def region_of(function: dict[str, Any]) -> str:
    """The region that the function lives in."""
    return function["FunctionArn"].split(":")[3]


def account_of(function: dict[str, Any]) -> str:
    """The account that the function belongs to."""
    return function["FunctionArn"].split(":")[4]


def _denial(function: dict[str, Any], key: str, action: str, service: str, resource: str) -> object | None:
    with responses.request_scope(account_of(function), region_of(function)):
        return iam_evaluator.enforce(key, action, service, region_of(function), resource_arn=resource)
