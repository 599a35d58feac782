"""One call of an HTTP Task: the request of the task with what the connection adds, and the answer as the state sees it.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from local.emulator.states.tasks import TaskError

_SECONDS = 60
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LARGEST_ANSWER = 262_144
_NO_TEXT = ("application/octet-stream", "image/", "video/", "audio/")
_ERROR_STATUS = 300

_http = urllib3.PoolManager(maxsize=16)


@dataclass(frozen=True)
class Connection:
    """What a connection adds to a request, from its secret."""

    parameters: dict[str, Any]
    """As in CreateConnection."""

    def adds(self, name: str) -> dict[str, str]:
        """HeaderParameters, QueryStringParameters or BodyParameters."""
        entries = (self.parameters.get("InvocationHttpParameters") or {}).get(name) or []
        return {entry["Key"]: entry.get("Value", "") for entry in entries}

    def credentials(self, token: str) -> dict[str, str]:
        """The header that authorizes; `token` is that of an OAuth connection."""
        if key := self.parameters.get("ApiKeyAuthParameters"):
            return {key["ApiKeyName"]: key["ApiKeyValue"]}
        if basic := self.parameters.get("BasicAuthParameters"):
            pair = f"{basic['Username']}:{basic['Password']}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {"Authorization": token}


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    reason: str
    headers: dict[str, list[str]]
    body: bytes

    def result(self) -> dict[str, Any]:
        """The task's result. Raises TaskError for an error's status, and for what is no text."""
        kind = self.headers.get("content-type", [""])[0]
        if self.status >= _ERROR_STATUS:
            raise TaskError(f"States.Http.StatusCode.{self.status}", self.body.decode(errors="replace") or self.reason)
        if kind.startswith(_NO_TEXT):
            raise TaskError("States.Runtime", f"The API answered {kind}, which an HTTP Task can't take.")
        if len(self.body) > _LARGEST_ANSWER:
            raise TaskError("States.DataLimitExceeded", f"The API answered {len(self.body):,} bytes.")
        return {
            "Headers": self.headers,
            "ResponseBody": _read(self.body, kind),
            "StatusCode": self.status,
            "StatusText": self.reason,
        }


def send(arguments: dict[str, Any], connection: Connection, token: str, region: str) -> Answer:
    """Send the request. Raises TaskError States.Http.Socket when nobody answers within 60 s.

    Where the task and the connection say the same, the connection's word counts.
    """
    headers = {name: _header(value) for name, value in (arguments.get("Headers") or {}).items()}
    headers = {name.lower(): value for name, value in headers.items()}
    kind = headers.setdefault("content-type", "application/json")
    added = {**connection.adds("HeaderParameters"), **connection.credentials(token)}
    fixed = {"user-agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "range": f"bytes=0-{_LARGEST_ANSWER}"}
    headers.update({name.lower(): value for name, value in added.items()} | fixed)
    try:
        answer = _http.request(
            arguments["Method"],
            _address(arguments, connection),
            headers=headers,
            body=_body(arguments, connection, kind),
            timeout=_SECONDS,
            retries=False,
            redirect=False,
        )
    except HTTPError as error:
        raise TaskError("States.Http.Socket", f"{type(error).__name__}: {error}") from None
    found: dict[str, list[str]] = {}
    for name, value in answer.headers.items():
        found.setdefault(name.lower(), []).append(value)
    return Answer(answer.status, answer.reason or "", found, answer.data)


def endpoint_of(arguments: dict[str, Any]) -> str:
    """The address that the task calls. Raises TaskError for what isn't https; http goes to this machine alone."""
    endpoint = arguments.get("ApiEndpoint")
    parts = urlsplit(endpoint if isinstance(endpoint, str) else "")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return str(endpoint)
    raise TaskError("States.Runtime", f"ApiEndpoint is an https address, not {json.dumps(endpoint)}.")


def _address(arguments: dict[str, Any], connection: Connection) -> str:
    query = {**(arguments.get("QueryParameters") or {}), **connection.adds("QueryStringParameters")}
    if not query:
        return arguments["ApiEndpoint"]
    pairs = [(name, value) for name, values in query.items() for value in _several(values)]
    return f"{arguments['ApiEndpoint']}?{urlencode([(name, _text(value)) for name, value in pairs])}"


def _body(arguments: dict[str, Any], connection: Connection, kind: str) -> bytes | None:
    body, added = arguments.get("RequestBody"), connection.adds("BodyParameters")
    if added and body is None:
        body = added
    elif added and isinstance(body, dict):
        body = {**body, **added}
    if body is None:
        return None
    transform = arguments.get("Transform") or {}
    if transform.get("RequestBodyEncoding", "NONE") == "URL_ENCODED":
        if not kind.startswith("application/x-www-form-urlencoded") or not isinstance(body, dict):
            message = "URL_ENCODED is for an object with the Content-Type application/x-www-form-urlencoded."
            raise TaskError("States.Runtime", message)
        style = (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
        return "&".join(pair for name, value in body.items() for pair in _encoded(quote(name), value, style)).encode()
    return (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()


def _encoded(name: str, value: Any, style: str) -> list[str]:
    """One value of a form, by the name that it has there.

    https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body
    """
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _encoded(f"{name}[{quote(key)}]", part, style)]
    if not isinstance(value, list):
        return [f"{name}={quote(_text(value), safe='')}"]
    if style == "COMMAS":
        return [f"{name}={','.join(quote(_text(part), safe='') for part in value)}"]
    names = {"INDICES": "{name}[{index}]", "REPEAT": "{name}", "BRACKETS": "{name}[]"}
    pattern = names[style]
    return [
        pair
        for index, part in enumerate(value)
        for pair in _encoded(pattern.format(name=name, index=index), part, style)
    ]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _header(value: Any) -> str:
    return ",".join(_text(part) for part in _several(value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(body: bytes, kind: str) -> Any:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise TaskError("States.Runtime", "The API answered what is no text.") from None
    if "json" in kind:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
