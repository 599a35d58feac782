"""A stage writes its access log, one line for each call, and counts its calls.

On AWS the line is the stage's format with `$context` variables, a dash for what has no value, sent to the log group
that the stage names (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html).
It sends CloudWatch its counts and latencies
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html).
The stock server keeps the setting, writes nothing and counts nothing.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any

from ministack.core import responses
from ministack.services import apigateway_v1, cloudwatch_logs

from local.emulator import frame
from local.emulator.apigateway.call import Answer, Call, current
from local.emulator.extensions.api_gateway_responses import substitute
from local.emulator.frame import Server
from local.emulator.watch import api

NAME = "api_access_logs"

log = logging.getLogger("apigateway")


def install(server: Server) -> None:
    for name in ("_create_log_stream", "_log_groups", "_put_log_events"):
        frame.require(NAME, cloudwatch_logs, name)
    parameters = "request api_id stage_name method path headers body query_params owner_account_id owner_region"
    frame.replace(NAME, apigateway_v1, "_execute_in_scope", parameters, _logged)


def _logged(original: Any) -> Any:
    async def execute(request: dict[str, Any], *where: Any) -> Any:
        call = current.get()
        answer = await original(request, *where)
        if isinstance(answer, apigateway_v1._GatewayError):
            answer = apigateway_v1._gateway_error_response(answer, request)
        api.count(call, answer[0])
        settings = call.stage.get("accessLogSettings") or {}
        if settings.get("destinationArn") and settings.get("format"):
            _write(settings["destinationArn"], substitute(settings["format"], _variables(call, answer), "-"))
        return answer

    return execute


def _variables(call: Call, answer: Answer) -> dict[str, Any]:
    status, _, body = answer
    integration = {"status": call.integration_status, "latency": call.integration_ms}
    context = {
        **call.context(),
        "status": status,
        "responseLength": len(body),
        "responseLatency": int((time.time() - call.started) * 1000),
        "integrationStatus": call.integration_status,
        "integrationLatency": call.integration_ms,
        "integration": {name: value for name, value in integration.items() if value is not None},
    }
    return {"context": context}


def _write(destination: str, line: str) -> None:
    _, _, _, region, account, resource = destination.split(":", 5)
    group = resource.removeprefix("log-group:").removesuffix(":*")
    stream = hashlib.md5(group.encode(), usedforsecurity=False).hexdigest()
    with responses.request_scope(account, region):
        if group not in cloudwatch_logs._log_groups:
            log.warning("no log group %s for an access log", group)
            return
        if stream not in cloudwatch_logs._log_groups[group]["streams"]:
            cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
        event = {"timestamp": int(time.time() * 1000), "message": line}
        cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [event]})
