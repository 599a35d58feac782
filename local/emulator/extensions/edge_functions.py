"""CloudFront Functions read the key value store that is associated with them.

On AWS `import cf from 'cloudfront'` gives a function of runtime 2.0 the items of its one store, `await` and `import`
don't exist in runtime 1.0, and code can't be made from strings
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-custom-methods.html and
functions-javascript-runtime-20.html beside it). An update of the store reaches all edges within seconds. Values of the
query come as they stand in the address, still encoded, and so they go on (AWS's own examples join them as they are:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/example_cloudfront_functions_normalize_query_string_parameters_section.html).
The stock server knows no module `cloudfront`, takes every runtime for the same, lets time pass during a run, and
decodes the query. Here an update counts from the next request on.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from ministack.core.concurrency import run_offloop
from ministack.services import cloudfront, cloudfront_keyvaluestore

from local.emulator import frame
from local.emulator.edge.runtime import EdgeFunctionError, EdgeRuntime, Store
from local.emulator.frame import Server

NAME = "edge_functions"

_URLENCODE = "query doseq safe encoding errors quote_via"


def install(server: Server) -> None:
    for name in ("CloudFrontFunctionError", "_function_view", "_functions", "_kvstores"):
        frame.require(NAME, cloudfront, name)
    frame.require(NAME, cloudfront_keyvaluestore, "_stores")
    runtime = EdgeRuntime(server.node)
    frame.replace(NAME, cloudfront, "_run_function", "function_arn event", lambda original: _runner(runtime))
    request = "dist method path raw_uri raw_query_string headers body query_params client_ip"
    frame.replace(NAME, cloudfront, "handle_viewer_request", request, _with_query_as_it_stands)
    frame.replace(NAME, cloudfront, "urlencode", _URLENCODE, lambda original: _joined)


def _with_query_as_it_stands(original: Any) -> Any:
    @functools.wraps(original)
    async def handle_viewer_request(*request: Any, **more: Any) -> Any:
        *before, query, headers, body, _ = request[:8]
        values: dict[str, list[str]] = {}
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            values.setdefault(name, []).append(value)
        return await original(*before, query, headers, body, values, *request[8:], **more)

    return handle_viewer_request


def _joined(query: Iterable[tuple[str, str]], **_: Any) -> str:
    return "&".join(f"{name}={value}" for name, value in query)


def _runner(runtime: EdgeRuntime) -> Any:
    async def run(function_arn: str, event: dict[str, Any]) -> Any:
        function = cloudfront._functions.get(function_arn.rsplit("/", 1)[-1])
        if not function or not function.get("live_etag"):
            raise cloudfront.CloudFrontFunctionError(f"{function_arn} is not published")
        live = cloudfront._function_view(function, "LIVE")
        store = _store(live.get("kvs_arns") or [])
        try:
            code = live["code"].decode()
            return await run_offloop(lambda: runtime.run(code, event, store=store, runtime=live["runtime"]))
        except EdgeFunctionError as error:
            raise cloudfront.CloudFrontFunctionError(str(error)) from error

    return run


def _store(arns: list[str]) -> Store | None:
    record = next((one for one in cloudfront._kvstores.values() if one["ARN"] in arns), None)
    if record is None:
        return None
    held = cloudfront_keyvaluestore._stores.get(record["ARN"]) or {"items": {}}
    changed = record["LastModifiedTime"]
    return Store(items=dict(held["items"]), id=record["Id"], created=changed, updated=changed)
