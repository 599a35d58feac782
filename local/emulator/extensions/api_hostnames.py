"""An API answers under the hostname that AWS gives it, also as an origin of CloudFront.

On AWS an API's host is `<id>.execute-api.<region>.amazonaws.com`, over https only; CloudFront sends the origin's name
as Host, unless a policy forwards the viewer's, which the gateway doesn't know and answers 403
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html).
The stock server knows hosts of eight hexadecimal digits before `.execute-api.localhost`, although its own ids have ten,
and CloudFront refuses to reach a host of AWS's.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.services import cloudfront

from local.emulator import frame
from local.emulator.frame import Server

NAME = "api_hostnames"

_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.(?:[\w-]+\.amazonaws\.com|localhost)(?::\d+)?", re.IGNORECASE)
_NEEDED = ("OriginTimeout", "OriginUnreachable", "_multidict_from_pairs", "_origin_request_headers")


def install(server: Server) -> None:
    for name in _NEEDED:
        frame.require(NAME, cloudfront, name)
    frame.require(NAME, app, "_handle_execute_api_request")
    fetched = "origin method uri query_string headers body viewer_is_https client_ip viewer_xff dist_arn"
    frame.replace(NAME, app, "_parse_execute_api_url", "host path", _by_host)
    frame.replace(NAME, cloudfront, "_fetch_from_origin", fetched, _from_api)


def _by_host(original: Any) -> Any:
    def parse(host: str, path: str) -> tuple[str, str, str] | None:
        found = _HOST.fullmatch(host)
        if found is None:
            return original(host, path)
        stage, _, rest = path.lstrip("/").partition("/")
        return found[1].lower(), stage or "$default", f"/{rest}"

    return parse


def _from_api(original: Any) -> Any:
    async def fetch(origin: dict[str, Any], method: str, uri: str, *request: Any) -> Any:
        if origin.get("s3_bucket") or not _HOST.fullmatch(origin["domain_name"]):
            return await original(origin, method, uri, *request)
        query_string, headers, body, viewer_is_https, client_ip, viewer_xff, _ = request
        _require_https(origin, viewer_is_https)
        sent = cloudfront._origin_request_headers(origin, headers, client_ip, viewer_xff)
        path = (origin.get("origin_path") or "") + uri
        status, answered, data = await _answer(
            origin,
            method=method,
            path=unquote(path),
            headers={name.lower(): value for name, value in sent.items()},
            body=body or b"",
            query_params=parse_qs(query_string, keep_blank_values=True),
        )
        pairs = [(name, value) for name, values in answered.items() for value in _listed(values)]
        return status, "", cloudfront._multidict_from_pairs(pairs), data

    return fetch


def _require_https(origin: dict[str, Any], viewer_is_https: bool) -> None:
    policy = origin["protocol_policy"]
    if policy == "http-only" or (policy == "match-viewer" and not viewer_is_https):
        raise cloudfront.OriginUnreachable(f"{origin['domain_name']} does not answer http")


async def _answer(origin: dict[str, Any], *, headers: dict[str, str], **request: Any) -> Any:
    host = headers.get("host", "").partition(":")[0].lower()
    if host != origin["domain_name"].lower():
        refused = {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"}
        return 403, refused, b'{"message":"Forbidden"}'
    seconds = origin.get("read_timeout", 30)
    try:
        return await asyncio.wait_for(app._handle_execute_api_request(host, headers=headers, **request), seconds)
    except TimeoutError as error:
        raise cloudfront.OriginTimeout(f"no response from {host} within {seconds} s") from error


def _listed(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]
