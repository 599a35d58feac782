"""Tasks of state machines call services under the machine's role.

On AWS each call of a state is made with the machine's execution role, and its errors have the names of the service's
SDK (https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html); the role must trust
`states.amazonaws.com`.
The stock server reaches into the services without any permission, and knows some services only.
"""

from __future__ import annotations

import functools
import json
from contextvars import ContextVar
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions

from local.emulator import frame, principals
from local.emulator.frame import Server
from local.emulator.principals import Principal
from local.emulator.states.bedrock_task import invoke_model
from local.emulator.states.tasks import TaskError, Tasks, error_prefix

NAME = "state_tasks"
SERVICE = "states.amazonaws.com"
_OPTIMIZED = "arn:aws:states:::"

_tasks: ContextVar[Tasks] = ContextVar("state_tasks")


def install(server: Server) -> None:
    for name in ("_AWS_SDK_ERROR_PREFIX", "_SERVICE_DISPATCH", "_api_name_to_sfn_key", "_state_machines"):
        frame.require(NAME, stepfunctions, name)
    task = "state_def raw_input execution ctx"
    frame.replace(NAME, stepfunctions, "_execute_task", task, functools.partial(_with_role, server))
    frame.replace(NAME, stepfunctions, "_call_lambda", "func_ref event", lambda original: _invoke)
    sdk = "_invoke_aws_sdk_integration"
    frame.replace(NAME, stepfunctions, sdk, "resource input_data", lambda original: _sdk_call)
    nested = "resource input_data"
    frame.replace(NAME, stepfunctions, "_invoke_nested_start_execution", nested, lambda original: _start_execution)
    frame.replace(NAME, stepfunctions, "_invoke_nested_start_execution_sync", nested, _start_and_wait)
    frame.replace(NAME, stepfunctions, "_create_state_machine", "data", _checking_creation)
    frame.replace(NAME, stepfunctions, "_update_state_machine", "data", _checking_update)
    stepfunctions._SERVICE_DISPATCH.update(
        {
            f"{_OPTIMIZED}bedrock:invokeModel": lambda resource, arguments: invoke_model(_tasks.get(), arguments),
            f"{_OPTIMIZED}events:putEvents": lambda resource, arguments: _tasks.get().put_events(arguments),
            f"{_OPTIMIZED}sqs:sendMessage": _optimized("sqs", "sendMessage", "SQS"),
            f"{_OPTIMIZED}sns:publish": _optimized("sns", "publish", "SNS"),
            **{
                f"{_OPTIMIZED}dynamodb:{action}": _optimized("dynamodb", action, "DynamoDB")
                for action in ("getItem", "putItem", "updateItem", "deleteItem")
            },
        }
    )


def current() -> Tasks:
    """What the task that runs here may call with."""
    return _tasks.get()


def within_task() -> bool:
    """Whether a task of another machine is calling."""
    return _tasks.get(None) is not None


def _with_role(server: Server, original: Any) -> Any:
    def execute(state_def: dict[str, Any], raw_input: Any, execution: dict[str, Any], ctx: Any) -> Any:
        machine = stepfunctions._state_machines.get(ctx["StateMachine"]["Id"]) or {}
        role = execution.get("roleArn") or machine.get("roleArn", "")
        principal = Principal(role, ctx["StateMachine"]["Id"])
        token = _tasks.set(Tasks(principal, server.endpoint))
        try:
            return original(state_def, raw_input, execution, ctx)
        finally:
            _tasks.reset(token)

    return execute


def _optimized(service: str, action: str, prefix: str) -> Any:
    return lambda resource, arguments: _tasks.get().call(
        service, action, arguments, prefix, renamed=False, optimized=True
    )


def _invoke(func_ref: str, event: Any) -> Any:
    return _tasks.get().invoke(func_ref, event)


def _sdk_call(resource: str, input_data: Any) -> Any:
    service, action = resource.removesuffix(".waitForTaskToken").split(":")[6:8]
    return _tasks.get().call(service, action, input_data, error_prefix(service))


def _start_execution(resource: str, input_data: dict[str, Any]) -> Any:
    return _tasks.get().call("sfn", "startExecution", input_data, "StepFunctions", optimized=True)


def _start_and_wait(original: Any) -> Any:
    def start(resource: str, input_data: dict[str, Any]) -> Any:
        machine = input_data.get("StateMachineArn", "")
        if not _tasks.get().principal.allowed("states:StartExecution", machine):
            message = f"The role is not authorized to perform: states:StartExecution on resource: {machine}"
            raise TaskError("StepFunctions.AWSStepFunctionsException", message)
        return original(resource, input_data)

    return start


def _checking_creation(original: Any) -> Any:
    def create(data: dict[str, Any]) -> Any:
        name = data.get("name", "")
        arn = f"arn:aws:states:{responses.get_region()}:{responses.get_account_id()}:stateMachine:{name}"
        return _refusal(data.get("roleArn"), arn) or original(data)

    return create


def _checking_update(original: Any) -> Any:
    return lambda data: _refusal(data.get("roleArn"), data.get("stateMachineArn", "")) or original(data)


def _refusal(role: str | None, arn: str) -> Any:
    if role is None or principals.assumable(role, SERVICE, arn):
        return None
    message = (
        f"Neither the global service principal {SERVICE}, nor the regional one is authorized to assume the provided "
        f"role {json.dumps(role)}."
    )
    return responses.error_response_json("AccessDeniedException", message, 400)
