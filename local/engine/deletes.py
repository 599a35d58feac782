"""Deleting in reverse order of dependency, independent resources at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from local.engine.errors import describe
from local.engine.outcome import Outcome
from local.engine.providers import Providers, is_default, reference
from local.engine.resource import Resource
from local.engine.snapshot import Snapshot
from local.engine.steps import Step
from local.engine.urn import is_provider


@dataclass(frozen=True, kw_only=True)
class Deleter:
    """Deletes resources of the last run."""

    snapshot: Snapshot
    providers: Providers
    outcome: Outcome
    preview: bool
    parallel: int

    def run(self, doomed: Sequence[Resource], *, include_protected: bool = False) -> None:
        """Delete all of them. What something undeletable needs is kept too, and reported as failed."""
        kept = set() if include_protected else self._protected(doomed)
        waiting = {entry: dependents(entry, doomed) for entry in doomed if entry not in kept}
        try:
            self._drain(waiting)
        except KeyboardInterrupt:
            self.outcome.interrupted = True
            return
        for entry in waiting:
            self.outcome.fail(entry.urn, "kept: something that needs it could not be deleted")

    def _drain(self, waiting: dict[Resource, set[Resource]]) -> None:
        """Delete what nothing waits for, until there is none. Leaving the pool waits for those under way."""
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="delete") as pool:
            running: dict[Future[None], Resource] = {}
            try:
                while running or not all(waiting.values()):
                    for entry in [entry for entry, after in waiting.items() if not after]:
                        del waiting[entry]
                        running[pool.submit(self._delete, entry)] = entry
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        entry = running.pop(future)
                        if future.exception() is None:
                            for after in waiting.values():
                                after.discard(entry)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _protected(self, doomed: Sequence[Resource]) -> set[Resource]:
        kept = {entry for entry in doomed if entry.protect}
        for entry in kept:
            self.outcome.fail(
                entry.urn,
                "it is protected: remove its protect option and run up, or delete everything with "
                "destroy --include-protected",
            )
        return kept

    def _delete(self, entry: Resource) -> None:
        step = Step(urn=entry.urn, type=entry.type, op="delete")
        # The state's own bookkeeping (components, providers, what others own) is dropped without a call.
        needs_call = entry.custom and not (
            is_provider(entry.type) or entry.external or entry.pending_replacement or entry.retain_on_delete
        )
        try:
            if needs_call and not self.preview:
                began = self.outcome.begin(step)
                self.snapshot.begin("deleting", entry)
                host = self.providers.ensure(entry.provider, self.snapshot.provider_entries)
                host.delete(entry)
            else:
                began = None
        except Exception as error:
            self.snapshot.abandon(entry.urn)
            self.outcome.fail(entry.urn, describe(error))
            raise
        self.snapshot.drop(entry)
        if entry.external or (is_default(reference(entry.urn, entry.id)) and is_provider(entry.type)):
            return
        self.outcome.done(step, began, counted=not entry.delete)


def dependents(entry: Resource, among: Sequence[Resource]) -> set[Resource]:
    """Those that can't outlive a resource. One that was replaced doesn't wait for its successor."""
    return {other for other in among if other is not entry and entry.urn in other.needs()}
