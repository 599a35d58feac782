"""Filter patterns of the local AWS mean what CloudWatch Logs' page says."""

from __future__ import annotations

import json

import pytest

from local.emulator.watch.patterns import BadPattern, compiled, value

LINE = json.dumps(
    {
        "status": 429,
        "path": "/items/{id}",
        "error": "THROTTLED",
        "slow": True,
        "none": None,
        "who": [{"ip": "10.1.2.3"}],
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("{ $.status = 429 }", True),
        ("{ $.status != 429 }", False),
        ("{$.status>=400&&$.status<500}", True),
        ("{ $.status >= 500 }", False),
        ('{ $.error = "THROTTLED" }', True),
        ("{ $.error = THROTTLED }", True),
        ("{ $.error = throttled }", False),
        ("{ $.error = THR* }", True),
        ('{ $.path = "/items/*" }', True),
        ("{ $.who[0].ip = 10.1.* }", True),
        ("{ $.who[1].ip = 10.1.* }", False),
        ("{ $.slow IS TRUE }", True),
        ("{ $.none IS NULL }", True),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.missing != 1 }", False),
        ('{ $.error = "429" }', False),
        ("{ $.status = 500 || $.status = 429 && $.error = X }", False),
        ("{ ($.status = 500 || $.status = 429) && $.error = THROTTLED }", True),
    ],
)
def test_conditions_on_json(pattern: str, matches: bool) -> None:
    assert compiled(pattern)(LINE) is matches


def test_a_condition_on_json_matches_no_other_line() -> None:
    assert not compiled("{ $.status = 429 }")("status 429")
    assert not compiled("{ $.status = 429 }")("[429]")


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR disk", "disk ERROR", True),
        ("ERROR disk", "ERROR", False),
        ('"Task timed out"', "Task timed out after 3 s", True),
        ('"Task timed out"', "timed out Task", False),
        ("ERROR -retry", "ERROR retry", False),
        ('?ERROR ?"timed out"', "Task timed out", True),
        ("?ERROR ?WARN", "INFO", False),
    ],
)
def test_terms_of_a_line(pattern: str, line: str, matches: bool) -> None:
    assert compiled(pattern)(line) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a",
        "{ a = 1 }",
        "{ $.a = }",
        "{ $.a > x }",
        "{ $.a IS 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1 2 }",
        "[ip, user]",
        "%x%",
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


def test_a_selector_names_a_value() -> None:
    assert value("$.who[0].ip", LINE) == "10.1.2.3"
    assert value("$.nothing", LINE) is None
    assert value("$.status", "no JSON") is None
