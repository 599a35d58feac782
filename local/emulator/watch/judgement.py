"""Which state an alarm is in, from the datapoints of its periods: no clock and no store of its own."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_BREACHES = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Verdict:
    """A state of an alarm and the reason that it tells."""

    state: str
    reason: str


def judge(alarm: dict[str, Any], values: Sequence[float | None]) -> Verdict:
    """Judge the statistic of each evaluated period, newest first; None where there was no datapoint.

    An alarm goes off when as many periods breach as it says. A period without a datapoint counts as good, as bad, or
    not at all, and without any datapoint an alarm keeps its state or has too little to tell.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    breaches = _BREACHES[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData") or "missing"
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    threshold = alarm["Threshold"]
    bad = sum(missing == "breaching" if value is None else bool(breaches(value, threshold)) for value in values)
    known = [value for value in values if value is not None]
    if bad >= needed:
        return Verdict("ALARM", _crossed(bad, len(values), known, alarm))
    if known or missing in ("breaching", "notBreaching"):
        return Verdict("OK", _crossed(bad, len(values), known, alarm))
    if missing == "ignore":
        return Verdict(alarm["StateValue"], alarm["StateReason"])
    return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {len(values)} datapoints were unknown.")


def _crossed(bad: int, periods: int, known: list[float], alarm: dict[str, Any]) -> str:
    return (
        f"Threshold Crossed: {bad} out of the last {periods} datapoints {known} "
        f"were {alarm['ComparisonOperator']} ({alarm['Threshold']})."
    )
