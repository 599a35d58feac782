"""What the program wants: one registration, read off the wire, with what this engine doesn't serve refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import alias_pb2
from pulumi.runtime.proto import resource_pb2 as pb

from local.engine.errors import UnsupportedError
from local.engine.urn import Alias
from local.wire import from_struct


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A resource as the program registers it."""

    type: str
    name: str
    custom: bool
    parent: str
    inputs: dict[str, Any]
    provider: str
    """A provider reference, or empty for the package's default provider."""

    version: str
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool | None = None
    """None: as the parent has it."""

    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    """None: as the provider says."""

    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()


def read_goal(request: pb.RegisterResourceRequest) -> Goal:
    """Read a registration. Raises UnsupportedError that names the option which this engine doesn't serve."""
    for feature in _unsupported(request):
        raise UnsupportedError(f"{request.type} {request.name!r}: {feature}")
    dependencies = {key: tuple(sorted(deps.urns)) for key, deps in request.propertyDependencies.items()}
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=from_struct(request.object),
        provider=request.provider,
        version=request.version,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies=dependencies,
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=(*(Alias(urn=urn) for urn in request.aliasURNs), *(_alias(alias) for alias in request.aliases)),
    )


def _unsupported(request: pb.RegisterResourceRequest) -> Iterator[str]:
    features = {
        "a component that lives in a plugin": request.remote,
        "a parameterized package": request.packageRef,
        "the option custom_timeouts": request.HasField("customTimeouts"),
        "the option deleted_with": request.deletedWith,
        "the option env_var_mappings": request.envVarMappings,
        "the option hide_diffs": request.hideDiffs,
        "the option hooks": request.HasField("hooks") and request.hooks.ListFields(),
        "the option import": request.importId,
        "the option plugin_download_url": request.pluginDownloadURL,
        "the option replace_with": request.replace_with,
        "the option replacement_trigger": request.HasField("replacement_trigger"),
        "the option state_migrations": request.state_migrations,
        "the option transforms": request.transforms,
    }
    yield from (feature for feature, used in features.items() if used)


def _alias(alias: alias_pb2.Alias) -> Alias:
    if alias.urn:
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )
