"""A burst of 20,000 arrivals and polls stays at the edge: nothing behind it is asked, but for bounded samples."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import Any

import pytest

from local.browse import request
from local.settings import REPO
from tests.local.program import Program

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("room-load")]

VISITORS, POLLS = 10_000, 10_000
SAMPLED = 50
"""One in so many, as the edge is told before a burst of 1,000 a second."""

PROGRAM = f"""
from pathlib import Path

import pulumi
from components import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs
from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front, Mock, Public, Route

room = VirtualWaitingRoom("room", VirtualWaitingRoomArgs(rooms=[Room("shop", capacity=600)]))
front = Front(Path({str(REPO / "tests" / "data" / "front")!r}), room=room.gate)
routes = [Route("GET", "/hello", Mock(), Public("anybody may"))]
site = ApiGatewayPattern("site", ApiGatewayPatternArgs(routes=routes, front=front))
pulumi.export("front", site.front_url)
pulumi.export("admit", room.admit.function.name)
pulumi.export("controller", room.controller.function.name)
pulumi.export("tickets", room.tickets.table.name)
pulumi.export("queue", room.beacons.queue.url)
pulumi.export("site_log", "/aws/apigateway/load-local-site")
pulumi.export("room_log", "/aws/apigateway/load-local-room-reception")
"""


@pytest.fixture(scope="module")
def outputs(local_aws, aws, tmp_path_factory):
    program = Program(tmp_path_factory.mktemp("programs") / "load", local_aws)
    yield program.up(PROGRAM)["outputs"]
    program.destroy()


def test_a_burst_asks_nothing_behind_the_edge(local_aws, aws, eventually, outputs: dict[str, Any]) -> None:
    def switch(mode: str) -> None:
        said = json.dumps({"room": "shop", "mode": mode})
        assert "FunctionError" not in aws("lambda").invoke(FunctionName=outputs["controller"], Payload=said)

    switch("queue")

    def ask(path: str, accept: str, cookie: str = "") -> Any:
        headers = {"Accept": accept, **({"Cookie": cookie} if cookie else {})}
        return request("GET", f"{outputs['front']}{path}", local_aws, headers=headers)

    def arrive(number: int) -> tuple[str, bool]:
        answer = ask("/" if number % 2 else "/api/hello", "text/html")
        assert answer.status == (200 if number % 2 else 429)
        ticket = SimpleCookie(answer.headers["Set-Cookie"])["room-shop-ticket"]
        counted = b"/.room/shop/beacon" in answer.data
        cookie = f"room-shop-ticket={ticket.value}"
        if counted:
            assert ask("/.room/shop/beacon?a=1&n=100000", "image/*", cookie).status == 204
        return cookie, counted

    with ThreadPoolExecutor(8) as pool:
        arrived = list(pool.map(arrive, range(VISITORS)))
        polls = pool.map(lambda one: ask("/.room/shop/status", "application/json", one[0]), arrived[:POLLS])
        assert {poll.status for poll in polls} == {200}
    assert len({cookie for cookie, _ in arrived}) == VISITORS

    def logged(group: str) -> int:
        pages = aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return sum(len(page["events"]) for page in pages)

    sampled = sum(counted for _, counted in arrived)
    assert logged(outputs["site_log"]) == 0
    assert logged(f"/aws/lambda/{outputs['admit']}") == 0
    assert aws("dynamodb").scan(TableName=outputs["tickets"])["Count"] == 0
    assert logged(outputs["room_log"]) == sampled
    # Programs get no page, so half of the visitors may be sampled.
    assert VISITORS / 2 / SAMPLED / 2 < sampled < VISITORS / 2 / SAMPLED * 2

    switch("open")
    assert ask("/api/hello", "application/json").status == 200
    eventually(lambda: logged(outputs["site_log"]) == 1)
