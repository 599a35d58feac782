"""One call of a REST API: what came in, what is known about it, and what `$context` shows of it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

from __future__ import annotations

import base64
import datetime
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, dict[str, Any], bytes]
"""Status, headers (a list of values is one header for each) and body."""


@dataclass(kw_only=True)
class Call:
    """A call of `stage_name` of the API `api_id`."""

    api_id: str
    stage_name: str
    account: str
    region: str
    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes

    request: dict[str, Any] = field(default_factory=dict)
    """The server's own notes: the stage, the path parameters and the resource's path, once they are known."""

    resource_id: str = ""
    operation: dict[str, Any] = field(default_factory=dict)
    """The method that serves the call, once it is known."""

    authorizer: dict[str, Any] = field(default_factory=dict)
    caller: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] = field(default_factory=dict)
    """What the gateway itself refused, for gateway responses and access logs."""

    integration_status: int | None = None
    integration_ms: int | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_request_id: str = field(default_factory=lambda: base64.b64encode(uuid.uuid4().bytes[:11]).decode())
    started: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.overrides: dict[str, Any] = {
            "requestOverride": {"header": {}, "querystring": {}, "path": {}},
            "responseOverride": {"header": {}},
        }

    @property
    def integration(self) -> dict[str, Any]:
        """The integration of the method that serves the call."""
        return self.operation.get("methodIntegration") or {}

    @property
    def stage(self) -> dict[str, Any]:
        """The stage as it is deployed."""
        return self.request.get("stage") or {}

    @property
    def stage_variables(self) -> dict[str, str]:
        """The stage's variables."""
        return self.stage.get("variables") or {}

    @property
    def path_parameters(self) -> dict[str, str]:
        """What the placeholders of the resource's path took."""
        return self.request.get("path_params") or {}

    @property
    def arn(self) -> str:
        """What resource policies know as `aws:SourceArn`; a placeholder of the path is a star in it."""
        parts = self.request.get("resource_path", "/").split("/")
        path = "/".join("*" if part.startswith("{") else part for part in parts)
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage_name}/{self.method}{path}"

    @property
    def source_ip(self) -> str:
        """The client's address, as far as proxies told it."""
        return self.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()

    def header(self, name: str) -> str | None:
        """A request header, whatever its case."""
        return self.headers.get(name.lower())

    def context(self) -> dict[str, Any]:
        """`$context`; templates may write to its overrides."""
        began = datetime.datetime.fromtimestamp(self.started, datetime.UTC)
        domain = f"{self.api_id}.execute-api.{self.region}.amazonaws.com"
        identity = {
            "sourceIp": self.source_ip,
            "userAgent": self.headers.get("user-agent", ""),
            "apiKey": self.headers.get("x-api-key", ""),
            **{name: value for name, value in self.caller.items() if value is not None},
        }
        return {
            "accountId": self.account,
            "apiId": self.api_id,
            "authorizer": self.authorizer,
            "deploymentId": self.stage.get("deploymentId", ""),
            "domainName": domain,
            "domainPrefix": self.api_id,
            "error": dict(self.error),
            "extendedRequestId": self.extended_request_id,
            "httpMethod": self.method,
            "identity": identity,
            "path": f"/{self.stage_name}{self.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.request_id,
            "requestTime": began.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(self.started * 1000),
            "resourceId": self.resource_id,
            "resourcePath": self.request.get("resource_path", ""),
            "stage": self.stage_name,
            **self.overrides,
        }


current: ContextVar[Call] = ContextVar("api_call")
"""The call that is being served."""
