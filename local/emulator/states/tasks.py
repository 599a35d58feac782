"""Calls the services that tasks name, with a session of the machine's role.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, UnknownServiceError
from ministack.services import stepfunctions

from local.emulator.principals import Principal
from local.emulator.states.shapes import sdk_name, to_api, to_state

_CLIENTS = {
    "bedrockruntime": "bedrock-runtime",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}
"""Services whose names in SDK integrations differ from boto3's."""

_PREFIXES = {"bedrockruntime": "BedrockRuntime", "transcribe": "Transcribe"}
"""How the SDK for Java calls the services of which the server doesn't know it."""

_UNNAMED = {
    "DynamoDB": "AmazonDynamoDBException",
    "Lambda": "AWSLambdaException",
    "SNS": "AmazonSNSException",
    "SQS": "AmazonSQSException",
    "StepFunctions": "AWSStepFunctionsException",
}
"""What optimized integrations call an error that the service's model doesn't name, such as a denial."""

TaskError = stepfunctions._ExecutionError


class Tasks:
    """What `principal`, a state machine, calls through the server at `endpoint`."""

    def __init__(self, principal: Principal, endpoint: str) -> None:
        self.principal = principal
        self._endpoint = endpoint

    def call(
        self, service: str, action: str, arguments: Any, prefix: str, *, renamed: bool = True, optimized: bool = False
    ) -> Any:
        """Call `action`, written as in a task's resource; errors are called `prefix.Name`.

        `renamed` members have the names of the SDK for Java; `optimized` integrations have errors of their own.
        """
        client = self.client(service)
        methods = {api.lower(): (method, api) for method, api in client.meta.method_to_api_mapping.items()}
        if action.lower() not in methods:
            raise TaskError("States.Runtime", f"The service {service} has no action {action}.")
        method, api = methods[action.lower()]
        operation = client.meta.service_model.operation_model(api)
        try:
            answer = getattr(client, method)(**to_api(arguments or {}, operation.input_shape))
        except ClientError as error:
            raise _failed(error, prefix, client, optimized=optimized) from None
        except (ParamValidationError, ValueError) as error:
            raise TaskError("States.Runtime", str(error)) from None
        except BotoCoreError as error:
            raise TaskError(f"{prefix}.SdkClientException", str(error)) from None
        return to_state(answer, operation.output_shape, renamed=renamed)

    def put_events(self, arguments: dict[str, Any]) -> Any:
        """Put events; entries that fail make the task fail.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
        """
        answer = self.call("events", "putEvents", arguments, "EventBridge", renamed=False, optimized=True)
        if answer["FailedEntryCount"]:
            raise TaskError("EventBridge.FailedEntry", json.dumps(answer))
        return answer

    def invoke(self, function: str, payload: Any) -> Any:
        """What a function answers; its error is the task's.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
        """
        client = self.client("lambda")
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        except ClientError as error:
            raise _failed(error, "Lambda", client, optimized=True) from None
        body = answer["Payload"].read()
        result = json.loads(body) if body else None
        if "FunctionError" in answer:
            kind = result.get("errorType") if isinstance(result, dict) else None
            raise TaskError(kind or "Lambda.Unknown", json.dumps(result))
        return result

    def client(self, service: str) -> Any:
        """A client with the role's session."""
        try:
            return self.principal.client(_CLIENTS.get(service, service), self._endpoint)
        except UnknownServiceError:
            raise TaskError("States.Runtime", f"The service {service} is not available on the local AWS.") from None


def error_prefix(service: str) -> str:
    """What the errors of an SDK integration begin with."""
    known = stepfunctions._AWS_SDK_ERROR_PREFIX.get(service)
    return known or _PREFIXES.get(service, service.capitalize())


def _failed(error: ClientError, prefix: str, client: Any, *, optimized: bool) -> Exception:
    """The error as the service's SDK for Java names it; what the service's model doesn't name is the service's own."""
    described, metadata = error.response["Error"], error.response["ResponseMetadata"]
    code = described["Code"].rpartition(".")[-1]
    shapes = client.meta.service_model.error_shapes
    name = next((shape.name for shape in shapes if code in (shape.name, shape.error_code)), None)
    if name is None:
        name = (_UNNAMED.get(prefix) if optimized else None) or f"{prefix}Exception"
    else:
        name = name if name.endswith("Exception") else f"{name.removesuffix('Fault')}Exception"
        name = name if optimized else sdk_name(name)
    about = f"Service: {prefix}, Status Code: {metadata.get('HTTPStatusCode')}, Request ID: {metadata.get('RequestId')}"
    return TaskError(f"{prefix}.{name}", f"{described.get('Message', code)} (Error Code: {code}; {about})")
