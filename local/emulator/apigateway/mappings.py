"""Parameter mappings: where a value for a request to the backend, or for the answer, comes from.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from local.emulator.apigateway import json_path
from local.emulator.apigateway.call import Call

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
# What a path keeps as it is; everything else is encoded again, slashes of a greedy parameter excepted.
_PATH_SAFE = "/:@!$&'()*+,;=~"


@dataclass
class Backend:
    """What the integration answered."""

    status: int
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as templates see it."""
        return self.body.decode(errors="replace")


def value_of(source: str, call: Call, backend: Backend | None = None) -> Any:
    """The value that `source` names, a list for the multi-value kinds; None when it is absent."""
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source.startswith("method.request."):
        return _of_request(source.removeprefix("method.request."), call)
    if source.startswith("integration.response.") and backend is not None:
        return _of_response(source.removeprefix("integration.response."), backend)
    if source.startswith("stageVariables."):
        return call.stage_variables.get(source.removeprefix("stageVariables."))
    if source.startswith("context."):
        return _descend(call.context(), source.removeprefix("context.").split("."))
    return None


def mapped(parameters: Mapping[str, str] | None, prefix: str, call: Call, backend: Backend | None = None) -> Iterator:
    """The names and values of the mappings to `prefix`, without those whose source is absent."""
    for target, source in (parameters or {}).items():
        if target.startswith(prefix):
            value = value_of(source, call, backend)
            if value is not None:
                yield target.removeprefix(prefix), value


def uri_of(call: Call, uri: str) -> str:
    """`uri` with stage variables and path parameters; parameters that templates overrode count first."""
    uri = _STAGE_VARIABLE.sub(lambda found: call.stage_variables.get(found[1], ""), uri)
    parameters = dict(call.path_parameters) if call.integration.get("type") == "HTTP_PROXY" else {}
    parameters.update(mapped(call.integration.get("requestParameters"), "integration.request.path.", call))
    parameters.update(call.overrides["requestOverride"]["path"])
    for name, value in parameters.items():
        uri = uri.replace(f"{{{name}}}", quote(str(value), safe=_PATH_SAFE))
    return uri


def _of_request(source: str, call: Call) -> Any:
    kind, _, name = source.partition(".")
    if kind == "header":
        return call.header(name)
    if kind == "multivalueheader":
        value = call.header(name)
        return None if value is None else [value]
    if kind == "path":
        return call.path_parameters.get(name)
    if kind == "querystring":
        return (call.query.get(name) or [None])[-1]
    if kind == "multivaluequerystring":
        return call.query.get(name)
    return _of_body(call.body, name) if kind == "body" else None


def _of_response(source: str, backend: Backend) -> Any:
    kind, _, name = source.partition(".")
    if kind in ("header", "multivalueheader"):
        values = {header.lower(): value for header, value in backend.headers.items()}
        value = values.get(name.lower())
        return value[-1] if isinstance(value, list) and kind == "header" else value
    return _of_body(backend.body, name) if kind == "body" else None


def _of_body(body: bytes, path: str) -> Any:
    text = body.decode(errors="replace")
    if not path:
        return text
    try:
        found = json_path.find(json.loads(text), path if path.startswith("$") else f"$.{path}")
    except ValueError:
        return None
    return found if found is None or isinstance(found, str) else json.dumps(found)


def _descend(node: Any, names: list[str]) -> Any:
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node if node is None or isinstance(node, str) else json.dumps(node)
