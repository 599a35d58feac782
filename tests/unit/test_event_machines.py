"""The event log's state machines: what each definition must hold beside what `StateMachine` asks of all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import components

FOLDER = Path(components.__file__).parent / "event_sourcing"
MACHINES = ("read_projection", "replay")
NUMBERS = {"LastSegment", "CatchUpLimit", "MaxPasses"}
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def text(machine: str) -> str:
    return (FOLDER / f"{machine}.asl.json").read_text()


def successors(state: dict[str, Any]) -> set[str]:
    choices = [rule["Next"] for rule in (*state.get("Choices", ()), *state.get("Catch", ()))]
    return {*choices, *(state[name] for name in ("Next", "Default") if name in state)}


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def definition(machine: str) -> dict[str, Any]:
    return json.loads(text(machine))


def test_it_is_jsonata(definition: dict[str, Any]) -> None:
    assert definition["QueryLanguage"] == "JSONata"


def test_no_inner_variable_hides_an_outer_one(definition: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html"""

    def assigned(scope: dict[str, Any]) -> set[str]:
        parts = [
            part for state in scope.values() for part in (state, *state.get("Choices", ()), *state.get("Catch", ()))
        ]
        return {name for part in parts for name in part.get("Assign", ())}

    outer = assigned(definition["States"])
    for state in definition["States"].values():
        if "ItemProcessor" in state:
            assert not outer & assigned(state["ItemProcessor"]["States"])


def test_whatever_fails_once_the_projector_may_be_paused_resumes_it() -> None:
    """Every way from `Pause` to an end goes through `Resume`."""
    scope = json.loads(text("replay"))["States"]
    waiting, seen = ["Pause"], {"Resume"}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            following = successors(scope[name])
            if name in ("Abandon", "CaughtUp?"):  # both look at `paused`, which is true from here on
                following = {scope[name]["Choices"][0]["Next"]}
                assert scope[name]["Choices"][0]["Condition"] == "{% $paused %}"
            waiting += following
    assert not {name for name in seen if not successors(scope[name])}


def test_what_stands_for_text_is_quoted_and_what_stands_for_a_number_is_not(machine: str) -> None:
    filled = SUBSTITUTION.sub(lambda found: "7" if found[1] in NUMBERS else "name", text(machine))
    expressions = re.findall(r"\{%.*?%\}", filled)
    assert all(re.search(r"\bname\b", re.sub(r"'[^']*'", "", one)) is None for one in expressions)
