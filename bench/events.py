"""Events a second: through the deployed log on the local AWS, and out of memory into a projection.

The second is what a replay does between its reads and writes: stored events become events and a state, beside the same
by the Python library `eventsourcing`, where it is installed, out of its recorder in memory. Each contender runs in
processes of its own, in turns, and its best round counts: what else the machine does can only add. The first says how
long this machine's local AWS takes, not how long AWS does. Run it as `python -m bench.events [--quick]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench._report import tell

AGGREGATES, DAYS, FOLDED = 200, 30, 5_000
FIRST_DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)
DEADLINE_S = 300
Rebuild = Callable[[], int]

PROGRAM = """
import pulumi
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Kinesis

log = EventSourcedBatch("events", EventSourcedBatchArgs(log=Kinesis(shards=2), closing=None))
pulumi.export("log", log.log.physical_name)
pulumi.export("events", log.events.physical_name)
"""


def with_projections() -> Rebuild:
    """As a replay does it: items of the event table, by day."""
    from handlers.events.envelope import Event  # noqa: PLC0415 - only its own process may load a contender
    from handlers.events.projections import DAILY_SALES  # noqa: PLC0415

    def stored(number: int) -> dict[str, Any]:
        message = purchase(number)
        correlation = str(message["id"])
        moment = message["time"].replace("Z", ".000Z")
        return Event(**message, sequence=1 + number // AGGREGATES, correlation=correlation, recorded=moment).item()

    items = [stored(number) for number in range(FOLDED)]

    def rebuild() -> int:
        days: dict[str, list[Event]] = {}
        for item in items:
            event = Event.from_item(item)
            key = DAILY_SALES.key_of(event)
            if key is not None:
                days.setdefault(key, []).append(event)
        return sum(DAILY_SALES.fold(None, events)["sales"]["count"] for events in days.values())

    return rebuild


def with_eventsourcing() -> Rebuild:
    """The peer: its recorder in memory, its mapper, and the same sums."""
    from eventsourcing.application import Application  # noqa: PLC0415
    from eventsourcing.domain import Aggregate, event  # noqa: PLC0415

    class Order(Aggregate):
        @event("Sold")
        def sell(self, day: str, currency: str, amount_minor: int) -> None:
            """Nothing else: the sums are the projection's."""

    kinds: Any = Order  # the decorator adds the event's class
    shop, orders = Application(), [Order() for _ in range(AGGREGATES)]
    for number in range(FOLDED):
        message = purchase(number)
        payload = message["payload"]
        orders[number % AGGREGATES].sell(message["time"][:10], payload["currency"], payload["amount_minor"])
    shop.save(*orders)

    def rebuild() -> int:
        days: dict[str, dict[str, Any]] = {}
        for notification in shop.recorder.select_notifications(start=1, limit=FOLDED + AGGREGATES):
            happened = shop.mapper.to_domain_event(notification)
            if isinstance(happened, kinds.Sold):
                day = days.setdefault(happened.day, {"count": 0, "total": {}})
                day["count"] += 1
                day["total"][happened.currency] = day["total"].get(happened.currency, 0) + happened.amount_minor
        return sum(day["count"] for day in days.values())

    return rebuild


CONTENDERS = {"projections": with_projections, "eventsourcing": with_eventsourcing}


def purchase(number: int) -> dict[str, Any]:
    """One event, as its writer sends it."""
    return {
        "id": str(uuid.UUID(int=number)),
        "type": "purchase.completed",
        "version": 2,
        "aggregate": f"order-{number % AGGREGATES}",
        "time": f"{FIRST_DAY + timedelta(days=number % DAYS):%Y-%m-%dT%H:%M:%SZ}",
        "payload": {"title": "Metropolis", "amount_minor": 100 + number, "currency": "EUR"},
    }


def measure(name: str, rounds: int) -> float:
    """Events a second of the best round."""
    rebuild = CONTENDERS[name]()
    best = 0.0
    for _ in range(rounds):
        start = time.perf_counter()
        counted = rebuild()
        best = max(best, FOLDED / (time.perf_counter() - start))
        if counted != FOLDED:
            raise RuntimeError(f"{name} counted {counted} of {FOLDED} events")
    return best


def compare(turns: int, rounds: int) -> dict[str, float]:
    """Let the contenders take turns; the figures."""
    names = [name for name in CONTENDERS if name != "eventsourcing" or importlib.util.find_spec(name)]
    best = dict.fromkeys(names, 0.0)
    for _ in range(turns):
        for name in names:
            command = [sys.executable, "-m", "bench.events", "--measure", name, str(rounds)]
            found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            best[name] = max(best[name], float(found))
    figures = {f"{name}_per_s": round(rate, 1) for name, rate in best.items()}
    if "eventsourcing" in best:
        figures["projections_to_eventsourcing"] = round(best["projections"] / best["eventsourcing"], 2)
    return figures


def through_the_log(count: int) -> dict[str, float]:
    """Deploy a log on a local AWS of its own, put events in, and wait until all are kept and counted."""
    from bench._deployment import deployed  # noqa: PLC0415 - not for the contenders

    with deployed("bench-events", PROGRAM) as (settings, outputs):
        return _timed(outputs, settings, count)


def _timed(outputs: dict[str, str], settings: Any, count: int) -> dict[str, float]:
    from local.client import client  # noqa: PLC0415

    def kept() -> int:
        return client_of_tables.describe_table(TableName=outputs["events"])["Table"]["ItemCount"]

    client_of_tables, streams = client("dynamodb", settings), client("kinesis", settings)
    events = [purchase(number) for number in range(count)]
    start = time.perf_counter()
    for at in range(0, count, 250):
        records = [{"Data": json.dumps(one), "PartitionKey": one["aggregate"]} for one in events[at : at + 250]]
        streams.put_records(StreamName=outputs["log"], Records=records)
    while kept() < 2 * count:  # each with a marker of its id
        if time.perf_counter() - start > DEADLINE_S:
            raise RuntimeError(f"{kept()} items of {2 * count} after {DEADLINE_S} s")
        time.sleep(0.2)
    return {"log_per_s": round(count / (time.perf_counter() - start), 1)}


def main() -> None:
    """Print a line a figure, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and rounds; under a minute")
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "ROUNDS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(measure(arguments.measure[0], int(arguments.measure[1])))
        return
    figures = compare(turns=2, rounds=5) if arguments.quick else compare(turns=5, rounds=20)
    figures |= through_the_log(400 if arguments.quick else 2_000)
    for name, figure in figures.items():
        print(f"{name:32} {figure:12,.1f}")
    goals: dict[str, tuple[str, float]] = {"log_per_s": (">=", 20)}
    if "projections_to_eventsourcing" in figures:
        goals["projections_to_eventsourcing"] = (">=", 0.75)  # whose events keep less, and are never late
    tell("events", figures, goals)


if __name__ == "__main__":
    main()
