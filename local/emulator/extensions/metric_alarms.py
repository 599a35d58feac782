"""Alarms judge their own metric, period by period, and go on judging.

On AWS an alarm looks at the one metric with exactly its dimensions, counts the periods that breach, treats missing data
as it says, and is evaluated every minute, whatever is called
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
The stock server takes all metrics of the name together whatever their dimensions, has one period, passes over
TreatMissingData and DatapointsToAlarm, and judges only when a metric or an alarm is put.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from ministack.core import responses
from ministack.services import cloudwatch

from local.emulator import frame
from local.emulator.event_sources import threads
from local.emulator.frame import Server
from local.emulator.watch import queues
from local.emulator.watch.judgement import judge

NAME = "metric_alarms"
EVERY_SECONDS = 1

_log = logging.getLogger("cloudwatch")


def install(server: Server) -> None:
    for name in ("_alarms", "_dims_key", "_dispatch_alarm_actions", "_evaluate_parent_alarms", "_record_history"):
        frame.require(NAME, cloudwatch, name)
    frame.replace(NAME, cloudwatch, "_evaluate_alarm", "alarm", lambda original: evaluate)
    threads.start(NAME, _keep_watching)


def evaluate(alarm: dict[str, Any]) -> None:
    """Judge one alarm of the current account and region, and tell its actions when its state changes."""
    before, verdict = alarm["StateValue"], judge(alarm, _values(alarm, time.time()))
    if verdict.state == before:
        return
    alarm.update(StateValue=verdict.state, StateReason=verdict.reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, verdict.state, verdict.reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, verdict.state, verdict.reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _values(alarm: dict[str, Any], now: float) -> list[float | None]:
    """The statistic of each period, newest first. Periods end now, so that nobody waits for a full minute."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    stored = list(cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or [])
    period, unit = alarm["Period"], alarm.get("Unit")
    since = now - period * alarm["EvaluationPeriods"]
    points = [point for point in stored if point["Timestamp"] > since and unit in (None, point.get("Unit"))]
    parts: list[list[dict[str, Any]]] = [[] for _ in range(alarm["EvaluationPeriods"])]
    for point in points:
        age = int((now - point["Timestamp"]) // period)
        if 0 <= age < len(parts):
            parts[age].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [cloudwatch._stat_value(cloudwatch._calc_stats(part), statistic, part) if part else None for part in parts]


def _keep_watching() -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        try:
            queues.look()
            _evaluate_everything()
        except Exception:
            _log.exception("alarms")


def _evaluate_everything() -> None:
    for (account, region, _), alarm in cloudwatch._alarms.all_items():
        with responses.request_scope(account, region):
            evaluate(alarm)
