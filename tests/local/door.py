"""Where a deployed API is reached: the stage's own address, or a CloudFront front's. Callers are browsers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3

from local.settings import Settings

_CONNECTIONS = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(40))


@dataclass(frozen=True)
class Door:
    """One address of an API."""

    url: str
    settings: Settings

    @property
    def path(self) -> str:
        """What stands before a route's path."""
        return urlsplit(self.url).path

    def call(self, method: str, path: str, *, headers: Any = None, **more: Any) -> urllib3.BaseHTTPResponse:
        """Send a request; the path goes as it is, and redirects are not followed."""
        sent = urllib3.HTTPHeaderDict(headers)
        sent["Host"] = self._host
        return _CONNECTIONS.request(
            method, f"{self.settings.endpoint}{self.path}{path}", headers=sent, redirect=False, **more
        )

    @property
    def _host(self) -> str:
        host = urlsplit(self.url).hostname or ""
        label, _, domain = host.partition(".")
        return f"{label}.cloudfront.localhost:{self.settings.port}" if domain == "cloudfront.net" else host
