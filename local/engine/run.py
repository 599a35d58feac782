"""The four operations on a stack: preview, up, refresh and destroy. All raise EngineError when they can't begin."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import chdir
from time import monotonic

from local.engine import refresh as reading
from local.engine.deletes import Deleter
from local.engine.outcome import Outcome
from local.engine.passes import carry_out, interruptible
from local.engine.providers import Providers
from local.engine.report import Report
from local.engine.resource import Resource
from local.engine.snapshot import Snapshot
from local.engine.stack import Run, open_stack
from local.engine.state import Contents, lock
from local.engine.urn import STACK_TYPE


def preview(run: Run) -> Report:
    """Plan, and let the policies judge the plan. Nothing is changed."""
    began = monotonic()
    # In the project's folder the provider finds what relative paths name.
    with chdir(run.project.root):
        planned = carry_out(run, open_stack(run), preview=True)
    return Report.of(run.stack, planned.outcome, planned.outputs, monotonic() - began, applied=False)


def up(run: Run) -> Report:
    """Plan, then carry it out unless it failed or a mandatory policy forbids it. Raises LockedError too."""
    began = monotonic()
    with lock(run.state), chdir(run.project.root):
        opened = open_stack(run)
        run.observer.heading("preview")
        passed = carry_out(run, opened, preview=True)
        allowed = passed.outcome.succeeded and not passed.outcome.refused
        if allowed:
            opened.begin_writing(run)
            run.observer.heading("update")
            passed = carry_out(run, opened, preview=False)
    return Report.of(run.stack, passed.outcome, passed.outputs, monotonic() - began, applied=allowed)


def refresh(run: Run) -> Report:
    """Read every resource and bring the state up to date: changed ones, and without those that are gone."""
    began = monotonic()
    outcome = Outcome(run.observer)
    with lock(run.state), chdir(run.project.root):
        opened = open_stack(run)
        found = reading.refresh(opened.contents.resources, Providers(run.providers), outcome, run.parallel)
        opened.begin_writing(run)
        opened.file.save(Contents(resources=found, instance=run.instance))
    outputs = next((entry.outputs for entry in found if entry.type == STACK_TYPE), {})
    return Report.of(run.stack, outcome, outputs, monotonic() - began)


def destroy(run: Run, *, include_protected: bool = False) -> Report:
    """Delete everything in reverse order, then verify that each resource is gone. Leaves an empty state.

    With a protected resource nothing at all is deleted, unless `include_protected`.
    """
    began = monotonic()
    outcome = Outcome(run.observer)
    with lock(run.state), chdir(run.project.root):
        opened = open_stack(run)
        opened.begin_writing(run)
        snapshot = Snapshot(opened.contents, run.instance, opened.file)
        doomed = snapshot.leftovers(())
        protected = [] if include_protected else [entry for entry in doomed if entry.protect]
        for entry in protected:
            outcome.fail(
                entry.urn,
                "it is protected, so nothing was deleted: remove its protect option and run up, or destroy with "
                "--include-protected",
            )
        if not protected:
            with interruptible(outcome):
                _destroy(run, snapshot, outcome, doomed)
    return Report.of(run.stack, outcome, {}, monotonic() - began)


def _destroy(run: Run, snapshot: Snapshot, outcome: Outcome, doomed: Sequence[Resource]) -> None:
    providers = Providers(run.providers)
    deleter = Deleter(snapshot=snapshot, providers=providers, outcome=outcome, preview=False, parallel=run.parallel)
    deleter.run(doomed, include_protected=True)
    kept = set(snapshot.leftovers(()))
    gone = [entry for entry in doomed if entry not in kept and reading.is_owned(entry)]
    survivors = reading.remaining(gone, providers, snapshot.provider_entries, run.parallel)
    for entry in survivors:
        outcome.fail(entry.urn, "it was deleted but is still there: run destroy again")
        snapshot.finish(entry)
    snapshot.save()
    if gone and not survivors:
        run.observer.message("info", f"verified: all {len(gone)} deleted resources are gone")
