"""A caller whom IAM denies a method gets the API's gateway response.

On AWS a signed call without `execute-api:Invoke` is answered by ACCESS_DENIED, whose message names the method with most
of the account's digits hidden
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
and supported-gateway-response-types.html beside it).
The stock server answers with an error of the control plane, past the gateway responses.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ministack import app
from ministack.core import responses
from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway.call import Answer
from local.emulator.frame import Server

NAME = "api_iam_denials"
_ACTION = "execute-api:Invoke"


def install(server: Server) -> None:
    frame.require(NAME, apigateway_v1, "find_api_scope")
    frame.require(NAME, apigateway_v1, "stages_for_api")
    parameters = "api_id stage method execute_path headers query_params iam_action"
    frame.replace(NAME, app, "_enforce_execute_api", parameters, _as_gateway_response)


def _as_gateway_response(original: Any) -> Any:
    def enforce(api_id: str, stage: str, method: str, execute_path: str, *request: Any, **named: Any) -> Any:
        denied = original(api_id, stage, method, execute_path, *request, **named)
        scope = apigateway_v1.find_api_scope(api_id)
        settings = apigateway_v1.stages_for_api(api_id).get(stage) if scope else None
        # Other refusals have gone through the gateway responses already.
        if denied is None or settings is None or denied[1].get("x-amzn-errortype") != "AccessDeniedException":
            return denied
        account, region = scope
        method_arn = f"arn:aws:execute-api:{region}:********{account[-4:]}:{api_id}/{stage}/{method}{execute_path}"
        headers, query = request
        described = {
            "api_id": api_id,
            "stage_name": stage,
            "stage": settings,
            "headers": headers or {},
            "query_params": query or {},
            "path_params": {},
            "resource_path": "",
            "request_id": str(uuid.uuid4()),
        }
        with responses.request_scope(account, region):
            return _answer(json.loads(denied[2])["message"], method_arn, described)

    return enforce


def _answer(message: str, method_arn: str, described: dict[str, Any]) -> Answer:
    performed = f"to perform: {_ACTION}"
    if " on resource: " not in message:
        message = message.replace(performed, f"{performed} on resource: {method_arn}")
    error = apigateway_v1._GatewayError("ACCESS_DENIED", message)
    return apigateway_v1._gateway_error_response(error, described)
