"""A browser on this machine finds what pages link to.

On AWS a page that names `https://<id>.cloudfront.net` is right. Here no browser resolves that name, and the stock
server serves pages as they are. So where a page, a script or JSON is asked for by the local name,
`<id>.cloudfront.localhost`, addresses of CloudFront in it are answered as the local ones. Asked for by its name on AWS,
it is as it was stored.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import cloudfront

from local.emulator import frame
from local.emulator.frame import Server

NAME = "browser_addresses"

_LOCAL = ".cloudfront.localhost"
_ON_AWS = re.compile(rb"https://([a-z0-9]+)\.cloudfront\.net")
_KINDS = ("text/html", "text/javascript", "application/javascript", "application/json")
_ARGUMENTS = "dist method path raw_uri raw_query_string headers body query_params client_ip"


def install(server: Server) -> None:
    frame.replace(NAME, cloudfront, "handle_viewer_request", _ARGUMENTS, _with_local_addresses)


def _with_local_addresses(original: Any) -> Any:
    async def handle_viewer_request(dist: dict, *request: Any, **more: Any) -> tuple:
        answer = await original(dist, *request, **more)
        headers = more.get("headers") or request[4]
        host, _, port = headers.get("host", "").partition(":")
        if not host.endswith(_LOCAL):
            return answer
        status, answered, body = answer
        if isinstance(body, bytes) and _is_text(answered):
            body = _ON_AWS.sub(rb"http://\1" + f"{_LOCAL}:{port or 80}".encode(), body)
            answered = {name: value for name, value in answered.items() if name.lower() != "content-length"}
            answered["Content-Length"] = str(len(body))
        return status, answered, body

    return handle_viewer_request


def _is_text(headers: dict[str, str]) -> bool:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return kind.partition(";")[0].strip().lower() in _KINDS
