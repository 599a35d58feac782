"""Input templates and dynamic path parameters of pipes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html#pipes-targets-dynamic-parms
"""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

_PLACE = re.compile(r"<(\$[^<>]*|aws\.pipes\.[\w.-]+)>")
_STRING_OR_PLACE = re.compile(rf'"(?:\\.|[^"\\])*"|{_PLACE.pattern}')
_STEP = re.compile(r"\.([\w/-]+)|\[(\d+)\]")
"""AWS's page lists wildcards, too; those who tried them met errors, so here they are refused."""
_NOTHING = "\ufdd0nothing"
"""Stands for a variable that isn't there, until its key is left out; no text of an event has this character."""

Names = dict[str, Any]
"""Values of reserved variables by name."""


class TemplateError(ValueError):
    """A template or path that pipes don't take, or that finds nothing it can use in an event."""


def payload(template: str | None, event: Any, names: Names) -> Any:
    """What is sent on for an event: itself without a template, else what the template makes of it.

    A variable that stands alone is quoted when it is text, and is left out with its key when the event lacks it. A
    variable within a string is put in as it is: AWS escapes nothing, and takes the quotes out of objects and arrays.
    So text with a quote in it makes no JSON, as on AWS; `{"key": <$.object>}` is how such text travels.
    Raises TemplateError when the outcome is no JSON.
    """
    if not template:
        return event

    def inside(found: re.Match[str]) -> str:
        value = _value(found[1], event, names)
        if value is None:
            return ""
        return value if isinstance(value, str) else _compact(value).replace('"', "")

    def anywhere(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return _PLACE.sub(inside, found[0])
        value = _value(found[1], event, names)
        if value is None:
            return f'"{_NOTHING}"'
        return f'"{value}"' if isinstance(value, str) else _compact(value)

    try:
        return _without_nothing(json.loads(_STRING_OR_PLACE.sub(anywhere, template)))
    except ValueError as error:
        raise TemplateError(f"the input template makes no JSON of this event: {error}") from None


def parameter(value: str, event: Any) -> str:
    """A target parameter, read from the event when it is a path; raises TemplateError when it finds nothing."""
    if not value.startswith("$."):
        return value
    found = look_up(value, event)
    if found is None:
        raise TemplateError(f"{value} finds nothing in the event")
    return found if isinstance(found, str) else _compact(found)


def look_up(path: str, event: Any) -> Any:
    """What is at a path such as `$.a.b[0]`, or None. Raises TemplateError for a path that pipes don't take."""
    value = event
    for step in _steps(path):
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def check(text: str) -> None:
    """Raises TemplateError when a template or parameter has a path that pipes don't take."""
    paths = [text] if text.startswith("$.") else [place for place in _PLACE.findall(text) if place.startswith("$")]
    for path in paths:
        _steps(path)


def reserved(pipe: dict[str, Any], event: Any) -> Names:
    """The reserved variables of a pipe for an event."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "aws.pipes.pipe-arn": pipe["Arn"],
        "aws.pipes.pipe-name": pipe["Name"],
        "aws.pipes.source-arn": pipe["Source"],
        "aws.pipes.target-arn": pipe["Target"],
        "aws.pipes.event.ingestion-time": now,
        "aws.pipes.event": event,
        "aws.pipes.event.json": event,
    }


def _value(place: str, event: Any, names: Names) -> Any:
    if place.startswith("$"):
        return look_up(place, event)
    if place not in names:
        raise TemplateError(f"<{place}> is no variable of pipes")
    return names[place]


def _steps(path: str) -> list[str]:
    rest, steps = path[1:], []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise TemplateError(f"{path} is no path that pipes take")
        rest = rest[step.end() :]
        steps.append(step[1] or step[2])
    return steps


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nothing(content) for name, content in value.items() if content != _NOTHING}
    if isinstance(value, list):
        return [_without_nothing(content) for content in value if content != _NOTHING]
    return None if value == _NOTHING else value
