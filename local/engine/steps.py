"""Deciding what to do about one resource: pure of effects, but for asking the provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.engine import paths
from local.engine.changes import Change, changes, top_level
from local.engine.goal import Goal
from local.engine.provider_host import Difference, ProviderHost
from local.engine.resource import Resource
from local.engine.urn import provider_urn
from local.wire import UNKNOWN

Op = Literal["create", "update", "replace", "delete", "same", "read"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a run does about one resource, as people and scripts are told."""

    urn: str
    type: str
    op: Op
    diff: tuple[str, ...] = ()
    """Names of the properties that change."""

    changes: tuple[Change, ...] = ()
    forces: tuple[str, ...] = ()
    """Those of them that force the replacement."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The step for a resource that exists already, and how to replace it if it must be."""

    step: Step
    delete_first: bool = False


def decide(goal: Goal, entry: Resource, old: Resource, host: ProviderHost, *, moved: bool) -> Decision:
    """Compare a resource with its entry in the state. `moved`: another provider manages it from now on."""
    if moved:
        difference = Difference(changed=True, paths=("provider",), replaces=("provider",))
    else:
        asked = host.diff(old, entry.inputs, goal.ignore_changes)
        difference = _replace_on_changes(asked, goal.replace_on_changes)
    names = tuple(top_level(difference.paths or (change.path for change in changes(old.inputs, entry.inputs))))
    details = {
        "urn": entry.urn,
        "type": goal.type,
        "diff": names if difference.changed or difference.replaces else (),
        "changes": tuple(changes(old.inputs, entry.inputs, names)),
    }
    if difference.replaces:
        delete_first = difference.delete_first if goal.delete_before_replace is None else goal.delete_before_replace
        step = Step(op="replace", forces=tuple(top_level(difference.replaces)), **details)
        return Decision(step=step, delete_first=delete_first)
    if difference.changed or old.init_errors:
        return Decision(step=Step(op="update", **details))
    return Decision(step=Step(op="same", urn=entry.urn, type=goal.type))


def ignoring(old: Mapping[str, Any], new: Mapping[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    """`new` with everything that `ignoreChanges` names as it was."""
    result: Any = dict(new)
    for text in ignored:
        result = paths.reset(paths.parse(text), dict(old), result)
    return result


def dependents_to_replace(
    root: Resource,
    entries: Iterable[Resource],
    settled: Collection[str],
    host_of: Callable[[str], ProviderHost],
) -> list[tuple[Resource, tuple[str, ...]]]:
    """What must be deleted before `root` can be, in dependency order, each with the properties that force it.

    That is every transitive dependent which its provider would replace if the inputs that come from replaced
    resources became unknown. `entries` are the state's in dependency order, `settled` the URNs already registered:
    those no longer depend on it. `host_of` gives the provider of a reference.
    """
    reached, replaced = {root.urn}, {root.urn}
    found: list[tuple[Resource, tuple[str, ...]]] = []
    for entry in entries:
        reaches = bool({provider_urn(entry.provider), *entry.dependencies} & reached)
        if not reaches or entry.urn in settled or entry.urn in replaced:
            continue
        reached.add(entry.urn)
        forces = _forced_by(entry, replaced, host_of)
        if forces is not None:
            replaced.add(entry.urn)
            found.append((entry, forces))
    return found


def _forced_by(entry: Resource, replaced: set[str], host_of: Callable[[str], ProviderHost]) -> tuple[str, ...] | None:
    if not entry.custom or entry.external or entry.pending_replacement:
        return None
    if provider_urn(entry.provider) in replaced:
        return ("provider",)
    uncertain = {key for key, urns in entry.property_dependencies.items() if replaced & set(urns)}
    if not uncertain & entry.inputs.keys():
        return None
    news = {key: UNKNOWN if key in uncertain else value for key, value in entry.inputs.items()}
    asked = host_of(entry.provider).diff(entry, news, entry.ignore_changes)
    replaces = _replace_on_changes(asked, entry.replace_on_changes).replaces
    return tuple(top_level(replaces)) if replaces else None


def _replace_on_changes(difference: Difference, patterns: Iterable[str]) -> Difference:
    forcing = [paths.parse(pattern) for pattern in patterns]
    if not difference.changed or not forcing:
        return difference
    added = [path for path in difference.paths if any(paths.covers(pattern, paths.parse(path)) for pattern in forcing)]
    return Difference(
        changed=True,
        paths=difference.paths,
        replaces=tuple(dict.fromkeys([*difference.replaces, *added])),
        delete_first=difference.delete_first,
    )
