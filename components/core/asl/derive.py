"""The permissions of a machine's role, from its definition: each state's actions on what its parameters name.

Where a parameter is computed (`{% … %}`, `X.$`, a substitution that AWS has yet to make), nobody can know before an
execution runs what is called: the program says it by the state's name, and is held to the actions that the state needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..naming import Names
from ..permissions import Permission
from .calls import Call, Computed, Target, once
from .definition import PLACEHOLDER, Definition, State
from .integrations import DISTRIBUTED_MAP, INTEGRATIONS, JOB, MAP_PARTS
from .needs import Integration, Need

Given = Mapping[str, Permission | Sequence[Permission]]
"""State → what it may do, where its parameters don't say it."""

_SERVICE = re.compile(r"arn:[\w-]+:states:::(.+?)((?:\.sync(?::2)?|\.waitForTaskToken)?)")
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?")
_ACTIVITY = re.compile(r"arn:[\w-]+:states:[\w-]+:\d{12}:activity:\S+")
_DIRECT = "lambda:invoke"


@dataclass
class _Wanted:
    """What one state needs: known by its parameters, or asked of the program."""

    known: list[Permission] = field(default_factory=list)
    asked: list[tuple[Need, Computed]] = field(default_factory=list)
    """With the parameter that is computed."""


def permissions(definition: Definition, given: Given, *, names: Names, machine: str) -> tuple[Permission, ...]:
    """Each permission once, in the order of the first state that needs it; its `because` names all that do.

    `machine` is the ARN of the machine itself. Raises ValueError, naming each state, when an integration isn't known,
    when a parameter is computed and `given` lacks the state, and when `given` holds more, less or other than it needs.
    """
    granted: list[tuple[str, Permission]] = []
    strangers = dict.fromkeys(given)
    problems: list[str] = []
    for state in definition.states():
        strangers.pop(state.name, None)
        own = _listed(given.get(state.name, ()))
        try:
            wanted = _wanted(state, names, machine)
        except ValueError as error:
            problems.append(f"{state.name}: {error}")
            continue
        problems.extend(f"{state.name}: {problem}" for problem in _held_to(state.name, wanted, own))
        granted += ((state.name, permission) for permission in (*wanted.known, *own))
    problems.extend(f"resources names {name!r}, which is no state" for name in strangers)
    if problems:
        raise ValueError("\n  ".join([f"{definition.label}:", *problems]))
    return _merged(definition.label, granted)


def _wanted(state: State, names: Names, machine: str) -> _Wanted:
    wanted = _Wanted()
    for integration, call in _calls(state, names, machine):
        for refused in integration.refused:
            if isinstance(call.arguments, Mapping) and refused in call.arguments:
                raise ValueError(f"{call.integration} with {refused} would need more permissions, which aren't known")
        for need in (*integration.needs, *(integration.job if call.pattern in JOB else ())):
            try:
                wanted.known += _permitted(need, once(need.on(call)))
            except Computed as computed:
                wanted.asked.append((need, computed))
    return wanted


def _calls(state: State, names: Names, machine: str) -> Iterator[tuple[Integration, Call]]:
    """The calls that a state makes."""
    if state.type == "Task":
        yield from _task(state, names, machine)
    if state.distributed:
        yield DISTRIBUTED_MAP, Call("a distributed Map", "", {}, names, machine)
    for part, rows in MAP_PARTS.items():
        resource = state.body.get(part, {}).get("Resource")
        if resource:
            integration, pattern = _integration(resource)
            if integration not in rows or pattern:
                raise ValueError(f"{part} by {resource} is not known: {', '.join(rows)} are")
            yield rows[integration], Call(integration, "", state.arguments(part), names, machine)


def _task(state: State, names: Names, machine: str) -> Iterator[tuple[Integration, Call]]:
    resource = state.body.get("Resource", "")
    if "Credentials" in state.body:
        raise ValueError("Credentials name another role, whose permissions can't be derived")
    if _ACTIVITY.fullmatch(resource):
        return  # its worker asks for the work: https://docs.aws.amazon.com/step-functions/latest/dg/activities-iam.html
    if _FUNCTION.fullmatch(resource):
        yield INTEGRATIONS[_DIRECT], Call(_DIRECT, "", {"FunctionName": resource}, names, machine)
        return
    if PLACEHOLDER.search(resource):
        raise ValueError(f"Resource {resource} is not known when the program runs")
    integration, pattern = _integration(resource)
    row = INTEGRATIONS.get(integration)
    if row is None:
        raise ValueError(f"the integration {resource} is not known; asl/integrations.py lists those that are")
    if pattern and pattern not in row.patterns:
        raise ValueError(f"{integration} can't be called with {pattern}")
    yield row, Call(integration, pattern, state.arguments(), names, machine)


def _integration(resource: str) -> tuple[str, str]:
    """The integration's name and pattern; a stranger's own text."""
    found = _SERVICE.fullmatch(resource)
    return (found[1], found[2]) if found else (resource, "")


def _permitted(need: Need, targets: Iterable[Target]) -> Iterator[Permission]:
    """One permission for the targets of each condition."""
    groups: list[tuple[Target, list[str]]] = []
    for target in targets:
        for first, arns in groups:
            if first.conditions == target.conditions:
                arns.append(target.arn)
                break
        else:
            groups.append((target, [target.arn]))
    for first, arns in groups:
        yield Permission(actions=need.actions, resources=tuple(arns), conditions=first.conditions, page=need.page)


def _held_to(name: str, wanted: _Wanted, given: Sequence[Permission]) -> Iterator[str]:
    """What is wrong with what the program gives for a state."""
    asked = list(dict.fromkeys(action for need, _ in wanted.asked for action in need.actions))
    if not asked:
        if given:
            yield "its parameters say what it calls: take it out of resources"
        return
    granted = list(dict.fromkeys(action for permission in given for action in permission.actions))
    if not granted:
        reasons = ", ".join(dict.fromkeys(str(computed) for _, computed in wanted.asked))
        yield f'computes {reasons}: give resources={{"{name}": …}}, which grants {", ".join(asked)}'
        return
    sure = [action for need, _ in wanted.asked if need.sure for action in need.actions]
    missing = [action for action in sure if action not in granted]
    if not sure and not set(asked) & set(granted):
        missing = asked
    if missing:
        yield f"needs {', '.join(missing)}, which resources doesn't grant"
    allowed = {*asked, *(action for need, _ in wanted.asked for action in need.also)}
    if surplus := [action for action in granted if action not in allowed]:
        yield f"doesn't need {', '.join(surplus)}, which resources grants"
    for need, computed in wanted.asked:
        for permission in given:
            if set(need.actions) & set(permission.actions) and not _all_within(permission, computed.within):
                yield f"works below {computed.within}, and resources grants {', '.join(permission.resources)}"


def _all_within(permission: Permission, beginning: str) -> bool:
    return all(resource.startswith(beginning) for resource in permission.resources)


def _listed(given: Permission | Sequence[Permission]) -> tuple[Permission, ...]:
    return (given,) if isinstance(given, Permission) else tuple(given)


def _merged(label: str, granted: Iterable[tuple[str, Permission]]) -> tuple[Permission, ...]:
    merged: list[tuple[Permission, list[str]]] = []
    for state, permission in granted:
        for earlier, states in merged:
            if earlier == permission:
                states.append(state)
                break
        else:
            merged.append((permission, [state]))
    return tuple(
        replace(permission, because=f"{_spoken(list(dict.fromkeys(states)))} of {label}")
        for permission, states in merged
    )


def _spoken(states: list[str]) -> str:
    if len(states) == 1:
        return f"state {states[0]}"
    return f"states {', '.join(states[:-1])} and {states[-1]}"
