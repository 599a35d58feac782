"""Calls of AWS services by integrations of the type AWS: signed with a session of the integration's role.

An URI names a service's path (`…:sqs:path/{account}/{queue}`) or an action (`…:kinesis:action/PutRecord`):
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import botocore.session
import urllib3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest

from local.emulator.apigateway import query_json
from local.emulator.apigateway.mappings import Backend
from local.emulator.apigateway.role import Role

FORM = "application/x-www-form-urlencoded"

# The gateway names the operation itself only for these; for others a mapping must set X-Amz-Target.
_TARGETED = ("dynamodb", "kinesis", "states")
_QUERY = ("sns", "sqs")
_MODELS = {"states": "stepfunctions"}

_NO_OPERATION = b'{"__type":"UnknownOperationException"}'
_NO_FORM = (
    b'{"Error":{"Code":"AccessDenied","Message":"Unable to determine service/operation name to be authorized",'
    b'"Type":"Sender"},"RequestId":null}'
)

_connections = urllib3.PoolManager(maxsize=32, retries=False)


class TimedOut(Exception):
    """The service took longer than the integration allows."""


@dataclass(frozen=True)
class Target:
    """What an integration's URI names."""

    region: str
    service: str
    verb: str
    rest: str

    @classmethod
    def of(cls, uri: str) -> Target:
        """Raises ValueError for an URI that is no ARN of a service."""
        parts = uri.split(":", 5)
        verb, slash, rest = parts[-1].partition("/")
        if len(parts) != 6 or parts[2] != "apigateway" or not slash or verb not in ("path", "action"):
            raise ValueError(f"no AWS service: {uri}")
        return cls(parts[3], parts[4], verb, rest)


@dataclass
class Request:
    """What goes to the service."""

    method: str
    headers: dict[str, str]
    query: dict[str, Any]
    body: bytes


def send(target: Target, request: Request, role: Role, endpoint: str, seconds: float) -> Backend:
    """What the service answers. Blocking. Raises TimedOut."""
    refused = _prepare(target, request)
    if refused:
        return refused
    url = f"{endpoint}/{target.rest.lstrip('/') if target.verb == 'path' else ''}"
    if request.query:
        url += "?" + urlencode(request.query, doseq=True)
    signed = AWSRequest(request.method, url, data=request.body, headers=request.headers)
    signer = S3SigV4Auth if target.service == "s3" else SigV4Auth
    signer(role.credentials(), _signing_name(target.service), target.region).add_auth(signed)
    try:
        answer = _connections.request(
            request.method, url, body=request.body, headers=dict(signed.headers.items()), timeout=seconds
        )
    except urllib3.exceptions.TimeoutError as error:
        raise TimedOut from error
    body = query_json.to_json(answer.data) if target.service in _QUERY else answer.data
    return Backend(answer.status, dict(answer.headers.items()), body)


def _prepare(target: Target, request: Request) -> Backend | None:
    """Complete the request as the gateway does; what the service would refuse is answered here."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if target.service in _QUERY:
        if target.verb == "action":
            request.query["Action"] = target.rest
            # Parameters of an action come by the query string; this server reads them from a form.
            request.body, request.query = urlencode(request.query, doseq=True).encode(), {}
            request.headers = {"Content-Type": FORM}
        elif headers.get("content-type", "").partition(";")[0].strip() != FORM:
            return Backend(403, {}, _NO_FORM)
        return None
    if target.verb == "action":
        prefix = _model(target.service).metadata.get("targetPrefix")
        if target.service in _TARGETED:
            request.headers["X-Amz-Target"] = f"{prefix}.{target.rest}"
        elif prefix and "x-amz-target" not in headers:
            return Backend(400, {}, _NO_OPERATION)
        if prefix and headers.get("content-type", "").startswith("application/json"):
            request.headers = {n: v for n, v in request.headers.items() if n.lower() != "content-type"}
            version = _model(target.service).metadata.get("jsonVersion", "1.0")
            request.headers["Content-Type"] = f"application/x-amz-json-{version}"
    return None


def _signing_name(service: str) -> str:
    metadata = _model(service).metadata
    return metadata.get("signingName", metadata["endpointPrefix"])


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(_MODELS.get(service, service))
