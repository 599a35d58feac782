"""Schedules call their target in time, under their role.

On AWS a schedule's target is called with the schedule's execution role, which must trust the schedule group
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html), with context
attributes in its input; times are those of the schedule's zone, and what fails goes to a dead-letter queue
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
The stock server looks every ten seconds, in UTC, calls without any role, fills in nothing, and never reaches buses or
streams. Here, what isn't done is refused.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core import responses
from ministack.services import eventbridge, scheduler

from local.emulator import frame, principals
from local.emulator.event_sources import threads
from local.emulator.event_sources.schedule_times import Times
from local.emulator.event_sources.schedules import Invocation, Schedule
from local.emulator.frame import Server

NAME = "schedules"
SERVICE = "scheduler.amazonaws.com"
TARGETS = {
    "events": "EventBridgeParameters",
    "kinesis": "KinesisParameters",
    "lambda": None,
    "sqs": "SqsParameters",
    "states": None,
}
_TICK_SECONDS = 0.5
_ANY_TARGET = {"Arn", "DeadLetterConfig", "Input", "RetryPolicy", "RoleArn"}

_due: dict[Any, tuple[float, float | None]] = {}
"""For each schedule: the modification that it was planned for, and when it is due next."""


def install(server: Server) -> None:
    for name in ("_parse_rate_seconds", "_parse_cron_fields", "_cron_next_fire"):
        frame.require(NAME, eventbridge, name)
    for name in ("_schedules", "_schedule_groups", "_to_epoch", "_SCHEDULE_TICK_INTERVAL"):
        frame.require(NAME, scheduler, name)
    scheduler._SCHEDULE_TICK_INTERVAL = _TICK_SECONDS
    frame.replace(NAME, scheduler, "_create_schedule", "name body", _checked)
    frame.replace(NAME, scheduler, "_update_schedule", "name body", _checked)
    frame.replace(NAME, scheduler, "_tick_schedules", "", lambda original: lambda: _tick(server))


def _checked(original: Any) -> Any:
    def write(name: str, body: dict[str, Any]) -> Any:
        problem = _problem(body)
        if problem:
            return scheduler._error(400, "ValidationException", problem)
        return original(name, body)

    return write


def _tick(server: Server) -> None:
    """Start whatever is due."""
    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        try:
            _look_at(key, schedule, now, server)
        except ValueError:  # it was restored from elsewhere and never checked
            continue
    for key in _due.keys() - scheduler._schedules._data.keys():
        _due.pop(key, None)


def _look_at(key: Any, schedule: Schedule, now: float, server: Server) -> None:
    times = Times(schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"])
    version, due = _due.get(key, (None, None))
    if version != schedule["LastModificationDate"]:
        due = times.first(max(scheduler._to_epoch(schedule["StartDate"]) or 0, schedule["LastModificationDate"]))
    end = scheduler._to_epoch(schedule["EndDate"])
    over = due is None or (end is not None and due > end)
    if not over and due <= now and schedule["State"] == "ENABLED":
        invocation = Invocation(dict(schedule), due, server.endpoint)
        threads.start(f"schedule-{schedule['Name']}", invocation.run)
        due = _skip_missed(times, due, now)
        over = due is None
    _due[key] = (schedule["LastModificationDate"], due)
    if over and schedule["ActionAfterCompletion"] == "DELETE":
        scheduler._schedules._data.pop(key, None)


def _skip_missed(times: Times, due: float, now: float) -> float | None:
    """The next moment that is not over yet: a server that was asleep doesn't make up for what it missed."""
    following = times.after(due)
    while following is not None and following <= now:
        following = times.after(following)
    return following


def _problem(body: dict[str, Any]) -> str | None:
    """Why Scheduler refuses the schedule, or that the local AWS couldn't run it; the rest is found by the server."""
    target = body.get("Target") or {}
    if not target.get("Arn") or not target.get("RoleArn") or not body.get("ScheduleExpression"):
        return None
    try:
        Times(body["ScheduleExpression"], body.get("ScheduleExpressionTimezone") or "UTC")
    except ValueError as error:
        return str(error)
    if (body.get("FlexibleTimeWindow") or {}).get("Mode") != "OFF" or body.get("KmsKeyArn"):
        return "A flexible time window and a customer key are not available on the local AWS."
    group = f"arn:aws:scheduler:{responses.get_region()}:{responses.get_account_id()}:schedule-group/" + (
        body.get("GroupName") or "default"
    )
    if not principals.assumable(target["RoleArn"], SERVICE, group):
        return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    return _target_problem(target)


def _target_problem(target: dict[str, Any]) -> str | None:
    service = target["Arn"].split(":")[2]
    if service not in TARGETS or (service == "events" and ":event-bus/" not in target["Arn"]):
        return f"Target {target['Arn']} is not available on the local AWS: it calls {', '.join(TARGETS)}."
    parameters = TARGETS[service]
    unknown = sorted(target.keys() - _ANY_TARGET - {parameters})
    if unknown:
        return f"{', '.join(unknown)} don't fit the target {target['Arn']}."
    needed = service in ("events", "kinesis") or target["Arn"].endswith(".fifo")
    return f"{parameters} is required for the target {target['Arn']}." if needed and parameters not in target else None
