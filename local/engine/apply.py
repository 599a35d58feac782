"""Carrying out the step of one resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from local.engine.changes import changes, top_level
from local.engine.errors import EngineError, ResourceError
from local.engine.goal import Goal
from local.engine.outcome import Outcome
from local.engine.policy import Policies
from local.engine.provider_host import Made, ProviderHost
from local.engine.providers import Providers, is_default
from local.engine.replacements import Replacements
from local.engine.resource import Resource, now
from local.engine.snapshot import Snapshot
from local.engine.steps import Step, decide, ignoring
from local.engine.urn import provider_id, provider_urn
from local.wire import UNKNOWN, Secret


class Applier:
    """Takes one resource from its entry in the state to what the program wants."""

    def __init__(
        self, snapshot: Snapshot, providers: Providers, policies: Policies, outcome: Outcome, *, preview: bool
    ) -> None:
        self.snapshot = snapshot
        self.providers = providers
        self.outcome = outcome
        self.preview = preview
        self.replacements = Replacements(snapshot, providers, outcome, preview=preview)
        self.delete_before_replace: dict[str, bool | None] = {}
        """What the program asked for, by URN: the policies see it, the state doesn't hold it."""

        self._policies = policies

    def component(self, goal: Goal, entry: Resource, former: Resource | None) -> Resource:
        """Record a component. What it offers comes later, with its outputs."""
        entry = self.reviewed(goal, entry)
        details = changes(former.inputs, entry.inputs) if former else []
        op = "create" if former is None else "update" if details else "same"
        stamp = now() if op == "create" else entry.modified
        entry = replace(entry, outputs=former.outputs if former else {}, created=entry.created or stamp, modified=stamp)
        self.snapshot.finish(entry, former, save=op != "same")
        names = tuple(top_level(change.path for change in details))
        self.outcome.done(Step(urn=entry.urn, type=goal.type, op=op, diff=names, changes=tuple(details)))
        return entry

    def custom(self, goal: Goal, entry: Resource, former: Resource | None) -> Resource:
        """Check, decide and carry out. Raises ResourceError, or what the provider raises."""
        host = self.providers.find(entry.provider)
        forced = self.replacements.forced(former) if former else None
        former = self.snapshot.known(former.urn) if former else None
        managed = former if former is not None and not former.external else None
        again = managed is not None and (managed.pending_replacement or forced is not None)
        wanted = ignoring(managed.inputs, goal.inputs, goal.ignore_changes) if managed else goal.inputs
        olds = managed.inputs if managed and not again else {}
        entry = replace(entry, inputs=host.check(entry.urn, olds, wanted))
        entry = self.reviewed(goal, entry)
        if managed is None:
            return self._create(Step(urn=entry.urn, type=goal.type, op="create"), host, entry, former)
        if again:
            step = Step(urn=entry.urn, type=goal.type, op="replace", diff=forced or (), forces=forced or ())
            return self._create(step, host, entry, managed)
        decision = decide(goal, entry, managed, host, moved=self._moves(managed, entry, host))
        if decision.step.op == "replace":
            return self._replace(goal, decision.step, host, entry, managed, delete_first=decision.delete_first)
        if decision.step.op == "update":
            return self._update(decision.step, host, entry, managed)
        entry = replace(entry, id=managed.id, outputs=_marked(managed.outputs, entry))
        self.snapshot.finish(entry, managed, save=False)
        self.outcome.done(decision.step)
        return entry

    def read(self, entry: Resource, former: Resource | None, id_: Any) -> Resource:
        """Read what the program doesn't make. Raises ResourceError when it doesn't exist."""
        step = Step(urn=entry.urn, type=entry.type, op="read")
        if id_ is UNKNOWN:
            if not self.preview:
                raise ResourceError("its id isn't known")
            self.outcome.done(step)
            return replace(entry, external=True)
        began = self.outcome.begin(step)
        host = self.providers.find(entry.provider)
        found = host.read(replace(entry, id=id_, outputs=entry.inputs, inputs={}))
        if found is None:
            raise ResourceError(f"there is no {entry.type} with the id {id_!r}")
        entry = replace(entry, id=found.id, inputs=found.inputs or {}, external=True, created="", modified="")
        entry = replace(entry, outputs=_marked(found.outputs, entry))
        if former is not None and not former.external and former.id != entry.id:
            self.snapshot.keep_for_deletion(former)
        self.snapshot.finish(entry, former)
        self.outcome.done(step, began)
        return entry

    def reviewed(self, goal: Goal, entry: Resource) -> Resource:
        """The entry as the policies leave it. Raises ResourceError in an update that a policy forbids."""
        self.delete_before_replace[entry.urn] = goal.delete_before_replace
        provider = self.snapshot.known(provider_urn(entry.provider)) if entry.provider else None
        inputs, findings = self._policies.review(entry, goal.delete_before_replace, provider)
        self.outcome.judge(findings)
        if not self.preview and (forbidden := [f.rule for f in findings if f.level == "mandatory"]):
            raise ResourceError(f"refused by policy: {', '.join(forbidden)}")
        return replace(entry, inputs=inputs)

    def _moves(self, old: Resource, new: Resource, host: ProviderHost) -> bool:
        """Whether a resource comes under a provider that can't manage what the former one made.

        Default providers are compared by their configuration; a renamed provider keeps its id and is the same.
        """
        if provider_id(old.provider) == provider_id(new.provider):
            return False
        before = self.providers.entry(old.provider, self.snapshot.provider_entries)
        after = self.snapshot.known(provider_urn(new.provider))
        if before is None or after is None or not (is_default(old.provider) and is_default(new.provider)):
            return True
        return bool(host.diff_config(after.urn, before.inputs, after.inputs).replaces)

    def _create(self, step: Step, host: ProviderHost, entry: Resource, former: Resource | None) -> Resource:
        return self._make(step, host, entry, lambda made: self.snapshot.finish(made, former))

    def _replace(
        self, goal: Goal, step: Step, host: ProviderHost, entry: Resource, old: Resource, *, delete_first: bool
    ) -> Resource:
        if old.protect and entry.protect:
            raise ResourceError(
                f"it is protected, but a change of {', '.join(step.forces)} would replace it: "
                "remove its protect option and update again"
            )
        # Names that the provider made for the old one don't carry over to the new one.
        fresh = host.check(entry.urn, {}, goal.inputs)
        if fresh != entry.inputs:
            entry = self.reviewed(goal, replace(entry, inputs=fresh))
        if delete_first:
            self.replacements.clear_way(old)
            remaining = self.snapshot.known(old.urn)
            return self._create(step, host, entry, remaining)

        def record(made: Resource) -> None:
            elsewhere = provider_id(entry.provider) != provider_id(old.provider)
            if not self.preview and made.id == old.id and not elsewhere:
                self.snapshot.finish(made, old)
                raise ResourceError(
                    f"it was made again under the id of the one that it replaces, {old.id}, so deleting the old one "
                    "would delete both: set delete_before_replace=True"
                )
            self.snapshot.keep_for_deletion(old)
            self.snapshot.finish(made)

        return self._make(step, host, entry, record)

    def _make(self, step: Step, host: ProviderHost, entry: Resource, record: Callable[[Resource], None]) -> Resource:
        began = self.outcome.begin(step)
        if not self.preview:
            self.snapshot.begin("creating", entry)
        try:
            made = host.create(entry, preview=self.preview)
        except Exception:
            self.snapshot.abandon(entry.urn)
            raise
        if not self.preview and not made.id:
            raise EngineError("the provider made it but gave it no id")
        stamp = now()
        entry = replace(entry, id=made.id, init_errors=made.errors, created=stamp, modified=stamp)
        entry = replace(entry, outputs=_marked(made.outputs, entry))
        record(entry)
        return self._ended(step, began, entry, made)

    def _update(self, step: Step, host: ProviderHost, entry: Resource, old: Resource) -> Resource:
        began = self.outcome.begin(step)
        if not self.preview:
            self.snapshot.begin("updating", replace(entry, id=old.id))
        try:
            made = host.update(old, entry, preview=self.preview)
        except Exception:
            self.snapshot.abandon(entry.urn)
            raise
        entry = replace(entry, id=old.id, init_errors=made.errors, modified=now())
        entry = replace(entry, outputs=_marked(made.outputs, entry))
        self.snapshot.finish(entry, old)
        return self._ended(step, began, entry, made)

    def _ended(self, step: Step, began: float, entry: Resource, made: Made) -> Resource:
        if made.errors:
            raise ResourceError("it exists, but not as it should: " + "; ".join(made.errors))
        self.outcome.done(step, began)
        return entry


def _marked(outputs: Mapping[str, Any], entry: Resource) -> dict[str, Any]:
    """Outputs with those that the program declares secret marked so."""
    return {
        key: Secret(value) if key in entry.additional_secret_outputs and not isinstance(value, Secret) else value
        for key, value in outputs.items()
    }
