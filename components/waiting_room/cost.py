"""What a VirtualWaitingRoom costs in a month."""

from __future__ import annotations

from dataclasses import dataclass

from ..core import prices
from ..core.cost import Bill, gb
from . import defaults
from .args import VirtualWaitingRoomArgs

_READS = 3
"""Reads of the store for a request at the edge: mode, keys, state."""

_PAGE_READS = 8
_STEPS_AN_HOUR = 240
_STEP_S = 0.3
_PER_ADMISSION = (3, 2)
"""Units written (claim, place, pass) and read (the counters, the secret's copy aside)."""


@dataclass(frozen=True, kw_only=True)
class RoomUsage:
    """What happens in a month."""

    arrivals: float
    """Visitors who get a ticket."""

    polls: float = 8.0
    """How often each asks how things stand."""

    passed: float = 50.0
    """Requests of each admitted visitor that the edge checks a pass of."""

    admissions: float
    """Visitors who are admitted; renewals count."""

    open_h: float
    """Hours in which a room is in `queue` or `guard`."""

    page_kb: float = 6.0
    poll_kb: float = 0.4
    sampled: float = 0.02
    """Share of the arrivals that call a beacon."""

    admit_s: float = 0.1
    """How long the function takes for one."""

    log_kb: float = 1.0
    log_months: float = 1.0
    traced: float = 0.05


def monthly(args: VirtualWaitingRoomArgs, usage: RoomUsage) -> Bill:
    """The bill of a month with this usage. What the application itself is asked for isn't in it."""
    bill = Bill()
    polls, beacons = usage.arrivals * usage.polls, usage.arrivals * usage.sampled
    waiting = usage.arrivals + polls + beacons + usage.admissions
    bill.add(prices.CDN_REQUEST, "pages, polls, samples, admissions", waiting)
    bill.add(prices.CDN_FUNCTION, "the gate", waiting + usage.admissions * usage.passed)
    bill.add(prices.CDN_OUT_GB, "pages and polls", gb(kb=usage.arrivals * usage.page_kb + polls * usage.poll_kb))
    reads = _READS * (waiting + usage.admissions * usage.passed) + (_PAGE_READS - _READS) * usage.arrivals
    bill.add(prices.STORE_READ, "mode, keys, state, page", reads)
    # One write a step for all rooms, and at most one to learn the version anew with each copy of the function.
    bill.add(prices.STORE_REQUEST, "states for the edge", usage.open_h * (_STEPS_AN_HOUR + 60))
    bill.add(prices.API_REQUEST, "samples and admissions", beacons + usage.admissions)
    bill.add(prices.QUEUE_REQUEST, "samples", beacons * (1 + 0.2) + usage.open_h * _STEPS_AN_HOUR)
    written, read = _PER_ADMISSION
    steps = usage.open_h * _STEPS_AN_HOUR * len(args.rooms)
    bill.add(prices.DB_WRITE, "admissions and steps", usage.admissions * written + steps * 2)
    bill.add(prices.DB_READ, "admissions and steps", usage.admissions * read + steps * 4)
    bill.function("admit", calls=usage.admissions, seconds=usage.admit_s, memory_mb=defaults.MEMORY_MB)
    # The controller's runs last until their fourth step.
    bill.function("controller", calls=usage.open_h * 60, seconds=45 + _STEP_S, memory_mb=defaults.MEMORY_MB)
    bill.add(prices.SECRET, "keys", 1, idle=True)
    bill.add(prices.SECRET_REQUEST, "keys, read", usage.open_h * (_STEPS_AN_HOUR + 120))
    bill.watching(
        alarms=alarms(args),
        log_gb=gb(kb=(2 * usage.admissions + beacons + usage.open_h * 60) * usage.log_kb),
        log_months=usage.log_months,
        traces=usage.admissions * usage.traced + usage.open_h * 60,
    )
    return bill


def alarms(args: VirtualWaitingRoomArgs) -> int:
    """Errors of two functions, samples that were given up, and errors of a distribution of its own."""
    return 3 + (args.origin is not None)
