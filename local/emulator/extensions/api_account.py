"""The role by which API Gateway logs for an account must be one by which it can.

On AWS the role must let the gateway assume it and write logs, or it is refused
(https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html and
https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html). The stock server takes any text.
"""

from __future__ import annotations

from typing import Any

from ministack.core import responses
from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway.role import Role
from local.emulator.frame import Server

NAME = "api_account"
_LOGGED_BY = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)
_REFUSAL = (
    "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add "
    "the required role policy."
)


def install(server: Server) -> None:
    frame.require(NAME, apigateway_v1, "_v1_error")
    frame.replace(NAME, apigateway_v1, "_update_account", "data", _with_check)


def _with_check(original: Any) -> Any:
    def update_account(data: dict[str, Any]) -> Any:
        for operation in data.get("patchOperations") or ():
            role = operation.get("value")
            if operation.get("path") == "/cloudwatchRoleArn" and role and not _may_log(role):
                return apigateway_v1._v1_error("BadRequestException", _REFUSAL, 400)
        return original(data)

    return update_account


def _may_log(arn: str) -> bool:
    account, region = responses.get_account_id(), responses.get_region()
    role = Role(arn, "account")
    if not arn.startswith(f"arn:aws:iam::{account}:role/") or not role.assumable():
        return False
    group = f"arn:aws:logs:{region}:{account}:log-group:API-Gateway-Execution-Logs_any/stage:*"
    return all(role.allowed(action, group, region) for action in _LOGGED_BY)
