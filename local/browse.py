"""Speak to what a stack serves, on this machine, as a viewer's browser would."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from local.settings import Settings

_CLOUDFRONT = ".cloudfront.net"
_CONNECTIONS = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10))


def address_here(url: str, settings: Settings) -> str:
    """Where `https://….cloudfront.net/…` is served on this machine; browsers resolve `*.localhost` themselves."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith(_CLOUDFRONT):
        raise ValueError(f"{url} is no address of CloudFront")
    label = host.removesuffix(_CLOUDFRONT)
    return f"http://{label}.cloudfront.localhost:{settings.port}{quote(parts.path, safe='/%')}"


def get(url: str, settings: Settings) -> urllib3.BaseHTTPResponse:
    """GET an address of CloudFront. Python's resolver doesn't know `*.localhost`, so the name goes in `Host`."""
    here = urlsplit(address_here(url, settings))
    return _CONNECTIONS.request("GET", f"{settings.endpoint}{here.path}", headers={"Host": here.netloc})


def post(url: str, body: Any, settings: Settings) -> urllib3.BaseHTTPResponse:
    """POST JSON to an address of CloudFront."""
    here = urlsplit(address_here(url, settings))
    return _CONNECTIONS.request("POST", f"{settings.endpoint}{here.path}", json=body, headers={"Host": here.netloc})


def upload(form: dict[str, Any], filename: str, content: bytes) -> urllib3.BaseHTTPResponse:
    """POST a file with an upload form, as an HTML form does."""
    fields: dict[str, Any] = {**form["fields"], "file": (filename, content)}
    return _CONNECTIONS.request("POST", form["url"], fields=fields)
