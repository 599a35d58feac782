"""Speak to what a stack serves, on this machine, as a viewer's browser would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from local.settings import Settings

_CLOUDFRONT = ".cloudfront.net"
CONNECTIONS = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10))


def address_here(url: str, settings: Settings) -> str:
    """Where `https://….cloudfront.net/…` is served on this machine; browsers resolve `*.localhost` themselves."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith(_CLOUDFRONT):
        raise ValueError(f"{url} is no address of CloudFront")
    label = host.removesuffix(_CLOUDFRONT)
    return f"http://{label}.cloudfront.localhost:{settings.port}{quote(parts.path, safe='/%')}"


def request(
    method: str, url: str, settings: Settings, *, json: Any = None, headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """Ask an address of CloudFront. Python's resolver doesn't know `*.localhost`, so the name goes in `Host`."""
    here = urlsplit(address_here(url, settings))
    named = {**(headers or {}), "Host": here.netloc}
    return CONNECTIONS.request(method, f"{settings.endpoint}{here.path}", json=json, headers=named)


def get(url: str, settings: Settings) -> urllib3.BaseHTTPResponse:
    """GET an address of CloudFront."""
    return request("GET", url, settings)


def post(url: str, body: Any, settings: Settings) -> urllib3.BaseHTTPResponse:
    """POST JSON to an address of CloudFront."""
    return request("POST", url, settings, json=body)


def upload(form: dict[str, Any], filename: str, content: bytes) -> urllib3.BaseHTTPResponse:
    """POST a file with an upload form, as an HTML form does."""
    fields: dict[str, Any] = {**form["fields"], "file": (filename, content)}
    return CONNECTIONS.request("POST", form["url"], fields=fields)
