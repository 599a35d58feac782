"""Somebody else's API: it shows what it was sent, answers any status, and gives out OAuth tokens that it can revoke."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class ThirdParty:
    """A running API."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What it was sent, oldest first: `method`, `path`, `headers` by lower-case name, `body` as text."""
    statuses: list[int] = field(default_factory=list)
    """What the next requests are answered, whatever they ask; 0 hangs up."""
    tokens: int = 0
    """How many tokens it has given out; only the newest one counts."""

    def revoke(self) -> None:
        """Let no token count that was given out before."""
        self.tokens += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ThirdParty

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = {"method": self.command, "path": self.path, "headers": headers, "body": body}
        self.api.requests.append(seen)
        if self.api.statuses:
            status = self.api.statuses.pop(0)
            if status:
                self._send(status, {"answered": status})
            else:
                self.close_connection = True
            return
        what, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        match what:
            case "token":
                form = dict(parse_qsl(body))
                if form.get("client_secret") != "s3cret":
                    self._send(401, {"error": "invalid_client"})
                else:
                    self.api.tokens += 1
                    self._send(200, {"access_token": f"token-{self.api.tokens}", "token_type": "bearer"})
            case "guarded" if headers.get("authorization") != f"Bearer token-{self.api.tokens}":
                self._send(401, {"error": "invalid_token"})
            case "status":
                self._send(int(rest), {"answered": int(rest)})
            case "picture":
                self._send(200, "", "image/png")
            case "text":
                self._send(200, "plain", "text/plain")
            case _:
                self._send(200, seen)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _send(self, status: int, value: Any, kind: str = "application/json") -> None:
        content = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `requests` has it."""


@contextmanager
def running() -> Iterator[ThirdParty]:
    """An API on this machine."""
    api = ThirdParty()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
