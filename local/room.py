"""Waiting rooms: how they stand, and switching them while they are deployed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from local.client import client
from local.settings import Settings

CONTROLLER = "handlers.waiting_room.controller.handler"
ACTIONS = ("numbers", "mode", "capacity", "rotate-keys")

Resources = Iterable[Mapping[str, Any]]


class RoomError(Exception):
    """The command was not done. Says why."""


def command(room: str, action: str, value: str, *, force: bool) -> dict[str, Any]:
    """What the controller is told; raises RoomError for what can't be said."""
    if action == "numbers":
        return {}
    if action == "rotate-keys":
        return {"room": room, "rotate_keys": True, **({"force": True} if force else {})}
    if not value:
        raise RoomError(f"say which {action}: python -m local room {room} {action} …")
    if action == "capacity" and not value.isdecimal():
        raise RoomError(f"{value!r} is no number of visitors a minute")
    return {"room": room, action: int(value) if action == "capacity" else value}


def controllers(resources: Resources) -> dict[str, str]:
    """Room → the function that controls it."""
    functions = [one["inputs"] for one in resources if one["type"] == "aws:lambda/function:Function"]
    return {
        room: function["name"]
        for function in functions
        if function.get("handler") == CONTROLLER
        for room in json.loads(function["environment"]["variables"]["ROOMS"])
    }


def tell(function: str, said: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Invoke a controller; answers the numbers of its rooms. Raises RoomError."""
    answer = client("lambda", settings).invoke(FunctionName=function, Payload=json.dumps(said))
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RoomError(f"the controller failed: {payload.get('errorMessage')}")
    if "error" in payload:
        raise RoomError(f"{payload['error']['title']}: {payload['error']['detail']}")
    return payload["rooms"]


def run(resources: Resources, arguments: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Do one command; answers the numbers of the room, or of all."""
    known = controllers(resources)
    if not known:
        raise RoomError("the stack has no waiting room")
    name = arguments["room"]
    if not name:
        numbers = [tell(function, {}, settings) for function in sorted(set(known.values()))]
        return {room: one for each in numbers for room, one in each.items()}
    if name not in known:
        raise RoomError(f"there is no room {name!r}; there are {', '.join(sorted(known))}")
    said = command(name, arguments["action"], arguments["value"], force=arguments["force"])
    return {name: tell(known[name], said, settings)[name]}


def show(numbers: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """A line for each room. Arrivals, and what follows from them, are estimates."""
    for room, one in numbers.items():
        console.print(
            f"{room}: {one['mode']}, {one['pace']} of {one['capacity']} a minute; about {one['arrivals']} came, "
            f"{one['waiting']} wait (the first for {one['wait_s']} s), {one['abandoned']} left; "
            f"{one['admitted']} were admitted, {one['active']} are inside",
            soft_wrap=True,
        )
