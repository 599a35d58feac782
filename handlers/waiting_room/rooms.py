"""The controller's steps, between its stores and the edge."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from handlers.waiting_room import rotation
from handlers.waiting_room.admission import Room
from handlers.waiting_room.beacons import Beacons
from handlers.waiting_room.commands import BadCommand, Command
from handlers.waiting_room.control import Control, Seen, limits
from handlers.waiting_room.edge_store import EdgeStore
from handlers.waiting_room.places import Tables, turned_away_key
from handlers.waiting_room.secret import Secret
from handlers.waiting_room.settings import RoomSettings, Settings
from handlers.waiting_room.switch import Switch
from handlers.waiting_room.tickets import Keys

PACED = ("queue", "guard")
"""Modes in which somebody has to be let in."""

ATTEMPTS = 5
CONFLICT = "ConditionalCheckFailedException"


class Overtaken(RuntimeError):
    """Another run of the controller stepped meanwhile. It does what there is to do."""


@dataclass
class Rooms:
    """All rooms of one pattern."""

    settings: Settings
    dynamodb: Any
    """A boto3 client."""

    alarms: Any
    """A boto3 client of CloudWatch."""

    beacons: Beacons
    edge: EdgeStore
    secret: Secret
    switch: Switch
    tables: Tables = field(init=False)
    running: bool = True
    """Whether a room was open at the last step."""

    def __post_init__(self) -> None:
        """The counters, as admissions see them."""
        self.tables = Tables(
            dynamodb=self.dynamodb,
            tickets=self.settings.tickets_table,
            rooms=self.settings.rooms_table,
            life_s=self.settings.lives,
        )

    def do(self, command: Command, now: float) -> None:
        """Do what an operator says; what it means for the edge is written at once. Raises BadCommand."""
        if command.rotate_keys:
            self._rotate(command, now)
        if command.room:
            for _ in range(ATTEMPTS):
                with contextlib.suppress(Overtaken):
                    self._change(command, now)
                    break
            else:
                raise Overtaken(command.room)
        if command.mode:
            self.edge.put({f"{command.room}.mode": command.mode})

    def step(self, now: float, *, ticked: bool = False) -> dict[str, Any]:
        """Step every room; answers their numbers. `ticked` says that the rule runs this, so that it is on."""
        loaded = {name: self._load(name, now) for name in self.settings.rooms}
        self.running = any(control.mode in PACED for control, _ in loaded.values())
        if not (ticked and self.running):
            self.switch.turn(self.running)
        arrivals = defaultdict(list)
        for beacon in self.beacons.take() if self.running else ():
            arrivals[beacon.room].append((beacon.second, beacon.weight))
        keys = self._publish(self._keys(now), loaded)
        numbers, states = {}, {}
        for name, (control, version) in loaded.items():
            room, counters = self.settings.rooms[name], self._counters(name, now)
            if control.mode in PACED:
                control.step(self._seen(name, counters, arrivals[name], now), room)
                states[f"{name}.state"] = control.state(room)
            control.published = keys[name]
            self._save(name, control, version)
            self._hold(name, control)
            numbers[name] = control.numbers(counters)
        if states:
            self.edge.put(states)
        return numbers

    def _publish(self, keys: Mapping[str, Keys], loaded: Mapping[str, Any]) -> dict[str, str]:
        """Tell the edge each room's keys, and a new room's mode; answers what tells them from others."""
        values, digests = {}, {}
        for name, (control, _) in loaded.items():
            digests[name] = hashlib.sha256(f"{self.edge.arn}{keys[name].to_json()}".encode()).hexdigest()[:16]
            if control.published != digests[name]:
                values[f"{name}.keys"] = keys[name].to_json()
            if not control.published:
                values[f"{name}.mode"] = control.mode
        if values:
            self.edge.put(values)
        return digests

    def _seen(self, name: str, counters: Room, beacons: list[tuple[int, int]], now: float) -> Seen:
        return Seen(
            now=now,
            room=counters,
            turned_away=self._turned_away(name),
            beacons=beacons,
            alarm=self._alarm(self.settings.rooms[name]),
        )

    def _change(self, command: Command, now: float) -> None:
        control, version = self._load(command.room, now)
        if command.capacity is not None:
            control.capacity_set = command.capacity > 0
            control.pace = control.capacity = command.capacity or self.settings.rooms[command.room].capacity
        control.mode = command.mode or control.mode
        self._save(command.room, control, version)

    def _load(self, name: str, now: float) -> tuple[Control, int]:
        """What was remembered, and its version; the program's capacity unless an operator set one."""
        item, room = self._item(_key(name)), self.settings.rooms[name]
        if not item:
            return Control.new(room, now), 0
        control = Control.of(item["control"]["S"])
        if not control.capacity_set:
            control.capacity = room.capacity
        return control, int(item["version"]["N"])

    def _item(self, key: dict[str, Any]) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=self.settings.rooms_table, Key=key, ConsistentRead=True).get("Item", {})

    def _save(self, name: str, control: Control, version: int) -> None:
        """Raises Overtaken when somebody else did since `_load`."""
        try:
            self.dynamodb.update_item(
                TableName=self.settings.rooms_table,
                Key=_key(name),
                UpdateExpression="SET control = :control, version = :next",
                ConditionExpression="version = :version" if version else "attribute_not_exists(version)",
                ExpressionAttributeValues={
                    ":control": {"S": control.to_json()},
                    ":next": {"N": str(version + 1)},
                    **({":version": {"N": str(version)}} if version else {}),
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONFLICT:
                raise
            raise Overtaken(name) from error

    def _counters(self, name: str, now: float) -> Room:
        """The room's counters, after the places of sessions that have ended are free again."""
        room = self.tables.room(name)
        if ended := room.ended(now):
            self.tables.free(name, ended, room.past(now))
        return self.tables.room(name)

    def _turned_away(self, name: str) -> int:
        return int(self._item(turned_away_key(name)).get("count", {}).get("N", 0))

    def _hold(self, name: str, control: Control) -> None:
        """Hold the counters to what the controller decided."""
        held = limits(control, self.settings.rooms[name])
        self.dynamodb.update_item(
            TableName=self.settings.rooms_table,
            Key={"room": {"S": name}},
            UpdateExpression="SET watermark = :watermark, per_window = :per_window, #total = :total",
            ExpressionAttributeNames={"#total": "total"},
            ExpressionAttributeValues={f":{limit}": {"N": str(value)} for limit, value in held.items()},
        )

    def _alarm(self, room: RoomSettings) -> bool:
        if not room.alarm:
            return False
        alarms = self.alarms.describe_alarms(AlarmNames=[room.alarm])
        return any(
            one["StateValue"] == "ALARM" for one in (*alarms["MetricAlarms"], *alarms.get("CompositeAlarms", ()))
        )

    def _keys(self, now: float) -> dict[str, Keys]:
        """Each room's keys: made when it has none, and changed when a rotation comes to its end."""
        kept = self.secret.read()
        fresh = {name: kept.get(name) or rotation.created(now) for name in self.settings.rooms}
        fresh = {name: rotation.ended(keys, now) or keys for name, keys in fresh.items()}
        if fresh != {name: kept.get(name) for name in self.settings.rooms}:
            self.secret.write({**kept, **fresh})
        return {name: Keys.of(keys) for name, keys in fresh.items()}

    def _rotate(self, command: Command, now: float) -> None:
        kept = self.secret.read()
        keys = kept.get(command.room)
        if keys is None:
            return  # the step that follows makes them
        try:
            new = rotation.begun(keys, now, life_s=self.settings.rooms[command.room].life_s, force=command.force)
        except rotation.TooSoon as problem:
            raise BadCommand(str(problem)) from problem
        self.secret.write({**kept, command.room: new})


def _key(name: str) -> dict[str, Any]:
    return {"room": {"S": f"{name}|control"}}
