"""Taking the state to what really is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from local.engine.changes import changes, top_level
from local.engine.errors import describe
from local.engine.outcome import Outcome
from local.engine.providers import Providers
from local.engine.resource import Resource, now
from local.engine.steps import Step
from local.engine.urn import is_provider


def refresh(entries: Sequence[Resource], providers: Providers, outcome: Outcome, parallel: int) -> list[Resource]:
    """Read every resource, all at once. Returns the entries of those that exist, as they are."""
    made = [entry for entry in entries if is_provider(entry.type)]
    real = [entry for entry in entries if is_real(entry)]

    def read(entry: Resource) -> Resource | None:
        try:
            return _read(entry, made, providers, outcome)
        except Exception as error:
            outcome.fail(entry.urn, describe(error))
            return entry

    with ThreadPoolExecutor(parallel, thread_name_prefix="refresh") as pool:
        found = dict(zip(real, pool.map(read, real), strict=True))
    gone = {entry.urn: entry.parent for entry, now_there in found.items() if now_there is None}
    kept = [found.get(entry, entry) for entry in entries]
    return [_without(entry, gone) for entry in kept if entry is not None]


def remaining(
    entries: Sequence[Resource], providers: Providers, made: Sequence[Resource], parallel: int
) -> list[Resource]:
    """Those of the deleted entries that still exist."""

    def there(entry: Resource) -> bool:
        host = providers.ensure(entry.provider, made)
        return host.read(entry) is not None

    with ThreadPoolExecutor(parallel, thread_name_prefix="verify") as pool:
        return [entry for entry, exists in zip(entries, pool.map(there, entries), strict=True) if exists]


def is_real(entry: Resource) -> bool:
    """Whether something outside the state stands behind an entry."""
    return entry.custom and not is_provider(entry.type) and not entry.pending_replacement


def is_owned(entry: Resource) -> bool:
    """Whether deleting an entry deletes something outside the state."""
    return is_real(entry) and not entry.external and not entry.retain_on_delete


def _read(entry: Resource, made: Sequence[Resource], providers: Providers, outcome: Outcome) -> Resource | None:
    host = providers.ensure(entry.provider, made)
    found = host.read(entry)
    if found is None:
        outcome.done(Step(urn=entry.urn, type=entry.type, op="delete"))
        return None
    drift = changes(entry.outputs, found.outputs)
    if not drift:
        outcome.done(Step(urn=entry.urn, type=entry.type, op="same"))
        return entry
    names = tuple(top_level(change.path for change in drift))
    outcome.done(Step(urn=entry.urn, type=entry.type, op="update", diff=names, changes=tuple(drift)))
    inputs = entry.inputs if found.inputs is None else found.inputs
    return replace(entry, id=found.id, inputs=inputs, outputs=found.outputs, init_errors=(), modified=now())


def _without(entry: Resource, gone: Mapping[str, str]) -> Resource:
    """The entry without references to what is gone; a child moves up to the parent's parent."""
    if not gone.keys() & entry.needs():
        return entry
    parent = entry.parent
    while parent in gone:
        parent = gone[parent]
    return replace(
        entry,
        parent=parent,
        dependencies=tuple(urn for urn in entry.dependencies if urn not in gone),
        property_dependencies={
            key: tuple(urn for urn in urns if urn not in gone) for key, urns in entry.property_dependencies.items()
        },
    )
