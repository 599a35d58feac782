"""How the local AWS judges alarms, held against AWS's rules for breaching and missing datapoints."""

from __future__ import annotations

import pytest

from local.emulator.watch.judgement import judge

NONE = None


def alarm(missing: str = "missing", *, periods: int = 3, needed: int | None = None, **more: object) -> dict:
    return {
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 5.0,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": needed,
        "TreatMissingData": missing,
        "StateValue": "OK",
        "StateReason": "as before",
        **more,
    }


@pytest.mark.parametrize(
    ("given", "values", "state"),
    [
        (alarm(), [5, 6, 7], "ALARM"),
        (alarm(), [5, 6, 4], "OK"),
        (alarm(needed=2), [4, 6, 5], "ALARM"),
        (alarm(needed=2), [4, 4, 5], "OK"),
        (alarm("notBreaching"), [NONE, NONE, NONE], "OK"),
        (alarm("notBreaching"), [9, NONE, 9], "OK"),
        (alarm("breaching"), [9, NONE, NONE], "ALARM"),
        (alarm("breaching"), [NONE, NONE, NONE], "ALARM"),
        (alarm("breaching", needed=3), [4, NONE, NONE], "OK"),
        (alarm("missing"), [NONE, NONE, NONE], "INSUFFICIENT_DATA"),
        (alarm("missing"), [NONE, 4, NONE], "OK"),
        (alarm("ignore", StateValue="ALARM"), [NONE, NONE, NONE], "ALARM"),
        (alarm("ignore", StateValue="ALARM"), [4, NONE, NONE], "OK"),
        (alarm(ComparisonOperator="LessThanThreshold", periods=1), [4], "ALARM"),
        (alarm(ComparisonOperator="GreaterThanThreshold", periods=1), [5], "OK"),
        (alarm(ComparisonOperator="LessThanOrEqualToThreshold", periods=1), [5], "ALARM"),
    ],
)
def test_an_alarm_is_in_the_state_that_its_periods_say(given: dict, values: list, state: str) -> None:
    assert judge(given, values).state == state


def test_an_alarm_that_ignores_missing_data_keeps_its_reason() -> None:
    assert judge(alarm("ignore"), [NONE]).reason == "as before"


def test_the_reason_counts_the_periods_and_shows_the_values() -> None:
    assert judge(alarm(needed=2), [6, NONE, 7]).reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [6, 7] were GreaterThanOrEqualToThreshold (5.0)."
    )
