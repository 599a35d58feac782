"""Diff: which properties change, by path, and what that takes. Differences of form are none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import provider_pb2

from local.provider import archives
from local.provider.documents import same_json, same_policy
from local.provider.schema import DEFAULTS, Property, TypeFacts
from local.wire import UNKNOWN, Archive, Asset, Reference, contains_unknown, without_secrets

_KINDS = provider_pb2.PropertyDiff
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Change:
    """One property that differs. `path` is a Pulumi property path, such as `tags["cost-centre"]`."""

    path: str
    added: bool
    removed: bool
    replace: bool

    @property
    def top(self) -> str:
        """The input property that the path starts at."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]

    @property
    def kind(self) -> int:
        """The protocol's number for it."""
        if self.added:
            return _KINDS.ADD_REPLACE if self.replace else _KINDS.ADD
        if self.removed:
            return _KINDS.DELETE_REPLACE if self.replace else _KINDS.DELETE
        return _KINDS.UPDATE_REPLACE if self.replace else _KINDS.UPDATE


class Comparison:
    """Old state against new inputs. Archives with a relative path are found from `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def changes(self, facts: TypeFacts, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        """Every difference between the state and the inputs, by the facts of the type."""
        plain_old, plain_new = without_secrets(old), without_secrets(new)
        found: list[Change] = []
        for name, prop in facts.inputs.items():
            found += self.compare(prop, plain_old.get(name), plain_new.get(name), name)
        return found

    def same(self, prop: Property, old: Any, new: Any) -> bool:
        """Whether `new` asks for nothing but what `old` is."""
        return not any(self.compare(prop, old, new, ""))

    def compare(self, prop: Property, old: Any, new: Any, path: str) -> Iterator[Change]:
        """The differences within one property."""
        if isinstance(new, Reference):
            new = new.id
        if new is None:
            if not _empty(old) and not prop.computed and prop.default is None:
                yield Change(path, added=False, removed=True, replace=prop.replace)
        elif new is UNKNOWN:
            yield Change(path, added=_empty(old), removed=False, replace=prop.replace)
        elif _empty(new) and _empty(old):
            return
        elif old is None:
            yield Change(path, added=True, removed=False, replace=prop.replace)
        else:
            yield from self._both(prop, old, new, path)

    def _both(self, prop: Property, old: Any, new: Any, path: str) -> Iterator[Change]:
        changed = Change(path, added=False, removed=False, replace=prop.replace)
        match prop.kind:
            case "object" | "map" | "tags" if isinstance(old, dict) and isinstance(new, dict):
                for name, child in _members(prop, old, new).items():
                    for change in self.compare(child, old.get(name), new.get(name), _child(path, name)):
                        yield replace(change, replace=change.replace or prop.replace)
            case "list" if isinstance(old, list) and isinstance(new, list):
                for index in range(max(len(old), len(new))):
                    element = replace(prop.element, replace=prop.replace)
                    pair = (old[index] if index < len(old) else None, new[index] if index < len(new) else None)
                    yield from self.compare(element, *pair, f"{path}[{index}]")
            case _:
                if not self._equal(prop, old, new):
                    yield changed

    def _equal(self, prop: Property, old: Any, new: Any) -> bool:
        match prop.kind:
            case "set" if isinstance(old, list) and isinstance(new, list):
                return self._same_set(prop.element, old, new)
            case "json":
                return same_json(old, new)
            case "policy":
                return same_policy(old, new)
            case "archive" if isinstance(old, Archive) and isinstance(new, Archive):
                known = not contains_unknown(new.assets)
                return known and archives.digest(old, self.root) == archives.digest(new, self.root)
            case "asset" if isinstance(old, Asset) and isinstance(new, Asset):
                return archives.digest(old, self.root) == archives.digest(new, self.root)
        return old == new

    def _same_set(self, element: Property, old: list[Any], new: list[Any]) -> bool:
        if len(old) != len(new) or contains_unknown(new):
            return False
        left = list(old)
        for entry in new:
            twin = next((index for index, other in enumerate(left) if self.same(element, other, entry)), None)
            if twin is None:
                return False
            del left[twin]
        return True


def answer(facts: TypeFacts, changes: list[Change], new: dict[str, Any]) -> provider_pb2.DiffResponse:
    """The protocol's answer for a list of changes."""
    replaces = list(dict.fromkeys(change.top for change in changes if change.replace))
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=list(dict.fromkeys(change.top for change in changes)),
        replaces=replaces,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaces) and (facts.delete_before_replace or _names_itself(facts, new)),
    )
    for change in changes:
        response.detailedDiff[change.path].kind = change.kind  # type: ignore[assignment]
    return response


def ignored(change: Change, paths: list[str]) -> bool:
    """Whether the program asked to ignore this change."""
    return any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in paths)


def _names_itself(facts: TypeFacts, new: dict[str, Any]) -> bool:
    """Whether the program gave the name, so that two of the resource may not stand side by side.

    The official provider's bridge decides it so, whatever the old name, and never without a list of defaults
    (pulumi-terraform-bridge, pkg/tfbridge/schema.go, nameRequiresDeleteBeforeReplace). It knows exceptions by type
    (UniqueNameFields), which are not looked at here.
    """
    return facts.auto_name is not None and DEFAULTS in new and facts.auto_name.property not in new[DEFAULTS]


def _members(prop: Property, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Property]:
    if prop.kind == "object":
        return prop.properties
    return {name: Property(kind="string") for name in sorted({*old, *new} - {DEFAULTS})}


def _empty(value: Any) -> bool:
    """What Terraform's schema can't tell from absent, and so the official provider can't either."""
    return value in (None, False, "", 0, [], {})


def _child(path: str, name: str) -> str:
    if _PLAIN_KEY.fullmatch(name):
        return f"{path}.{name}" if path else name
    return f"{path}[{json.dumps(name)}]"
