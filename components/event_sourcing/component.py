"""The EventSourcedBatch pattern."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pulumi import ResourceOptions

from ..core.alarm import Alarm
from ..core.bus import Bus
from ..core.dashboard import Dashboard
from ..core.function import Function
from ..core.metric import Metric
from ..core.pattern import Pattern
from ..core.permissions import Permission
from ..core.pipe import Pipe
from ..core.queue import DeadLetters, Queue
from ..core.rule import Records, Rule, rule_arn
from ..core.schedule import Schedule
from ..core.state_machine import StateMachine
from ..core.stream import Stream
from ..core.table import Table
from . import defaults
from .args import EventSourcedBatchArgs, Fifo, Kinesis, Subscription

HERE = Path(__file__).parent
_EVENTS_ONLY = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"type": {"S": [{"exists": True}]}}}}
_DETAIL = """{
  "id": <$.dynamodb.NewImage.id.S>,
  "type": <$.dynamodb.NewImage.type.S>,
  "version": <$.dynamodb.NewImage.version.N>,
  "aggregate": <$.dynamodb.NewImage.aggregate.S>,
  "sequence": <$.dynamodb.NewImage.sequence.N>,
  "time": <$.dynamodb.NewImage.time.S>,
  "correlation": <$.dynamodb.NewImage.correlation.S>
}"""
# Without the payload: a pipe escapes nothing, so JSON inside a string would break the event.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html


@dataclass(frozen=True)
class Sides:
    """A projection's two tables: one is read, the other rebuilt."""

    a: Table
    b: Table

    @property
    def both(self) -> tuple[Table, Table]:
        """Either may be the idle one."""
        return self.a, self.b


class EventSourcedBatch(Pattern):
    """Business events instead of a nightly batch: appended to a log, kept for good, summed up as they come.

    log → one function that validates → event table (append-only by IAM) → projections, and a pipe to a bus. Accepted
    asynchronously, delivered at least once, in order for each aggregate; each event counts once. What is no event ends
    in the quarantine, with its position and the reason, and stops nothing. A projection is rebuilt from all events by
    the machine `replay`, while it is read.
    """

    log: Stream | Queue
    """Where events are accepted: a `Stream` for `Kinesis()`, a `Queue` for `Fifo()`."""

    reads: dict[str, StateMachine]
    """Projection → the Express machine that reads one of its states: input `{"key"}`, error `NotFound`."""

    replay: StateMachine
    """Rebuilds a projection: input `{"projection"}`."""

    def __init__(self, name: str, args: EventSourcedBatchArgs, opts: ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("serviceful:index:EventSourcedBatch", name, physical_name=args.physical_name, opts=opts)
        self.args = args
        self.log = self._log(args.log)
        self.events = Table(
            self, "events", key=("aggregate", "S"), sort_key=("sequence", "N"), stream=True, append_only=True
        )
        self.quarantine = DeadLetters(
            self, "quarantine", holds="What was appended to the log is no event", runbook="quarantine"
        )
        self.ingest = self._ingest()
        self.pointers = Table(self, "pointers", key=("projection", "S"))
        self.tables = {name: self._sides(name) for name in args.projections}
        self.projector = self._projector()
        self.reads = {name: self._read(name) for name in args.projections}
        self.replay = self._replay()
        self.bus = Bus(self, "changes")
        self.changes = self._changes()
        self.closing = self._closing(args.closing) if args.closing else None
        self.subscriptions = [self._subscription(one) for one in args.subscriptions]
        self.dashboard = self._watch()
        self.publish(replay=self.replay.machine.arn, bus=self.bus.bus.name, quarantine=self.quarantine.queue.url)

    def _log(self, log: Kinesis | Fifo) -> Stream | Queue:
        """Where events are accepted."""
        if isinstance(log, Kinesis):
            return Stream(self, "log", retention_h=log.retention_h, shards=log.shards)
        queue = Queue(self, "log", visibility_s=6 * defaults.TIMEOUT_S, attempts=defaults.ATTEMPTS, fifo=True)
        queue.policy()
        return queue

    def _ingest(self) -> Function:
        """Validates, and appends each event once."""
        stream = isinstance(self.log, Stream)
        discarded = self._discarded("ingest") if stream else None
        function = Function(
            self,
            "ingest",
            handler="handlers.events.ingest",
            permissions=(
                self.log.consume(),
                *([discarded.send()] if discarded else []),
                self.events.append(),
                self.events.query(),
                self.quarantine.send(),
            ),
            environment={"EVENTS_TABLE": self.events.physical_name, "QUARANTINE_URL": self.quarantine.queue.url},
            memory_mb=defaults.MEMORY_MB,
            timeout_s=defaults.TIMEOUT_S,
        )
        if isinstance(self.log, Stream) and discarded:
            function.follow(self.log, discarded=discarded, batch=defaults.BATCH, retries=defaults.RETRIES)
        elif isinstance(self.log, Queue):
            function.poll(self.log, batch=10, max_concurrency=10)
        return function

    def _sides(self, projection: str) -> Sides:
        """Two tables, made with the stack: one made at run time would escape the program, IAM and the ledger."""
        part = projection.replace("_", "-")
        return Sides(*(Table(self, f"{part}-{side}", key=("key", "S")) for side in ("a", "b")))

    def _projector(self) -> Function:
        """Sums up: the one reader of the table's stream beside the pipe (a shard bears two)."""
        discarded = self._discarded("projector")
        function = Function(
            self,
            "projector",
            handler="handlers.events.project",
            permissions=(
                self.events.changes(),
                discarded.send(),
                self.pointers.get(),
                self.pointers.update(),
                *self._each_side(Table.get),
                *self._each_side(Table.put),
            ),
            environment=self._environment(),
            memory_mb=defaults.MEMORY_MB,
            timeout_s=defaults.TIMEOUT_S,
        )
        function.follow(
            self.events, discarded=discarded, batch=defaults.BATCH, retries=defaults.RETRIES, only=_EVENTS_ONLY
        )
        return function

    def _read(self, projection: str) -> StateMachine:
        """Reads a state where the pointer says, and says how old it is; no function in between."""
        sides = self.tables[projection]
        return StateMachine(
            self,
            f"read-{projection.replace('_', '-')}",
            kind="EXPRESS",
            definition=HERE / "read_projection.asl.json",
            substitutions={
                "Projection": projection,
                "Pointers": self.pointers.physical_name,
                "TableA": sides.a.physical_name,
                "TableB": sides.b.physical_name,
            },
            resources={"GetState": (sides.a.get(), sides.b.get())},
        )

    def _replay(self) -> StateMachine:
        """Rebuilds a projection into its idle table, verifies, and switches."""
        prepare = self._replay_step("prepare", *self._each_side(Table.scan), *self._each_side(Table.delete))
        segment = self._replay_step(
            "segment", self.events.scan(), *self._each_side(Table.get), *self._each_side(Table.put)
        )
        verify = self._replay_step("verify", *self._each_side(Table.scan), *self._each_side(Table.get))
        return StateMachine(
            self,
            "replay",
            kind="STANDARD",
            definition=HERE / "replay.asl.json",
            substitutions={
                "Pointers": self.pointers.physical_name,
                "PrepareFunction": prepare.arn,
                "SegmentFunction": segment.arn,
                "VerifyFunction": verify.arn,
                "ProjectorFunction": self.projector.physical_name,
                "LastSegment": str(self.args.segments - 1),
                "CatchUpLimit": str(defaults.CATCH_UP_LIMIT),
                "MaxPasses": str(defaults.MAX_PASSES),
            },
            resources={
                "Pause": self.projector.switch_mapping(),
                "ReadMapping": self.projector.read_mapping(),
                "Resume": self.projector.switch_mapping(),
            },
        )

    def _replay_step(self, step: str, *permissions: Permission) -> Function:
        return Function(
            self,
            f"replay-{step}",
            handler=f"handlers.events.replay_{step}",
            permissions=(self.pointers.get(), *permissions),
            environment={**self._environment(), "EVENTS_TABLE": self.events.physical_name},
            memory_mb=defaults.REPLAY_MEMORY_MB,
            timeout_s=defaults.REPLAY_TIMEOUT_S,
        )

    def _changes(self) -> Pipe:
        """Each event that was appended, on the bus for other domains."""
        return Pipe(
            self,
            "changes",
            table=self.events,
            bus=self.bus,
            only=_EVENTS_ONLY,
            source=self.name,
            detail_type="event.appended",
            template=_DETAIL,
        )

    def _closing(self, expression: str) -> Schedule:
        """The end of a day is an event like any other."""
        return Schedule(
            self,
            "closing",
            expression=expression,
            target=self.log,
            key="day",
            message={"tick": "day.closed", "time": "<aws.scheduler.scheduled-time>"},
        )

    def _watch(self) -> Dashboard:
        """Warns when events wait, are lost or fail to count; the quarantine warns of itself."""
        for function in (self.ingest, self.projector):
            function.warn_of_errors()
        late = self.ingest if isinstance(self.log, Stream) else self.log
        for reader in (late, self.projector):
            reader.warn_of_lag(minutes=defaults.LAG_ALARM_MINUTES)
        for projection in self.tables:
            self._warn_of_lag(projection)
        self.replay.warn_of_failures()
        return Dashboard(self)

    def _warn_of_lag(self, projection: str) -> None:
        """The projector says how far each projection is behind; see `handlers/events/lag.py`."""
        metric = Metric(
            namespace="Serviceful/Events",
            name="ProjectionLag",
            dimensions={"FunctionName": self.projector.physical_name, "Projection": projection},
            statistic="Maximum",
            unit="Milliseconds",
        )
        self.watch.show("Lag of projections", metric)
        Alarm(
            self,
            f"{projection.replace('_', '-')}-lag",
            metric,
            threshold=defaults.LAG_ALARM_MINUTES * 60_000,
            periods=5,
            datapoints=3,
            means=f"The projection {projection} is {defaults.LAG_ALARM_MINUTES} minutes behind its events.",
            runbook="lag",
        )

    def _discarded(self, function: str) -> DeadLetters:
        return DeadLetters(
            self, f"{function}-discarded", holds=f"Records were given up by {function}", runbook="discarded-records"
        )

    def _subscription(self, wanted: Subscription) -> Rule:
        """Another domain's events, enveloped by the rule, so that no function carries them."""
        if not isinstance(self.log, Stream):
            raise TypeError("args.check() lets subscriptions into streams alone")
        undelivered = DeadLetters(
            self,
            f"{wanted.part}-undelivered",
            rule_arn=rule_arn(self, wanted.part, self.bus),
            holds=f"Events {wanted.type} didn't reach the log",
        )
        return Rule(
            self,
            wanted.part,
            bus=self.bus,
            pattern={"source": [wanted.source], "detail-type": [wanted.type]},
            target=Records(
                stream=self.log,
                key=wanted.aggregate,
                names={"id": "$.id", "time": "$.time", "aggregate": wanted.aggregate, "payload": "$.detail"},
                template=f'{{"id": <id>, "type": "{wanted.type}", "version": {wanted.version}, '
                '"aggregate": <aggregate>, "time": <time>, "payload": <payload>}',
            ),
            undelivered=undelivered,
        )

    def _each_side(self, verb: Callable[[Table], Permission]) -> tuple[Permission, ...]:
        return tuple(verb(table) for sides in self.tables.values() for table in sides.both)

    def _environment(self) -> dict[str, str]:
        tables = {name: {"a": sides.a.physical_name, "b": sides.b.physical_name} for name, sides in self.tables.items()}
        return {"PROJECTION_TABLES": json.dumps(tables), "POINTERS_TABLE": self.pointers.physical_name}
