"""Asking the policy packs about resources and about the whole stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from pulumi.runtime.proto import analyzer_pb2 as pb

from local.engine.changes import changes
from local.engine.observer import Finding, Level
from local.engine.pack import Analyzer, Pack
from local.engine.provider_host import INTERNAL
from local.engine.resource import Resource
from local.engine.urn import name_of
from local.wire import from_struct, to_struct

_LEVELS: Final[dict[int, Level]] = {
    pb.ADVISORY: "advisory",
    pb.MANDATORY: "mandatory",
    # What a remediation didn't put right stands as a violation, and stack policies can't remediate.
    pb.REMEDIATE: "mandatory",
}


class Policies:
    """The packs of a run. They start in the background; the first question waits for them."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(thread_name_prefix="policy")
        self._connected: list[Future[Analyzer]] = []

    def add(self, pack: Pack) -> None:
        """Wait for a pack in the background."""
        self._connected.append(self._pool.submit(pack.connect))

    def review(
        self, resource: Resource, delete_before_replace: bool | None, provider: Resource | None
    ) -> tuple[dict[str, Any], list[Finding]]:
        """A resource's inputs after remediation, and what the packs say about them.

        Raises EngineError when a pack didn't start, or failed.
        """
        inputs, findings = dict(resource.inputs), []
        request = _request(resource, delete_before_replace, provider)
        for analyzer in self._ready():
            for remedy in analyzer.ask("Remediate", request).remediations if analyzer.remediates else ():
                findings.append(_remedied(remedy, resource.urn, inputs))
                if not remedy.diagnostic:
                    inputs = from_struct(remedy.properties)
                    request.properties.CopyFrom(_properties(inputs))
        for analyzer in self._ready():
            findings += _findings(analyzer.ask("Analyze", request), resource.urn)
        return inputs, findings

    def review_stack(
        self,
        resources: Sequence[Resource],
        delete_before_replace: Mapping[str, bool | None],
        providers: Mapping[str, Resource],
        stack: str,
    ) -> list[Finding]:
        """What the packs say about everything together, by its outputs. Raises EngineError when a pack failed."""
        if not self._connected:
            return []
        request = pb.AnalyzeStackRequest(
            resources=[
                _stack_resource(entry, delete_before_replace.get(entry.urn), providers.get(entry.provider))
                for entry in resources
            ]
        )
        answers = [analyzer.ask("AnalyzeStack", request) for analyzer in self._ready()]
        return [finding for answer in answers for finding in _findings(answer, stack)]

    def close(self) -> None:
        """Wait until no pack is starting any more; they are to be closed before."""
        self._pool.shutdown()

    def _ready(self) -> list[Analyzer]:
        return [connected.result() for connected in self._connected]


def _request(resource: Resource, delete_first: bool | None, provider: Resource | None) -> pb.AnalyzeRequest:
    return pb.AnalyzeRequest(
        type=resource.type,
        properties=_properties(resource.inputs),
        urn=resource.urn,
        name=name_of(resource.urn),
        options=_options(resource, delete_first),
        provider=_provider(provider),
    )


def _stack_resource(resource: Resource, delete_first: bool | None, provider: Resource | None) -> pb.AnalyzerResource:
    dependencies = {
        key: pb.AnalyzerPropertyDependencies(urns=urns) for key, urns in resource.property_dependencies.items() if urns
    }
    return pb.AnalyzerResource(
        type=resource.type,
        properties=_properties(resource.outputs),
        urn=resource.urn,
        name=name_of(resource.urn),
        options=_options(resource, delete_first),
        provider=_provider(provider),
        parent=resource.parent,
        dependencies=resource.dependencies,
        propertyDependencies=dependencies,
    )


def _options(resource: Resource, delete_first: bool | None) -> pb.AnalyzerResourceOptions:
    return pb.AnalyzerResourceOptions(
        protect=resource.protect,
        ignoreChanges=resource.ignore_changes,
        deleteBeforeReplace=bool(delete_first),
        deleteBeforeReplaceDefined=delete_first is not None,
        additionalSecretOutputs=resource.additional_secret_outputs,
        aliases=resource.aliases,
        customTimeouts=pb.AnalyzerResourceOptions.CustomTimeouts(),
        parent=resource.parent,
    )


def _provider(provider: Resource | None) -> pb.AnalyzerProviderResource | None:
    if provider is None:
        return None
    return pb.AnalyzerProviderResource(
        type=provider.type,
        properties=_properties(provider.inputs),
        urn=provider.urn,
        name=name_of(provider.urn),
    )


def _properties(values: Mapping[str, Any]) -> Any:
    return to_struct({key: value for key, value in values.items() if key != INTERNAL})


def _findings(response: pb.AnalyzeResponse, urn: str) -> list[Finding]:
    return [
        Finding(
            rule=diagnostic.policyName,
            level=_LEVELS[diagnostic.enforcementLevel],
            urn=diagnostic.urn or urn,
            message=diagnostic.message,
        )
        for diagnostic in response.diagnostics
        if diagnostic.enforcementLevel in _LEVELS
    ]


def _remedied(remedy: pb.Remediation, urn: str, inputs: Mapping[str, Any]) -> Finding:
    if remedy.diagnostic:
        return Finding(rule=remedy.policyName, level="advisory", urn=urn, message=remedy.diagnostic)
    made = changes(inputs, from_struct(remedy.properties))
    details = "; ".join(f"{change.path}: {change.old or 'nothing'} → {change.new or 'nothing'}" for change in made)
    return Finding(rule=remedy.policyName, level="remediate", urn=urn, message=f"remedied: {details}")
