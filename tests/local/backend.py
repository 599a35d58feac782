"""A backend for proxy integrations: it shows what it got, and answers what the path asks for."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PICTURE = bytes(range(256))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    released: threading.Event

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        kind = self.path.partition("?")[0].rsplit("/", 1)[-1]
        answers = {
            "cookies": (200, [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly")], b""),
            "login": (401, [("WWW-Authenticate", 'Basic realm="x"'), ("Via", "1.1 me")], b"who?"),
            "picture": (200, [("Content-Type", "image/png")], PICTURE),
            "redirect": (302, [("Location", "https://elsewhere.example/x?y=1")], b""),
            "teapot": (418, [("Content-Type", "text/plain"), ("ETag", '"1"')], b"short and stout"),
        }
        if kind == "slow":
            self.released.wait(30)
        status, headers, content = answers.get(kind) or (200, [("Content-Type", "application/json")], self._seen(body))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def _seen(self, body: bytes) -> bytes:
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        seen = {"method": self.command, "path": self.path, "headers": headers}
        return json.dumps({**seen, "body": base64.b64encode(body).decode()}).encode()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows what matters."""


@contextmanager
def running() -> Iterator[str]:
    """The URL of a running backend; what it keeps waiting is released at the end."""
    released = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"released": released}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()
