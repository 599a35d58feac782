"""One API in front of everything."""

from .args import ApiGatewayPatternArgs, Front, Monolith
from .auth import ApiKey, Iam, Public, Scopes
from .component import ApiGatewayPattern
from .route import Route
from .targets import (
    AppendToLog,
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

__all__ = [
    "ApiGatewayPattern",
    "ApiGatewayPatternArgs",
    "ApiKey",
    "AppendToLog",
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
