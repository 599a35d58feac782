"""A denial has the status of its service's protocol.

On AWS the services that speak JSON by `X-Amz-Target` deny with 400, as they answer every error of the caller
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, CommonErrors of Kinesis,
EventBridge and Step Functions); SQS keeps the 403 of its older protocol. An integration of API Gateway sees the status.
The stock server denies with 403, but for two of them.
"""

from __future__ import annotations

import functools
from typing import Any

from ministack.core import iam_actions

from local.emulator import frame
from local.emulator.frame import Server

NAME = "json_denials"
SERVICES = {"dynamodb", "events", "kinesis", "kms", "secretsmanager", "states"}


def install(server: Server) -> None:
    parameters = (
        "service action principal_arn request_id error_code message headers resource_arn explicit_deny "
        "resource_policy_arn"
    )
    frame.replace(NAME, iam_actions, "access_denied_response", parameters, _by_protocol)


def _by_protocol(original: Any) -> Any:
    @functools.wraps(original)
    def respond(service: str, *about: Any, **more: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = original(service, *about, **more)
        return (400 if service in SERVICES and status == 403 else status), headers, body

    return respond
