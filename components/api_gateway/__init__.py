"""One API in front of everything."""

from ..core.rest_api.auth import ApiKey, Iam, Public, Scopes
from ..core.rest_api.event_log import AppendToLog, AsEvent
from ..core.rest_api.route import Route
from ..core.rest_api.targets import (
    HttpProxy,
    InvokeFunction,
    Mock,
    PutEvent,
    PutToStream,
    ReadItem,
    RunExpress,
    SendToQueue,
    StartWorkflow,
)
from .args import ApiGatewayPatternArgs, Front, Monolith
from .component import ApiGatewayPattern

__all__ = [
    "ApiGatewayPattern",
    "ApiGatewayPatternArgs",
    "ApiKey",
    "AppendToLog",
    "AsEvent",
    "Front",
    "HttpProxy",
    "Iam",
    "InvokeFunction",
    "Mock",
    "Monolith",
    "Public",
    "PutEvent",
    "PutToStream",
    "ReadItem",
    "Route",
    "RunExpress",
    "Scopes",
    "SendToQueue",
    "StartWorkflow",
]
