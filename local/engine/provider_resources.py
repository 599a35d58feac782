"""Provider resources: `aws.Provider(...)` in the program, and the default one of a package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from local.engine.apply import Applier
from local.engine.changes import changes, top_level
from local.engine.goal import Goal
from local.engine.project import Config
from local.engine.provider_host import INTERNAL
from local.engine.providers import default_name, is_default, package_of, reference
from local.engine.resource import Resource, now
from local.engine.steps import Step
from local.engine.urn import PROVIDER_PREFIX
from local.wire import Secret, contains_unknown


class ProviderResources:
    """Checks, configures and records providers. Each has an id of its own; another id is another provider."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier

    def default_goal(self, package: str, version: str, config: Config) -> Goal:
        """What registers the default provider of a package: its inputs are the stack's configuration of it."""
        inputs: dict[str, Any] = {
            key: Secret(text) if f"{package}:{key}" in config.secret_keys else text
            for key, text in config.of_package(package).items()
        }
        return Goal(
            type=PROVIDER_PREFIX + package,
            name=default_name(version),
            custom=True,
            parent="",
            inputs=inputs,
            provider="",
            version=version,
        )

    def reference_of(self, resource: Resource) -> str:
        """The reference by which resources name this provider."""
        return reference(resource.urn, resource.id)

    def apply(self, goal: Goal, entry: Resource, former: Resource | None) -> Resource:
        """Bring a provider resource to what the program wants, and start the provider."""
        applier = self._applier
        host = applier.providers.start(package_of(goal.type))
        wanted = {**goal.inputs, INTERNAL: {}, "version": goal.version} if goal.version else goal.inputs
        olds = former.inputs if former else {}
        entry = replace(entry, inputs=host.check_config(entry.urn, olds, wanted))
        entry = applier.reviewed(goal, entry)
        op, names = "create", ()
        if former is not None:
            difference = host.diff_config(entry.urn, former.inputs, entry.inputs)
            names = tuple(top_level(difference.paths))
            op = "replace" if difference.replaces else "update" if difference.changed else "same"
        fresh = op in ("create", "replace")
        host.configured = not contains_unknown(entry.inputs)
        id_ = ("" if applier.preview else str(uuid4())) if fresh or former is None else former.id
        if host.configured:
            host.configure(entry.urn, id_, entry.inputs)
        applier.providers.add(entry.urn, id_, host)
        outputs = {key: value for key, value in entry.inputs.items() if key != INTERNAL}
        stamp = entry.modified if op == "same" else now()
        entry = replace(entry, id=id_, outputs=outputs, created=entry.created or stamp, modified=stamp)
        if former is not None and op == "replace":
            applier.snapshot.keep_for_deletion(former)
        applier.snapshot.finish(entry, former, save=op != "same")
        if not is_default(self.reference_of(entry)):
            details = tuple(changes(olds, entry.inputs, names)) if former is not None else ()
            applier.outcome.done(Step(urn=entry.urn, type=goal.type, op=op, diff=names, changes=details))
        return entry
