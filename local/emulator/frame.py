"""What an extension is installed into: the one server of this process, and the checks that keep its patches honest."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

PINNED = "1.5.33"
"""The version of ministack that every extension was written against and tested with."""

Headers = list[tuple[bytes, bytes]]
Route = Callable[[Mapping[str, list[str]]], Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class IncompatibleServer(Exception):
    """The installed ministack isn't the one that the extensions know."""


@dataclass(kw_only=True)
class Server:
    """What the extensions share."""

    instance: str
    """The id of this process: whoever remembers resources remembers it too."""

    function_python: str
    """The interpreter that runs functions."""

    node: str
    """The Node that runs functions at the edge."""

    endpoint: str
    """Where the server itself is reached, for calls that IAM shall judge."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    """Names that HTTP integrations reach on this machine, with host and port."""

    routes: dict[str, Route] = field(default_factory=dict)
    """JSON answers by path, apart from AWS's own: each gets the query and returns what to send."""

    on_request: list[Callable[[Headers], Headers]] = field(default_factory=list)
    """What every HTTP request's headers pass through before the server sees them."""

    installed: list[str] = field(default_factory=list)


def replace(extension: str, owner: Any, name: str, parameters: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of the function `owner.name`.

    `parameters` are the names that the extension was written against, separated by blanks. Raises IncompatibleServer
    when the function is gone or takes others: a patch that no longer fits must not go unnoticed.
    """
    where = f"{owner.__name__}.{name}"
    original = require(extension, owner, name)
    found = " ".join(inspect.signature(original).parameters)
    if found != parameters:
        raise IncompatibleServer(
            f"extension {extension}: {where} takes ({found}), not ({parameters}) as in ministack {PINNED}. "
            "Compare the two versions, then change the extension and its contract test."
        )
    setattr(owner, name, make(original))


def require(extension: str, owner: Any, name: str) -> Any:
    """Return `owner.name`; raises IncompatibleServer when the server has no such thing."""
    if not hasattr(owner, name):
        raise IncompatibleServer(
            f"extension {extension}: {owner.__name__} has no {name}, which ministack {PINNED} has. "
            "Compare the two versions, then change the extension and its contract test."
        )
    return getattr(owner, name)


def install(server: Server, extensions: Sequence[ModuleType]) -> None:
    """Install the extensions in order."""
    for extension in extensions:
        extension.install(server)
        server.installed.append(extension.NAME)
