"""Exercises of the event log: what becomes of events, and of what is none or can't be handled."""

from __future__ import annotations

import functools
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.prove.ear import ear
from local.prove.event_log import EventLog, Watch, event
from local.prove.exercise import Exercise
from local.prove.exercises import projections
from local.prove.functions import refuse
from local.prove.removal import without
from local.tour.guide import Guide, TourError

_FUNCTIONS: Final = ("ingest", "projector", "replay-prepare", "replay-segment", "replay-verify")
_TOLD_S: Final = 6
"""How long one waits for what happens within a second."""


def _quarantine(guide: Guide) -> None:
    """Say nonsense: it waits in the quarantine with the reason."""
    log = EventLog(guide)
    nonsense, watch = _playback(type="playback.imagined"), Watch(log, ("ingest",))
    log.append(nonsense)
    found = functools.partial(log.letter, "quarantine", nonsense["id"])
    letter = watch.await_("what is no event is not in the quarantine", found)
    guide.expect(letter["reason"] == "unknown-type", f"an unknown type is quarantined for {letter['reason']}")


def _discard_from_the_log(guide: Guide) -> None:
    """A record that can't even be quarantined is given up, and its place in the log is noted."""
    log = EventLog(guide)
    quarantine = log.arn("sqs", log.part("quarantine"))
    with log.retries("ingest", 0), without(guide, log.role("ingest"), "sqs:SendMessage", quarantine):
        [place] = log.append(_playback(type="playback.imagined"))
        _await_letter(log, "ingest-discarded", place)


def _discard_from_the_table(guide: Guide) -> None:
    """An event that is damaged where it is kept is given up by the projector, and its place is noted."""
    log, dynamodb, damaged = EventLog(guide), guide.aws("dynamodb"), _playback()
    table, key = log.table("events"), {"aggregate": {"S": damaged["aggregate"]}, "sequence": {"N": "1"}}
    texts = {name: {"S": damaged[name]} for name in ("id", "type", "time")}
    with log.retries("projector", 0):
        dynamodb.put_item(TableName=table, Item={**key, **texts, "version": {"N": "1"}, "correlation": texts["id"]})
        try:
            place = guide.await_("the table's stream lacks an event", lambda: log.place(damaged["id"]), _TOLD_S)
            _await_letter(log, "projector-discarded", place)
        finally:
            dynamodb.delete_item(TableName=table, Key=key)


def _change(guide: Guide) -> None:
    """Another domain hears of an event."""
    log, appended = EventLog(guide), _playback()
    with ear(guide, log.part("changes"), {"detail": {"aggregate": [appended["aggregate"]]}}) as domain:
        log.append(appended)
        guide.await_("no other domain hears of an event", lambda: domain.heard(appended["id"]), _TOLD_S)


def _discard_from_the_pipe(guide: Guide) -> None:
    """What the bus refuses is given up by the pipe, and its place in the table's stream is noted."""
    log, appended = EventLog(guide), _playback()
    bus = log.arn("events", f"event-bus/{log.part('changes')}")
    with _one_attempt(log), without(guide, log.role("changes"), "events:PutEvents", bus):
        log.append(appended)
        place = guide.await_("the table's stream lacks an event", lambda: log.place(appended["id"]), _TOLD_S)
        _await_letter(log, "changes-discarded", place)


@contextmanager
def _one_attempt(log: EventLog) -> Iterator[None]:
    """Let the pipe give up after its first attempt."""
    pipes, name = log.guide.aws("pipes"), log.part("changes")
    pipe = pipes.describe_pipe(Name=name)
    before = {**pipe["SourceParameters"]["DynamoDBStreamParameters"]}
    del before["StartingPosition"]

    def change(**changed: Any) -> None:
        parameters = {"DynamoDBStreamParameters": {**before, **changed}}
        pipes.update_pipe(Name=name, RoleArn=pipe["RoleArn"], SourceParameters=parameters)

    change(MaximumRetryAttempts=0)
    try:
        yield
    finally:
        change()


def _shut_out_of_the_log(guide: Guide) -> None:
    """Who could not read the log for a while goes on where it was."""
    log, appended = EventLog(guide), _playback()
    with log.shut_out("ingest", "kinesis", log.arn("kinesis", f"stream/{log.part('log')}")):
        log.append(appended)
    watch = Watch(log, ("ingest",))
    watch.await_("ingest doesn't go on where it was", lambda: log.place(appended["id"]), _TOLD_S)


def _shut_out_of_the_table(guide: Guide) -> None:
    """So does the projector."""
    log, title = EventLog(guide), f"The talk, take {uuid.uuid4()}"
    with log.shut_out("projector", "dynamodb", _changes(log)):
        log.append(_playback(payload={"title": title}))
    watch = Watch(log, ("projector",))
    watch.await_("the projector doesn't go on where it was", lambda: log.read("views_by_title", title), _TOLD_S)


def _shut_out_of_the_pipe(guide: Guide) -> None:
    """So does the pipe."""
    log, appended = EventLog(guide), _playback()
    with ear(guide, log.part("changes"), {"detail": {"aggregate": [appended["aggregate"]]}}) as domain:
        with log.shut_out("changes", "dynamodb", _changes(log)):
            log.append(appended)
        guide.await_("the pipe doesn't go on where it was", lambda: domain.heard(appended["id"]), _TOLD_S)


def _close(guide: Guide) -> None:
    """The scheduler says in the log that a day is over: the day before is closed."""
    log = EventLog(guide)
    come = log.tail()
    with _tick(log) as moment:

        def said() -> bool | None:
            if log.letter("closing-undelivered", moment):
                raise TourError("the log doesn't take what the scheduler says")
            return come("day.closed", moment)

        guide.await_("the scheduler doesn't say that a day is over", said, _TOLD_S)
    day = (datetime.fromisoformat(moment) - timedelta(days=1)).date().isoformat()
    guide.await_("the day before is not closed", lambda: _closed(log, day), _TOLD_S)


def _closed(log: EventLog, day: str) -> bool | None:
    answer = log.read("daily_sales", day)
    return bool(answer and answer["state"]["closed"]) or None


def _close_in_vain(guide: Guide) -> None:
    """What the log doesn't take of the scheduler waits in a queue."""
    log = EventLog(guide)
    stream = log.arn("kinesis", f"stream/{log.part('log')}")
    with without(guide, log.role("closing"), "kinesis:PutRecord", stream), _tick(log) as moment:
        _await_letter(log, "closing-undelivered", moment)


@contextmanager
def _tick(log: EventLog) -> Iterator[str]:
    """Let the deployed schedule's twin tick once, in a moment; when it will."""
    scheduler, name, twin = log.guide.aws("scheduler"), log.part("closing"), f"prove-{uuid.uuid4().hex[:8]}"
    schedule = scheduler.get_schedule(Name=name, GroupName=name)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        Name=twin,
        GroupName=name,
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow=schedule["FlexibleTimeWindow"],
        Target=schedule["Target"],
    )
    try:
        yield f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    finally:
        scheduler.delete_schedule(Name=twin, GroupName=name)


def _subscribe(guide: Guide) -> None:
    """What another domain says is kept."""
    log = EventLog(guide)
    title = _say(log)

    def kept() -> dict[str, Any] | None:
        if log.letter("video-published-undelivered", title):
            raise TourError("the log doesn't take what another domain says")
        return log.read("views_by_title", title)

    guide.await_("what another domain says isn't kept", kept, _TOLD_S)


def _subscribe_in_vain(guide: Guide) -> None:
    """What another domain says and the log doesn't take waits in a queue."""
    log = EventLog(guide)
    stream = log.arn("kinesis", f"stream/{log.part('log')}")
    with without(guide, log.role("video-published"), "kinesis:PutRecord", stream):
        _await_letter(log, "video-published-undelivered", _say(log))


def _say(log: EventLog) -> str:
    """Publish a video, as the domain does to which the rule listens; its title."""
    events, bus, title = log.guide.aws("events"), log.part("changes"), f"The talk, take {uuid.uuid4()}"
    rule = events.describe_rule(Name=log.part("video-published"), EventBusName=bus)
    wanted = json.loads(rule["EventPattern"])
    detail = {"version": 1, "run": secrets.token_hex(32), "title": title}
    [source], [kind] = wanted["source"], wanted["detail-type"]
    entry = {"EventBusName": bus, "Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
    events.put_events(Entries=[entry])
    return title


def _log(guide: Guide, *, function: str) -> None:
    """A function that starts anew, and can do nothing with what it is given, says so in its log."""
    refuse(guide, EventLog(guide).part(function))


def _playback(**fields: Any) -> dict[str, Any]:
    return {**event("playback.started", 1, {"title": "The talk"}), **fields}


def _changes(log: EventLog) -> str:
    """The stream of the event table, as roles are granted it."""
    return log.arn("dynamodb", f"table/{log.table('events')}/stream/*")


def _await_letter(log: EventLog, queue: str, words: str) -> None:
    log.guide.await_(f"nothing waits in {queue}", lambda: log.letter(queue, words), _TOLD_S)


def _tidy(guide: Guide) -> None:
    EventLog(guide).settle()


def _tidy_table(guide: Guide) -> None:
    """A damaged event that the projector hasn't met yet blocks the others no longer than one attempt takes."""
    log = EventLog(guide)
    with log.retries("projector", 0):
        log.settle()


def _exercise(name: str, run: Callable[[Guide], None], tidy: Callable[[Guide], None] = _tidy) -> Exercise:
    return Exercise(name=f"events.{name}", needs="events_replay", run=run, tidy=tidy)


EXERCISES: tuple[Exercise, ...] = (
    *projections.EXERCISES,
    _exercise("quarantine", _quarantine),
    _exercise("discard-from-the-log", _discard_from_the_log),
    _exercise("discard-from-the-table", _discard_from_the_table, _tidy_table),
    _exercise("change", _change),
    _exercise("discard-from-the-pipe", _discard_from_the_pipe),
    _exercise("shut-out-of-the-log", _shut_out_of_the_log),
    _exercise("shut-out-of-the-table", _shut_out_of_the_table),
    _exercise("shut-out-of-the-pipe", _shut_out_of_the_pipe),
    _exercise("close", _close),
    _exercise("close-in-vain", _close_in_vain),
    _exercise("subscribe", _subscribe),
    _exercise("subscribe-in-vain", _subscribe_in_vain),
    *(_exercise(f"log-of-{function}", functools.partial(_log, function=function)) for function in _FUNCTIONS),
)
