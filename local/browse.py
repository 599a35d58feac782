"""Speak to what a stack serves, on this machine, as a viewer's browser would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

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
    method: str,
    url: str,
    settings: Settings,
    *,
    json: Any = None,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> urllib3.BaseHTTPResponse:
    """Ask an address of CloudFront. Python's resolver doesn't know `*.localhost`, so the name goes in `Host`.

    `json` is the body, or `fields` are those of an HTML form. Redirects are not followed.
    """
    here, query = urlsplit(address_here(url, settings)), urlsplit(url).query
    address = f"{settings.endpoint}{here.path}{'?' if query else ''}{query}"
    named = {**(headers or {}), "Host": here.netloc}
    if fields is not None:
        body = urlencode(fields)
        named["Content-Type"] = "application/x-www-form-urlencoded"
        return CONNECTIONS.request(method, address, body=body, headers=named, redirect=False)
    return CONNECTIONS.request(method, address, json=json, headers=named, redirect=False)


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


@dataclass
class Visitor:
    """A browser without a screen, on one site: it keeps cookies and follows redirects."""

    site: str
    """`https://….cloudfront.net`."""

    settings: Settings
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, *, json: Any = None, fields: Mapping[str, str] | None = None, accept: str = "*/*"
    ) -> urllib3.BaseHTTPResponse:
        """Ask for a path; cookies go along and are kept. Redirects are not followed."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept": accept, **({"Cookie": cookie} if cookie else {})}
        url = urljoin(self.site, path)
        answer = request(method, url, self.settings, json=json, fields=fields, headers=headers)
        for line in answer.headers.getlist("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def open(self, path: str, *, most: int = 5) -> urllib3.BaseHTTPResponse:
        """Open a page, through at most `most` redirects."""
        for _ in range(most):
            answer = self.ask("GET", path, accept="text/html")
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            path = urlsplit(answer.headers["Location"])._replace(scheme="", netloc="").geturl()
        raise ValueError(f"{self.site} leads on and on, last to {path}")
