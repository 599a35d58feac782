"""The frame of the local AWS's extensions: what no longer fits is refused."""

import asyncio
import json
import types

import pytest

from local.emulator import frame
from local.emulator.frame import IncompatibleServer, Server
from local.emulator.server import check_version, with_extensions


def module_with(name, **content):
    module = types.ModuleType(name)
    vars(module).update(content)
    return module


@pytest.fixture
def stock():
    def greet(name, greeting="hello"):
        return f"{greeting} {name}"

    return module_with("stock", greet=greet)


@pytest.fixture
def server():
    return Server(instance="one", function_python="python", node="node", endpoint="http://127.0.0.1:1")


def test_only_the_pinned_version_is_accepted():
    check_version(frame.PINNED)
    with pytest.raises(IncompatibleServer, match=r"ministack 9.9.9 is installed.*Pin ministack=="):
        check_version("9.9.9")


def test_a_function_with_the_expected_parameters_is_replaced(stock):
    frame.replace("polite", stock, "greet", "name greeting", lambda original: lambda name: original(name, "dear"))

    assert stock.greet("reader") == "dear reader"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("leave", "name", r"extension polite: stock has no leave, which ministack \S+ has"),
        ("greet", "name", r"extension polite: stock.greet takes \(name greeting\), not \(name\)"),
    ],
)
def test_a_function_that_changed_is_refused_by_the_extensions_name(stock, name, parameters, message):
    with pytest.raises(IncompatibleServer, match=message):
        frame.replace("polite", stock, name, parameters, lambda original: original)


def test_extensions_are_installed_in_order_and_named(server):
    def extension(name):
        return module_with(name, NAME=name, install=lambda into: into.routes.update({f"/{name}": lambda query: query}))

    frame.install(server, [extension("first"), extension("second")])

    assert server.installed == ["first", "second"]
    assert list(server.routes) == ["/first", "/second"]


def ask(server, path, query=b"", headers=()):
    """What an application wrapped for `server` sends, and the headers that it saw."""
    sent, seen = [], []

    async def application(scope, receive, send):
        seen.extend(scope["headers"])

    async def send(message):
        sent.append(message)

    async def receive():
        return {}

    async def request():
        await with_extensions(application, server)(scope, receive, send)

    scope = {"type": "http", "path": path, "query_string": query, "headers": list(headers)}
    asyncio.run(request())
    return sent, seen


def test_a_route_answers_before_the_server(server):
    server.routes["/mine"] = lambda query: {"since": query["since"]}

    sent, seen = ask(server, "/mine", b"since=3")

    assert json.loads(sent[1]["body"]) == {"since": ["3"]}
    assert seen == []


def test_every_other_request_reaches_the_server_through_the_header_changes(server):
    server.on_request.append(lambda headers: [*headers, (b"x-added", b"1")])

    sent, seen = ask(server, "/bucket", headers=[(b"host", b"x")])

    assert sent == []
    assert seen == [(b"host", b"x"), (b"x-added", b"1")]
