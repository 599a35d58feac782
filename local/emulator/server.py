"""The program that is the local AWS: MiniStack with our extensions. `manager` runs it under the server environment."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.metadata import version
from urllib.parse import parse_qs

from local.emulator import frame
from local.emulator.frame import Application, Receive, Send, Server


def main() -> None:
    """Check the version, install the extensions and serve until SIGTERM."""
    arguments = _arguments()
    check_version(version("ministack"))
    from ministack import app  # noqa: PLC0415 - reads its environment at import

    from local.emulator.extensions import EXTENSIONS  # noqa: PLC0415 - needs the version that was just checked

    server = Server(
        instance=arguments.instance,
        function_python=arguments.functions,
        node=arguments.node,
        endpoint=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        hosts=dict(host.split("=", 1) for host in arguments.host),
    )
    frame.install(server, EXTENSIONS)
    app.app = with_extensions(app.app, server)
    sys.argv[1:] = []  # MiniStack's own command line has other options
    app.main()


def check_version(installed: str) -> None:
    """Raise IncompatibleServer for any version but the one that the extensions were written against."""
    if installed != frame.PINNED:
        raise frame.IncompatibleServer(
            f"ministack {installed} is installed, but the extensions know {frame.PINNED}. Pin ministack=="
            f"{frame.PINNED} in requirements/emulator.in, or review each extension against {installed} and change "
            "PINNED in local/emulator/frame.py."
        )


def with_extensions(application: Application, server: Server) -> Application:
    """`application` with the extensions' routes before it and their view of the request headers."""

    async def application_with_extensions(scope: dict, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        route = server.routes.get(scope["path"])
        if route:
            await _answer(send, route(parse_qs(scope["query_string"].decode())))
            return
        headers = list(scope["headers"])
        for change in server.on_request:
            headers = change(headers)
        await application({**scope, "headers": headers}, receive, send)

    return application_with_extensions


async def _answer(send: Send, value: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", required=True, help="the id of this process")
    parser.add_argument("--functions", required=True, help="the interpreter that runs functions")
    parser.add_argument("--host", action="append", default=[], help="NAME=HOST:PORT that HTTP integrations reach")
    parser.add_argument("--node", required=True, help="the Node that runs functions at the edge")
    return parser.parse_args()


if __name__ == "__main__":
    main()
