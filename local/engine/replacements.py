"""Deleting before replacing: the resource, and first what can't outlive it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from local.engine.errors import ResourceError
from local.engine.outcome import Outcome
from local.engine.provider_host import ProviderHost
from local.engine.providers import Providers
from local.engine.resource import Resource
from local.engine.snapshot import Snapshot
from local.engine.steps import Step, dependents_to_replace
from local.engine.urn import label


@dataclass(eq=False)
class _Deleted:
    """A dependent that was deleted ahead of its registration."""

    forces: tuple[str, ...]
    over: threading.Event = field(default_factory=threading.Event)


class Replacements:
    """Keeps account of what was deleted ahead of its own registration."""

    def __init__(self, snapshot: Snapshot, providers: Providers, outcome: Outcome, *, preview: bool) -> None:
        self._snapshot = snapshot
        self._providers = providers
        self._outcome = outcome
        self._preview = preview
        self._lock = threading.Lock()
        self._settled: set[str] = set()
        self._deleted: dict[str, _Deleted] = {}

    def settle(self, urn: str) -> None:
        """Note that the entry of this URN is taken up: it no longer depends on what isn't registered yet."""
        with self._lock:
            self._settled.add(urn)

    def forced(self, former: Resource) -> tuple[str, ...] | None:
        """Why a resource was deleted ahead of its registration, after that has happened; None when it wasn't."""
        with self._lock:
            deleted = self._deleted.get(former.urn)
        if deleted is None:
            return None
        deleted.over.wait()
        return deleted.forces

    def clear_way(self, old: Resource) -> None:
        """Delete a resource and, before it, those that would be replaced along with it.

        Raises ResourceError when one of these is protected, and what the provider raises when a deletion fails.
        """
        doomed = self._doom(old)
        try:
            if not self._preview:
                for resource in (*reversed(doomed), old):
                    self._delete(resource)
        finally:
            for resource in doomed:
                self._deleted[resource.urn].over.set()

    def _doom(self, root: Resource) -> list[Resource]:
        with self._lock:
            entries: Iterable[Resource] = self._snapshot.former.values()
            found = dependents_to_replace(root, entries, self._settled | self._deleted.keys(), self._host)
            for resource, _ in found:
                if resource.protect:
                    raise ResourceError(
                        f"replacing it takes deleting {label(resource.urn)} first, which is protected: "
                        "remove its protect option and update again"
                    )
            for resource, forces in found:
                self._deleted[resource.urn] = _Deleted(forces)
            return [resource for resource, _ in found]

    def _delete(self, resource: Resource) -> None:
        if resource.pending_replacement:
            return
        began = self._outcome.begin(Step(urn=resource.urn, type=resource.type, op="delete"))
        self._snapshot.begin("deleting", resource)
        try:
            if not resource.retain_on_delete:
                self._host(resource.provider).delete(resource)
        except Exception:
            self._snapshot.abandon(resource.urn)
            raise
        self._snapshot.change(resource, replace(resource, pending_replacement=True))
        self._outcome.done(Step(urn=resource.urn, type=resource.type, op="delete"), began)

    def _host(self, reference: str) -> ProviderHost:
        return self._providers.ensure(reference, self._snapshot.provider_entries)
