"""The VirtualWaitingRoom."""

from __future__ import annotations

import json
from typing import Any

import pulumi
from pulumi import ResourceOptions

from ..core.bucket import Bucket
from ..core.dashboard import Dashboard
from ..core.distribution import Distribution
from ..core.edge import ASSETS, ROOM, Gate, WebOrigin
from ..core.function import Function
from ..core.key_value_store import KeyValueStore
from ..core.pages import upload
from ..core.pattern import Pattern
from ..core.permissions import Permission
from ..core.queue import Queue
from ..core.rest_api.api import RestApi
from ..core.rest_api.auth import Public
from ..core.rest_api.route import Route
from ..core.secret import Secret
from ..core.table import Table
from ..core.ticker import Ticker
from . import defaults
from .args import Origin, Room, VirtualWaitingRoomArgs
from .gate import Guarded, waiting_gate
from .targets import AskFunction, CountArrival

PACED = ("queue", "guard")
"""Modes in which the controller runs."""

ADMIT_TIMEOUT_S = 10
CONTROLLER_TIMEOUT_S = 90
_BEACON_VISIBILITY_S = 60
_BEACON_ATTEMPTS = 3
_ADMITS = ((10_000, 4), (5_000, 8))
"""Most that the rate and the burst of a route may be, and how many times the rooms' capacity a second they are."""


class VirtualWaitingRoom(Pattern):
    """Keeps a burst of visitors at the edge, and lets them in at the pace that the application bears, in order.

    A CloudFront Function signs a ticket for whoever has no pass, and answers how things stand out of a KeyValueStore:
    no application, function or table is touched. Whose turn it is asks the reception, an API of the room's own: one
    function claims the ticket and takes a place by one conditional write, so that no window ever has one too many. A
    controller, run only while a room is open, moves the watermark by sampled arrivals and by who came.
    """

    gate: Gate
    """Give it to a front: `Front(folder, room=room.gate)`. A gate stands before one distribution."""

    url: pulumi.Output[str] | None
    """Where visitors come, if the room has a distribution of its own."""

    def __init__(self, name: str, args: VirtualWaitingRoomArgs, opts: ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("serviceful:index:VirtualWaitingRoom", name, physical_name=args.physical_name, opts=opts)
        self.args = args
        self.store = KeyValueStore(self, "rooms", comment="Modes, states and keys of waiting rooms")
        self.secret = Secret(self, "keys", description="Keys that sign tickets and passes; the controller makes them")
        self.tickets = Table(self, "tickets", key=("ticket", "S"), expires="gone_at")
        self.rooms = Table(self, "rooms", key=("room", "S"))
        self.beacons = self._beacons()
        self.admit = self._admit()
        self.reception = self._reception()
        self.ticker = Ticker(self, "ticks", on=any(room.start in PACED for room in args.rooms))
        self.controller = self._controller()
        self.ticker.runs(self.controller)
        self.gate = self._gate()
        self.front = self._front(args.origin) if args.origin else None
        self.url = self.front.url if self.front else None
        self.dashboard = self._watch()
        self.publish(
            url=self.url,
            controller=self.controller.function.name,
            rooms=[room.name for room in args.rooms],
            store=self.store.arn,
            beacons=self.beacons.queue.url,
        )

    def _beacons(self) -> Queue:
        """Sampled arrivals, until the controller's next step."""
        queue = Queue(self, "beacons", visibility_s=_BEACON_VISIBILITY_S, attempts=_BEACON_ATTEMPTS)
        queue.policy()
        return queue

    def _admit(self) -> Function:
        """Decides, exactly, whether a ticket is admitted."""
        return Function(
            self,
            "admit",
            handler="handlers.waiting_room.admit",
            permissions=(
                self.tickets.get(),
                self.tickets.update(),
                self.rooms.get(),
                self.rooms.update(),
                self.secret.read(),
            ),
            environment=self._environment(),
            memory_mb=defaults.MEMORY_MB,
            timeout_s=ADMIT_TIMEOUT_S,
        )

    def _reception(self) -> RestApi:
        """Takes what is more than the edge can answer, from CloudFront alone."""
        asked = sum(room.capacity for room in self.args.rooms) / 60
        rate, burst = (min(most, max(20, round(times * asked))) for most, times in _ADMITS)
        everybody = Public("visitors of CloudFront, which sends the origin key; a signed ticket says who is who")
        admit = AskFunction(function=self.admit)
        count = CountArrival(queue=self.beacons)
        routes = [
            Route(method, "/.room/{room}/admit", admit, everybody, rate=rate, burst=burst) for method in ("GET", "POST")
        ]
        beacon = Route(
            "GET",
            "/.room/{room}/beacon",
            count,
            everybody,
            rate=defaults.BEACON_RATE,
            burst=defaults.BEACON_BURST,
        )
        return RestApi(self, "reception", [*routes, beacon], keys=("origin-a", "origin-b"), keys_required=True)

    def _controller(self) -> Function:
        """Paces the rooms, makes and changes their keys, and does what operators say."""
        alarms = sorted({room.origin_alarm for room in self.args.rooms if room.origin_alarm})
        look = Permission(
            actions=("cloudwatch:DescribeAlarms",),
            resources=tuple(self.names.arn("cloudwatch", f"alarm:{alarm}") for alarm in alarms),
        )
        return Function(
            self,
            "controller",
            handler="handlers.waiting_room.controller",
            permissions=(
                self.beacons.drain(),
                self.beacons.dead_letters.send(),
                self.rooms.get(),
                self.rooms.update(),
                self.secret.read(),
                self.secret.write(),
                self.store.update(),
                self.ticker.switch(),
                *([look] if alarms else []),
            ),
            environment={
                **self._environment(),
                "BEACONS_URL": self.beacons.queue.url,
                "DEAD_LETTERS_URL": self.beacons.dead_letters.queue.url,
                "STORE_ARN": self.store.arn,
                "TICK_RULE": self.ticker.physical_name,
            },
            memory_mb=defaults.MEMORY_MB,
            timeout_s=CONTROLLER_TIMEOUT_S,
        )

    def _gate(self) -> Gate:
        """The edge's part, for the distribution that it stands before."""
        return waiting_gate(
            self,
            store=self.store.arn,
            rooms={room.name: _guarded(room) for room in self.args.rooms},
            reception=self.reception.origin(f"{ROOM}*", f"origin-{self.args.origin_key}"),
            pages=self.args.pages,
            assets=self.args.assets,
        )

    def _front(self, origin: Origin) -> Distribution:
        """A distribution of its own; the bucket holds what the waiting page loads."""
        bucket = Bucket(self, "pages")
        site = WebOrigin(path="*", domain=origin.domain, headers=origin.headers)
        front = Distribution(self, "front", bucket=bucket, site=site, gate=self.gate)
        bucket.policy(front.reads(bucket), awaited=self.ledger.awaited)
        upload(self, bucket, self.gate.assets, below=ASSETS[1:])
        return front

    def _environment(self) -> dict[str, Any]:
        return {
            "ROOMS": json.dumps({room.name: _settings(room) for room in self.args.rooms}),
            "TICKETS_TABLE": self.tickets.physical_name,
            "ROOMS_TABLE": self.rooms.physical_name,
            "KEYS_SECRET": self.secret.arn,
        }

    def _watch(self) -> Dashboard:
        """Warns when visitors can't be admitted, or nobody paces the rooms; lost beacons warn of themselves."""
        for function in (self.admit, self.controller):
            function.warn_of_errors()
        if self.front:
            self.front.warn_of_errors()
        return Dashboard(self)


def _guarded(room: Room) -> Guarded:
    """As the edge knows it."""
    return Guarded(
        paths=room.paths, bypass=room.bypass, api=room.api_paths, life_s=room.life_min * 60, start=room.start
    )


def _settings(room: Room) -> dict[str, Any]:
    """As the functions read them."""
    return {
        "capacity": room.capacity,
        # A place is free when the minute is over in which its pass ends.
        "total": room.capacity * (room.session_min + 1) if room.total is None else room.total,
        "session_s": room.session_min * 60,
        "life_s": room.life_min * 60,
        "renewals": room.renewals,
        "poll_s": room.poll_s,
        "peak": room.peak,
        "start": room.start,
        "alarm": room.origin_alarm or "",
    }
