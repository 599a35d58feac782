"""The old shop: a small ASGI application as they were built, which the API's routes take apart path by path.

It signs people in with a session cookie, redirects, takes uploads and serves pages. Any ASGI server runs it, such as
`hypercorn examples.monolith.shop:app`. It knows one thing about what stands in front of it: `X-Forwarded-Prefix`, the
path below which its callers find it, which its redirects begin with.
"""

from __future__ import annotations

import hashlib
import html
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote

Pairs = list[tuple[str, str]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CATALOGUE = {"Amélie & Anna": 950, "Launch day": 1200, "100% / Half": 600}
"""Title → price in cents. Titles have what paths must encode."""

PARTNER = "https://partner.example/offers?from=old+shop"
_sessions: dict[str, str] = {}
"""Session → who signed in; lost at a restart, as such shops do."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, read whole."""

    method: str
    path: str
    """Decoded."""

    target: str
    """Path and query string as they were sent."""

    headers: Pairs
    body: bytes

    def header(self, name: str) -> str:
        """The first header of this lower-case name, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def person(self) -> str | None:
        """Who is signed in."""
        cookie = SimpleCookie("; ".join(value for name, value in self.headers if name == "cookie")).get("session")
        return _sessions.get(cookie.value) if cookie else None


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer."""

    status: int = 200
    headers: Pairs = field(default_factory=list)
    body: bytes = b""


def page(title: str, content: str, status: int = 200) -> Response:
    """An HTML page; links in it are relative, so that they work below any prefix."""
    text = f"<!doctype html><html lang='en'><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{content}"
    return Response(status=status, headers=[("content-type", "text/html; charset=utf-8")], body=text.encode())


def as_json(value: Any, status: int = 200) -> Response:
    """A JSON document."""
    return Response(status=status, headers=[("content-type", "application/json")], body=json.dumps(value).encode())


def redirect(location: str, status: int = 303, headers: Pairs | None = None) -> Response:
    """A redirect without a body."""
    return Response(status=status, headers=[("location", location), *(headers or [])])


def home(request: Request) -> Response:
    """The first page."""
    greeting = f"Hello, {request.person}" if request.person else "The old shop"
    return page(greeting, "<a href='catalogue'>Catalogue</a>")


def catalogue(request: Request) -> Response:
    """All titles, as a page."""
    links = (f"<li><a href='catalogue/{quote(title, safe='')}'>{html.escape(title)}</a>" for title in CATALOGUE)
    return page("Catalogue", f"<ul>{''.join(links)}</ul>")


def catalogue_json(request: Request) -> Response:
    """All titles and prices."""
    return as_json(CATALOGUE)


def title_page(request: Request) -> Response:
    """One title."""
    title = request.path.removeprefix("/catalogue/")
    if title not in CATALOGUE:
        return page("No such title", "", status=404)
    return page(title, f"<p>{CATALOGUE[title] / 100:.2f}</p>")


def sign_in(request: Request) -> Response:
    """Whoever says a name is in: two cookies, and a redirect relative to this path."""
    name = parse_qs(request.body.decode()).get("name", [""])[0]
    if not name:
        return page("Say who you are", "", status=400)
    session = secrets.token_urlsafe()
    _sessions[session] = name
    cookies = [
        ("set-cookie", f"session={session}; Path=/; HttpOnly; SameSite=Lax"),
        ("set-cookie", f"name={quote(name)}; Path=/; Max-Age=3600"),
    ]
    return redirect("account", headers=cookies)


def sign_in_form(request: Request) -> Response:
    """Where those land who aren't signed in."""
    return page("Sign in", "<form method='post' action='sign-in'><input name='name'><button>Sign in</button></form>")


def account(request: Request) -> Response:
    """The person's own page; others are sent to sign in, by a path from the root."""
    if not request.person:
        return redirect(f"{request.header('x-forwarded-prefix')}/sign-in", status=302)
    return page(f"Account of {request.person}", "")


def offers(request: Request) -> Response:
    """Moved to a partner for good."""
    return redirect(PARTNER, status=301)


def covers(request: Request) -> Response:
    """A form's files: name, type, size in bytes and digest of each."""
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode()
    form = BytesParser().parsebytes(head + request.body)
    if not form.is_multipart():
        return page("Send a form with a file", "", status=415)
    files = [part for part in form.walk() if part.get_filename()]
    return as_json([_described(part) for part in files], status=201)


def _described(part: Message) -> dict[str, Any]:
    content = part.get_payload(decode=True)
    digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else ""
    size = len(content) if isinstance(content, bytes) else 0
    return {"name": part.get_filename(), "type": part.get_content_type(), "size": size, "sha256": digest}


def echo(request: Request) -> Response:
    """What arrived here, for whoever wants to know what a gateway does to it."""
    seen = {"method": request.method, "target": request.target, "headers": request.headers}
    return as_json({**seen, "size": len(request.body), "sha256": hashlib.sha256(request.body).hexdigest()})


def refund(request: Request) -> Response:
    """Nobody knows why."""
    raise ZeroDivisionError("refunds were never finished")


def health(request: Request) -> Response:
    """For whoever started it."""
    return as_json({"service": "old shop"})


_PAGES: dict[tuple[str, str], Callable[[Request], Response]] = {
    ("GET", "/"): home,
    ("GET", "/health"): health,
    ("GET", "/catalogue"): catalogue,
    ("GET", "/catalogue.json"): catalogue_json,
    ("GET", "/sign-in"): sign_in_form,
    ("POST", "/sign-in"): sign_in,
    ("GET", "/account"): account,
    ("GET", "/offers"): offers,
    ("POST", "/covers"): covers,
    ("GET", "/refund"): refund,
}


def answer(request: Request) -> Response:
    """What the shop says to a request."""
    if request.path.split("/")[1] == "echo":
        return echo(request)
    if request.method == "GET" and request.path.startswith("/catalogue/"):
        return title_page(request)
    found = _PAGES.get((request.method, request.path))
    if found:
        return found(request)
    allowed = [method for method, path in _PAGES if path == request.path]
    if allowed:
        return Response(status=405, headers=[("allow", ", ".join(allowed))])
    return page("Not found", "", status=404)


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application: https://asgi.readthedocs.io/en/latest/specs/www.html"""
    if scope["type"] != "http":
        return
    query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
    request = Request(
        method=scope["method"],
        path=scope["path"],
        target=scope["raw_path"].decode() + query,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        body=await _read(receive),
    )
    try:
        response = answer(request)
    except Exception:
        await _send(send, Response(status=500, headers=[("content-type", "text/plain")], body=b"Internal error"))
        raise
    await _send(send, response)


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send: Send, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
