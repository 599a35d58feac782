"""One pass over the program, a preview or an update: what each registration leads to.

Registrations come from several threads at once; each is answered when its step is done.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc

from local.engine import assets
from local.engine.apply import Applier
from local.engine.errors import CancelledError, EngineError, describe
from local.engine.goal import Goal
from local.engine.outcome import Outcome
from local.engine.policy import Policies
from local.engine.project import Config
from local.engine.provider_resources import ProviderResources
from local.engine.providers import Providers, package_of
from local.engine.resource import Resource
from local.engine.snapshot import Snapshot
from local.engine.urn import PROVIDER_PREFIX, STACK_TYPE, Aliases, is_provider, make_urn
from local.provider.errors import ProviderError
from local.wire import contains_unknown

_EXPECTED = (EngineError, ProviderError, grpc.RpcError)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a pass is about."""

    project: str
    stack: str
    root: Path
    """The project's folder, where relative paths of assets begin."""

    config: Config
    preview: bool


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The answer to a registration. Without a resource it failed, or was skipped because another failed."""

    urn: str
    resource: Resource | None = None


class Deployment:
    """Carries out registrations against the snapshot."""

    def __init__(
        self, scope: Scope, snapshot: Snapshot, providers: Providers, policies: Policies, outcome: Outcome
    ) -> None:
        self.scope = scope
        self.snapshot = snapshot
        self.providers = providers
        self.outcome = outcome
        self.root = ""
        """URN of the stack, once the program has registered it."""

        self._applier = Applier(snapshot, providers, policies, outcome, preview=scope.preview)
        self._provider_resources = ProviderResources(self._applier)
        self._aliases = Aliases(scope.stack, scope.project)
        self._claimed: dict[str, str] = {}
        self._defaults: dict[tuple[str, str], str | Exception] = {}
        self._default_lock = threading.Lock()
        self._state = threading.Condition()
        self._running = 0

    def register(self, goal: Goal) -> Registered:
        """Bring one resource to what the program wants. Errors of the resource are reported and end up in the answer.

        Raises CancelledError after an interruption.
        """
        urn = make_urn(self.scope.stack, self.scope.project, goal.parent, goal.type, goal.name)
        with self._working():
            try:
                return self._register(urn, goal)
            except Exception as error:
                self._report(urn, error)
                return Registered(urn=urn)

    def read(self, goal: Goal, id_: Any) -> Registered:
        """Read a resource that the program doesn't make."""
        urn = make_urn(self.scope.stack, self.scope.project, goal.parent, goal.type, goal.name)
        with self._working():
            try:
                former = self._claim(urn, goal)
                entry = self._entry(urn, goal, former)
                if entry.needs() & self.outcome.failed:
                    self.outcome.skip(urn)
                    return Registered(urn=urn)
                return Registered(urn=urn, resource=self._applier.read(entry, former, id_))
            except Exception as error:
                self._report(urn, error)
                return Registered(urn=urn)

    def set_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Record what a component offers. Raises EngineError for a resource that wasn't registered."""
        resource = self.snapshot.current(urn)
        if resource is None:
            if urn in self.outcome.failed:
                return
            raise EngineError(f"outputs for {urn}, which wasn't registered")
        if not self.scope.preview:
            outputs = {key: value for key, value in outputs.items() if not contains_unknown(value)}
        self.snapshot.finish(replace(resource, outputs=dict(outputs)), save=not self.scope.preview)

    def provider_for(self, token: str, reference: str, version: str) -> str:
        """The reference of the provider that serves a token: the one given, else its package's default provider."""
        return reference or self._default_provider(package_of(token), version)

    def cancel(self) -> None:
        """Start no new step, and wait until those that are running have ended."""
        self.outcome.interrupted = True
        with self._state:
            self._state.wait_for(lambda: self._running == 0)

    @property
    def delete_before_replace(self) -> Mapping[str, bool | None]:
        """Which resources the program wants deleted before they are replaced, by URN."""
        return self._applier.delete_before_replace

    def handled(self) -> frozenset[str]:
        """URNs of the last run's entries that this run's registrations took up."""
        return frozenset(self._claimed)

    def _register(self, urn: str, goal: Goal) -> Registered:
        goal = replace(goal, inputs=assets.hashed(goal.inputs, self.scope.root))
        former = self._claim(urn, goal)
        if goal.type == STACK_TYPE:
            self.root = urn
        entry = self._entry(urn, goal, former)
        if entry.needs() & self.outcome.failed:
            self.outcome.skip(urn)
            return Registered(urn=urn)
        if not self.scope.preview and contains_unknown(goal.inputs):
            raise EngineError("an input isn't known, because something that it comes from failed")
        if is_provider(goal.type):
            return Registered(urn=urn, resource=self._provider_resources.apply(goal, entry, former))
        if goal.custom:
            return Registered(urn=urn, resource=self._applier.custom(goal, entry, former))
        return Registered(urn=urn, resource=self._applier.component(goal, entry, former))

    def _claim(self, urn: str, goal: Goal) -> Resource | None:
        """Find the entry of the last run that this resource continues, by URN or by alias."""
        with self._state:
            if urn in self._claimed:
                raise EngineError(f"two resources have the URN {urn}: give one of them another name")
            candidates = [urn, *self._aliases.candidates(goal.type, goal.name, goal.parent, goal.aliases)]
            found = next((name for name in candidates if name in self.snapshot.former), urn)
            if found in self._claimed:
                raise EngineError(f"{urn} was {found}, which {self._claimed[found]} already claims: remove one alias")
            self._claimed[found] = self._claimed[urn] = urn
            if found != urn:
                self._aliases.matched[urn] = found
                self.snapshot.rename(found, urn)
            self._applier.replacements.settle(found)
            return self.snapshot.former.get(found)

    def _entry(self, urn: str, goal: Goal, former: Resource | None) -> Resource:
        provider = ""
        if goal.custom and not is_provider(goal.type):
            provider = self.provider_for(goal.type, goal.provider, goal.version)
        # After its default provider, which may have been made just now.
        self.snapshot.place(urn)
        return Resource(
            urn=urn,
            type=goal.type,
            custom=goal.custom,
            inputs=goal.inputs,
            parent=goal.parent,
            provider=provider,
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies,
            protect=bool(goal.protect),
            retain_on_delete=bool(goal.retain_on_delete),
            additional_secret_outputs=goal.additional_secret_outputs,
            aliases=(former.urn,) if former is not None and former.urn != urn else (),
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            created=former.created if former else "",
            modified=former.modified if former else "",
        )

    def _default_provider(self, package: str, version: str) -> str:
        with self._default_lock:
            key = (package, version)
            if key not in self._defaults:
                try:
                    self._defaults[key] = self._make_default_provider(package, version)
                except Exception as error:
                    self._defaults[key] = error
            made = self._defaults[key]
        if isinstance(made, Exception):
            raise EngineError(f"the default provider of {package}: {describe(made)}") from made
        return made

    def _make_default_provider(self, package: str, version: str) -> str:
        goal = self._provider_resources.default_goal(package, version, self.scope.config)
        urn = make_urn(self.scope.stack, self.scope.project, "", PROVIDER_PREFIX + package, goal.name)
        former = self._claim(urn, goal)
        return self._provider_resources.reference_of(
            self._provider_resources.apply(goal, self._entry(urn, goal, former), former)
        )

    def _report(self, urn: str, error: Exception) -> None:
        unexpected = not isinstance(error, _EXPECTED)
        self.outcome.fail(urn, "".join(traceback.format_exception(error)) if unexpected else describe(error))

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._state:
            if self.outcome.interrupted:
                raise CancelledError
            self._running += 1
        try:
            yield
        finally:
            with self._state:
                self._running -= 1
                self._state.notify_all()
