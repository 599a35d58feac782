"""Every pattern, as the contract tests make it: a new pattern is one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.api_gateway import (
    ApiGatewayPattern,
    ApiGatewayPatternArgs,
    ApiKey,
    AppendToLog,
    AsEvent,
    Front,
    HttpProxy,
    Iam,
    InvokeFunction,
    Mock,
    Monolith,
    Public,
    PutEvent,
    PutToStream,
    ReadItem,
    Route,
    RunExpress,
    Scopes,
    SendToQueue,
    StartWorkflow,
)
from components.core.bus import Bus
from components.core.dashboard import Dashboard
from components.core.function import Function
from components.core.pattern import Pattern
from components.core.queue import Queue
from components.core.state_machine import StateMachine
from components.core.stream import Stream
from components.core.table import Table
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Fifo
from components.genai import ApiKeyHeader, GenAiWorkflow, GenAiWorkflowArgs, Partner
from components.waiting_room import Origin, Room, VirtualWaitingRoom, VirtualWaitingRoomArgs
from local.settings import REPO

SALE = AsEvent(type="purchase.completed", version=2, payload=("title", "amount_minor"))
ORDER = {"type": "object", "required": ["aggregate"], "properties": {"aggregate": {"type": "string"}}}


class Backends(Pattern):
    """One of each thing that a route can lead to."""

    def __init__(self, name: str, opts: Any = None) -> None:
        super().__init__("serviceful:index:Backends", name, physical_name=None, opts=opts)
        self.queue = Queue(self, "jobs", visibility_s=60, attempts=3)
        self.fifo = Queue(self, "ordered", visibility_s=60, attempts=3, fifo=True)
        self.stream = Stream(self, "log", retention_h=24, shards=1)
        self.bus = Bus(self, "bus")
        self.table = Table(self, "items", key=("id", "S"))
        self.machine = self._machine("work", "STANDARD")
        self.express = self._machine("look-up", "EXPRESS")
        self.function = Function(
            self,
            "form",
            handler="handlers.uploads.form",
            permissions=[],
            environment={
                "UPLOADS_BUCKET": "b",
                "UPLOADS_PREFIX": "uploads/",
                "MAX_BYTES": "1",
                "SUFFIXES": ".png",
                "EXPIRES_S": "60",
            },
            memory_mb=128,
            timeout_s=10,
        )
        self.queue.policy()
        self.fifo.policy()
        Dashboard(self)
        self.publish()

    def _machine(self, name: str, kind: Any) -> StateMachine:
        return StateMachine(
            self,
            name,
            kind=kind,
            definition=REPO / "tests" / "data" / "echo.asl.json",
            substitutions={"Table": self.table.physical_name},
        )

    def routes(self) -> list[Route]:
        """One route to each."""
        everybody = Public("a test")
        return [
            Route("POST", "/jobs", SendToQueue(queue=self.queue), everybody, body=ORDER),
            Route(
                "POST",
                "/orders",
                SendToQueue(queue=self.fifo, group="$.aggregate", deduplication="$.id"),
                everybody,
                body=ORDER,
            ),
            Route(
                "POST",
                "/events",
                PutToStream(stream=self.stream, key="$.aggregate"),
                Scopes("events/write"),
                body=ORDER,
            ),
            Route("POST", "/sales", AppendToLog(log=self.fifo, aggregate="$.order", event=SALE), everybody),
            Route("POST", "/news", PutEvent(bus=self.bus, source="shop", detail_type="news"), everybody),
            Route("POST", "/work", StartWorkflow(machine=self.machine), everybody, body=ORDER),
            Route("GET", "/look-up/{id}", RunExpress(machine=self.express, parameters=("id",)), everybody),
            Route(
                "GET", "/items/{id}", ReadItem(table=self.table, key={"id": "id"}, returns={"title": "S"}), everybody
            ),
            Route("POST", "/forms", InvokeFunction(function=self.function), everybody, rate=5, burst=5),
            Route("GET", "/old/{path+}", HttpProxy(url="http://127.0.0.1:9/{path}"), everybody),
            Route("GET", "/health", Mock(), everybody),
        ]


def _api(name: str, opts: Any) -> Pattern:
    routes = Backends("backends").routes()
    routes += [Route("GET", "/signed", Mock(), Iam()), Route("GET", "/keyed", Mock(), ApiKey())]
    return ApiGatewayPattern(name, ApiGatewayPatternArgs(routes=routes, monolith=Monolith("http://127.0.0.1:9")), opts)


def _front(name: str, opts: Any) -> Pattern:
    front = Front(REPO / "tests" / "data" / "front")
    return ApiGatewayPattern(name, ApiGatewayPatternArgs(routes=Backends("backends").routes(), front=front), opts)


def workflow_args(**more: Any) -> GenAiWorkflowArgs:
    """A workflow that tells a partner."""
    partner = Partner(url="https://partner.example/v1/videos", credentials=ApiKeyHeader("x-api-key", "a test's key"))
    arguments: dict[str, Any] = {"approval_page": "https://front.example/approval/", "partner": partner, **more}
    return GenAiWorkflowArgs(**arguments)


PATTERNS: dict[str, Callable[[str, Any], Pattern]] = {
    "ApiGatewayPattern": _api,
    "ApiGatewayPattern with a front": _front,
    "EventSourcedBatch": lambda name, opts: EventSourcedBatch(name, EventSourcedBatchArgs(), opts),
    "EventSourcedBatch over FIFO": lambda name, opts: EventSourcedBatch(name, EventSourcedBatchArgs(log=Fifo()), opts),
    "VirtualWaitingRoom": lambda name, opts: VirtualWaitingRoom(
        name,
        VirtualWaitingRoomArgs(
            rooms=[
                Room("shop", capacity=600, paths=("/shop/",)),
                Room("launch", capacity=60, paths=("/launch/",), start="guard", origin_alarm="origin-busy"),
            ]
        ),
        opts,
    ),
    "GenAiWorkflow": lambda name, opts: GenAiWorkflow(name, workflow_args(), opts),
    "VirtualWaitingRoom of its own": lambda name, opts: VirtualWaitingRoom(
        name,
        VirtualWaitingRoomArgs(
            rooms=[Room("shop", capacity=600)],
            origin=Origin(domain="shop.example.com", headers={"x-origin-key": "a test's key"}),
        ),
        opts,
    ),
    "FanOutConverter": lambda name, opts: FanOutConverter(
        name, FanOutConverterArgs(converters=[Thumbnail(300, 300), Thumbnail(64, 64), ToJpeg(), Zip()]), opts
    ),
}
