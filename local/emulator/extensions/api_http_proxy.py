"""HTTP proxy integrations pass requests and answers on, but for the headers that AWS drops or renames.

On AWS everything else goes through: every value of a header and parameter, several cookies, redirects (not followed);
`requestParameters` and stage variables change the request; a backend that takes longer than the timeout answers 504,
as does one that can't be reached
(https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html, which has the headers).
Names of this machine, such as `monolith.localhost`, stand for programs beside the local AWS: the plan is the same
whatever port they have. The stock server follows redirects and keeps of the answer its status, body and Content-Type.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from ministack.core.concurrency import run_reentrant
from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.apigateway import answers, integration, mappings, payload
from local.emulator.apigateway.call import Call, current
from local.emulator.frame import Server

NAME = "api_http_proxy"

Headers = list[tuple[str, str]]

_DROPPED_FROM_REQUESTS = {
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
}
_DROPPED_FROM_ANSWERS = {
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
}
_RENAMED_IN_ANSWERS = {
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "max-forwards",
    "server",
    "user-agent",
    "www-authenticate",
    "x-amzn-requestid",
}
_SIGNATURE = "AWS4-HMAC-SHA256"

_connections = urllib3.PoolManager(maxsize=32, retries=False)


def install(server: Server) -> None:
    parameters = "integration path method headers body query_params path_params"
    frame.replace(NAME, apigateway_v1, "_invoke_http_proxy_v1", parameters, lambda original: partial(_proxy, server))


async def _proxy(server: Server, settings: dict[str, Any], *request: Any) -> Any:
    call = current.get()
    if settings["type"] != "HTTP_PROXY":
        return answers.failure(call, "API_CONFIGURATION_ERROR", "integrations of the type HTTP are not emulated")
    url, seconds = _url(call), integration.seconds_of(call)
    address, headers = _found(url, _request_headers(call), server.hosts)
    method = settings.get("httpMethod") or "ANY"
    body = payload.as_passed(call.body, call.header("content-type"), call)
    began = time.monotonic()
    try:
        # The backend may be this server: the call needs a thread of its own.
        answer = await run_reentrant(_send, call.method if method == "ANY" else method, address, headers, body, seconds)
    except urllib3.exceptions.LocationParseError:
        return answers.failure(call, "API_CONFIGURATION_ERROR", f"Invalid endpoint address {url}")
    except urllib3.exceptions.HTTPError as error:
        # A refused connection is a kind of timeout to urllib3.
        late = isinstance(error, urllib3.exceptions.TimeoutError)
        if late and not isinstance(error, urllib3.exceptions.NewConnectionError):
            message = "Endpoint request timed out"
            return answers.failure(call, "INTEGRATION_TIMEOUT", f"{url}: {error}", message=message)
        message = "Network error communicating with endpoint"
        return answers.failure(call, "INTEGRATION_FAILURE", f"{url}: {error}", message=message)
    call.integration_ms, call.integration_status = int((time.monotonic() - began) * 1000), answer.status
    return answer.status, _answer_headers(answer), _answer_body(answer, call)


def _found(url: str, headers: Headers, hosts: Mapping[str, str]) -> tuple[str, Headers]:
    """Where the backend of this URL listens, and the headers that tell it its name."""
    parts = urlsplit(url)
    if parts.netloc not in hosts:
        return url, headers
    return parts._replace(netloc=hosts[parts.netloc]).geturl(), [*headers, ("host", parts.netloc)]


def _send(method: str, url: str, headers: Headers, body: bytes, seconds: float) -> Any:
    fields = urllib3.HTTPHeaderDict(headers)
    return _connections.request(
        method, url, headers=fields, body=body or None, timeout=seconds, redirect=False, decode_content=False
    )


def _url(call: Call) -> str:
    url = mappings.uri_of(call, call.integration.get("uri") or "")
    query = [*call.query.items(), *integration.query_of(call).items()]
    text = urlencode(dict(query), doseq=True)
    if not text:
        return url
    return f"{url}{'&' if '?' in url else '?'}{text}"


def _request_headers(call: Call) -> Headers:
    headers: dict[str, Any] = {
        name: value
        for name, value in call.headers.items()
        if name not in _DROPPED_FROM_REQUESTS and not (name == "authorization" and value.startswith(_SIGNATURE))
    }
    headers["x-forwarded-for"] = call.header("x-forwarded-for") or call.source_ip
    headers["x-amzn-apigateway-api-id"] = call.api_id
    mapped = mappings.mapped(call.integration.get("requestParameters"), "integration.request.header.", call)
    for name, value in mapped:
        answers.set_header(headers, name, value)
    return [(name, value) for name, values in headers.items() for value in _listed(values)]


def _listed(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _answer_headers(answer: Any) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    for name in answer.headers:
        values = answer.headers.getlist(name)
        if name.lower() in _DROPPED_FROM_ANSWERS:
            continue
        shown = f"x-amzn-Remapped-{name}" if name.lower() in _RENAMED_IN_ANSWERS else name
        headers[shown] = values if len(values) > 1 else values[0]
    if answers.media_type_of(headers) is None:
        headers["Content-Type"] = answers.JSON
    return headers


def _answer_body(answer: Any, call: Call) -> bytes:
    if "content-encoding" in answer.headers:
        return answer.data
    return payload.as_passed(answer.data, answer.headers.get("content-type"), call)
