"""What API Gateway says about each call of a stage."""

from __future__ import annotations

import time

from ministack.services import apigateway_v1

from local.emulator.apigateway.call import Call
from local.emulator.watch import metrics

_CLIENT_ERROR, _SERVER_ERROR = 400, 500


def count(call: Call, status: int) -> None:
    """Send a call's metrics, for the API and for its stage.

    Errors are sent for good calls too, as 0, so that their average is a rate.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """
    api = apigateway_v1._rest_apis.get_scoped(call.account, call.region, call.api_id)
    if api is None:
        return
    values = {
        "Count": (1.0, "Count"),
        "4XXError": (float(_CLIENT_ERROR <= status < _SERVER_ERROR), "Count"),
        "5XXError": (float(status >= _SERVER_ERROR), "Count"),
        "Latency": ((time.time() - call.started) * 1000, "Milliseconds"),
    }
    if call.integration_ms is not None:
        values["IntegrationLatency"] = (call.integration_ms, "Milliseconds")
    scope = (call.account, call.region)
    metrics.send(scope, "AWS/ApiGateway", values, ApiName=api["name"])
    metrics.send(scope, "AWS/ApiGateway", values, ApiName=api["name"], Stage=call.stage_name)
