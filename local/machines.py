"""Draw the definition of a state machine as a Mermaid flowchart: what it calls, and where it goes from there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_LONGEST = 48
"""Characters of a condition that fit on an arrow."""

_BOX = '["{}"]'
_FAILED = '(["{}"]):::failed'
_SHAPES = {
    "Choice": '{{"{}"}}',
    "Succeed": '(["{}"])',
    "Wait": '>"{}"]',
}


def draw(file: Path) -> str:
    """A Markdown block with the flowchart of one definition.

    Dotted arrows are failures that remain after all retries; a box holds what a Map does for each item, or the branches
    of a Parallel state. Dashed states name a failure: what they all go to is drawn once.
    """
    machine = json.loads(file.read_text(encoding="utf-8"))
    lines = ["flowchart TD", "  classDef failed stroke-dasharray:4", "  start((start)) --> " + _id(machine["StartAt"])]
    return "\n".join(["```mermaid", *lines, *_level(machine["States"], "  "), "```"]) + "\n"


def _level(states: Mapping[str, Any], indent: str) -> Iterator[str]:
    named = _named_failures(states)
    for name, state in states.items():
        yield from _node(name, state, indent, failed=name in named)
    for name, state in states.items():
        if name not in named:
            yield from (f"{indent}{_id(name)} {arrow} {_id(target)}" for arrow, target in _arrows(state))
    for target in dict.fromkeys(states[name]["Next"] for name in named if "Next" in states[name]):
        if target not in named:
            yield f'{indent}{_id(target)}_from(["each dashed state"]):::failed --> {_id(target)}'


def _named_failures(states: Mapping[str, Any]) -> set[str]:
    """Fail states that others go to with their own name, and Pass states from which every way leads to one."""
    failing = {name for name, state in states.items() if state["Type"] == "Fail"}
    while more := {
        name
        for name, state in states.items()
        if name not in failing and (ways := [to for _, to in _arrows(state)]) and failing.issuperset(ways)
    }:
        failing |= more
    return {name for name in failing if states[name]["Type"] in ("Pass", "Fail")}


def _node(name: str, state: Mapping[str, Any], indent: str, *, failed: bool) -> Iterator[str]:
    label = _text("<br/>".join((name, *_work(state))))
    if state["Type"] not in ("Map", "Parallel"):
        shape = _FAILED if failed else _SHAPES.get(state["Type"], _BOX)
        yield indent + _id(name) + shape.format(label)
        return
    each = "for each item" if state["Type"] == "Map" else "at once"
    yield f'{indent}subgraph {_id(name)} ["{_text(name)}: {each}"]'
    for inner in state.get("Branches", [state.get("ItemProcessor", state.get("Iterator"))]):
        yield from _level(inner["States"], indent + "  ")
    yield f"{indent}end"


def _work(state: Mapping[str, Any]) -> Iterator[str]:
    """What a state does, in a few words."""
    if state["Type"] == "Task":
        integration = state["Resource"].partition(":states:::")[2].removeprefix("aws-sdk:") or state["Resource"]
        arguments = state.get("Arguments") or state.get("Parameters") or {}
        if integration.startswith("lambda:invoke"):
            yield f"λ {arguments.get('FunctionName', 'computed')}"
        else:
            yield integration.replace(":", " ", 1)
    elif state["Type"] == "Wait" and "Seconds" in state:
        yield f"{_plain(state['Seconds'])} s"


def _arrows(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in state.get("Choices", ()):
        yield f'-->|"{_text(_condition(rule))}"|', rule["Next"]
    if "Default" in state:
        yield '-->|"else"|', state["Default"]
    if "Next" in state:
        yield "-->", state["Next"]
    for catcher in state.get("Catch", ()):
        errors = [error.removeprefix("States.") for error in catcher["ErrorEquals"]]
        yield "-.->" if errors == ["ALL"] else f'-.->|"{_text(", ".join(errors))}"|', catcher["Next"]


def _condition(rule: Mapping[str, Any]) -> str:
    """A rule in one line; JSONPath's as `variable comparison value`."""
    text = rule.get("Condition")
    if text is None:
        compared = {key: value for key, value in rule.items() if key not in ("Next", "Assign", "Output", "Comment")}
        text = " ".join(str(value) if key == "Variable" else f"{key} {value}" for key, value in compared.items())
    text = _plain(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _plain(value: Any) -> str:
    """A value, or the expression that computes it."""
    return re.sub(r"^\{%\s*|\s*%\}$", "", str(value))


def _id(name: str) -> str:
    """Mermaid keeps some words (`end`) to itself, and takes few characters."""
    return "s_" + re.sub(r"\W", lambda found: f"_{ord(found[0]):x}", name)


def _text(text: str) -> str:
    """As a label: placeholders by their names, and nothing that Mermaid would read itself."""
    return re.sub(r"\$\{(\w+)\}", r"\1", text).replace("&", "#amp;").replace('"', "#quot;")
