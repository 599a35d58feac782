"""The resources of a run: those that it has dealt with, and those that it still holds from before."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from local.engine.resource import Resource
from local.engine.state import Contents, StateFile
from local.engine.urn import is_provider


class Snapshot:
    """The state while it changes. With a file, every change is on disk before the method returns.

    Entries stand in an order in which what a resource needs comes before it: registrations come in that order.
    """

    def __init__(self, contents: Contents, instance: str, file: StateFile | None) -> None:
        self._file = file
        self._instance = instance
        self._lock = threading.RLock()
        self._sequence = itertools.count()
        self._positions: dict[str, int] = {}
        self._current: dict[str, Resource] = {}
        self._before = {entry.urn: entry for entry in contents.resources if not entry.delete}
        self._replaced = [entry for entry in contents.resources if entry.delete]
        self._pending: dict[str, tuple[str, Resource]] = {}
        self._renamed: dict[str, str] = {}
        self.former: Mapping[str, Resource] = dict(self._before)
        """Everything that the last run left, but for what it meant to delete."""

        self.provider_entries = [entry for entry in contents.resources if is_provider(entry.type)]
        """Provider resources of the last run, those that were replaced too."""

    def place(self, urn: str) -> None:
        """Fix a resource's position: where its registration began."""
        with self._lock:
            self._positions.setdefault(urn, next(self._sequence))

    def rename(self, former: str, urn: str) -> None:
        """Remember that a resource of the last run goes by another URN now."""
        with self._lock:
            self._renamed[former] = urn

    def current(self, urn: str) -> Resource | None:
        """What this run made of a resource; None as long as it hasn't dealt with it."""
        return self._current.get(urn)

    def known(self, urn: str) -> Resource | None:
        """A resource of this run or, failing that, of the last one."""
        return self._current.get(urn) or self._before.get(urn)

    def begin(self, operation: str, resource: Resource) -> None:
        """Write down that an operation is under way, so that a crash doesn't hide what it may have made."""
        with self._lock:
            self._pending[resource.urn] = (operation, resource)
            self._save()

    def abandon(self, urn: str) -> None:
        """An operation failed without having changed anything."""
        with self._lock:
            self._pending.pop(urn, None)
            self._save()

    def finish(self, resource: Resource, former: Resource | None = None, *, save: bool = True) -> None:
        """Record a resource in place of its former entry."""
        with self._lock:
            self._pending.pop(resource.urn, None)
            self._current[resource.urn] = resource
            if former is not None and self._before.get(former.urn) is former:
                del self._before[former.urn]
            if save:
                self._save()

    def change(self, former: Resource, resource: Resource) -> None:
        """Replace an entry of the last run by an altered one."""
        with self._lock:
            if self._before.get(former.urn) is former:
                self._before[former.urn] = resource
            self._pending.pop(former.urn, None)
            self._save()

    def keep_for_deletion(self, former: Resource) -> None:
        """A new one stands beside it now: the former one is to be deleted at the end, or by the next run."""
        with self._lock:
            self._before.pop(former.urn, None)
            self._replaced.append(replace(former, delete=True))

    def drop(self, resource: Resource) -> None:
        """Forget a resource that no longer exists."""
        with self._lock:
            self._pending.pop(resource.urn, None)
            self._replaced = [entry for entry in self._replaced if entry is not resource]
            for entries in (self._before, self._current):
                if entries.get(resource.urn) is resource:
                    del entries[resource.urn]
            self._save()

    def leftovers(self, handled: Collection[str]) -> list[Resource]:
        """What the program no longer has, and what was replaced."""
        with self._lock:
            return [*(entry for urn, entry in self._before.items() if urn not in handled), *self._replaced]

    def resources(self) -> list[Resource]:
        """What this run has dealt with, in order."""
        with self._lock:
            return [self._current[urn] for urn in sorted(self._current, key=self._position)]

    def contents(self) -> Contents:
        """Everything, as the file holds it."""
        with self._lock:
            rest: Iterable[Resource] = [*self._before.values(), *self._replaced]
            resources = [*self.resources(), *(entry.renamed(self._renamed) for entry in rest)]
            return Contents(resources=resources, pending=list(self._pending.values()), instance=self._instance)

    def save(self) -> None:
        """Write the file."""
        with self._lock:
            self._save()

    def _position(self, urn: str) -> int:
        return self._positions.get(urn, len(self._positions))

    def _save(self) -> None:
        if self._file is not None:
            self._file.save(self.contents())
