"""Functions are refused that Lambda wouldn't take.

On AWS a function's role must be one that Lambda may assume
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html), its variables may have none of the
reserved names and no more than 4 KB together
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
The stock server wants the role to exist and looks at nothing else.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import iam, lambda_svc

from local.emulator import frame
from local.emulator.frame import Server
from local.emulator.functions.environment import RESERVED

NAME = "lambda_admission"
MAX_VARIABLES_BYTES = 4096


def install(server: Server) -> None:
    frame.require(NAME, iam, "_roles")
    frame.replace(NAME, lambda_svc, "_create_function", "data", _checking_creation)
    frame.replace(NAME, lambda_svc, "_update_config", "name data", _checking_update)


def _checking_creation(original: Any) -> Any:
    return lambda data: _refusal(data) or original(data)


def _checking_update(original: Any) -> Any:
    return lambda name, data: _refusal(data) or original(name, data)


def _refusal(data: dict[str, Any]) -> Any:
    problem = _role_problem(data.get("Role")) or _variables_problem((data.get("Environment") or {}).get("Variables"))
    return responses.error_response_json("InvalidParameterValueException", problem, 400) if problem else None


def _role_problem(arn: str | None) -> str | None:
    role = iam._roles.get(arn.rsplit("/", 1)[-1]) if arn else None
    if role is None or _assumable(role["AssumeRolePolicyDocument"]):
        return None  # that a role is missing is told by the server
    return "The role defined for the function cannot be assumed by Lambda."


def _assumable(trust: str | dict[str, Any]) -> bool:
    document = json.loads(trust) if isinstance(trust, str) else trust
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn="*",
        region=responses.get_region(),
        secure_transport=True,
        service_context={"aws:sourceaccount": responses.get_account_id()},
    )
    # A trust policy names no resource: it is the role's own.
    policy = {"Statement": [{**statement, "Resource": "*"} for statement in statements]}
    return iam_evaluator.evaluate_resource_policy(policy, context, service="lambda.amazonaws.com").decision == "Allow"


def _variables_problem(variables: dict[str, str] | None) -> str | None:
    because = "Lambda was unable to configure your environment variables because the environment variables you have "
    reserved = sorted(RESERVED.intersection(variables or {}))
    if reserved:
        return (
            f"{because}provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables or {}, separators=(",", ":"))
    if len(measured.encode()) > MAX_VARIABLES_BYTES:
        return f"{because}provided exceeded the 4KB limit. String measured: {measured}"
    return None
