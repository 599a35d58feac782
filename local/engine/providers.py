"""The provider instances of a run, one for each provider resource."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pulumi.runtime import rpc
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from local.engine.errors import EngineError, UnsupportedError
from local.engine.provider_host import ProviderHost
from local.engine.resource import Resource
from local.engine.urn import PROVIDER_PREFIX, is_provider

Factory = Callable[[], ResourceProviderServicer]

UNKNOWN_ID: Final = rpc.UNKNOWN
"""The id of a provider that a preview has yet to make."""


class Providers:
    """Starts providers of the packages that it has, and finds them by reference."""

    def __init__(self, factories: Mapping[str, Factory]) -> None:
        self._factories = factories
        self._hosts: dict[str, ProviderHost] = {}
        self._lock = threading.Lock()

    def start(self, package: str) -> ProviderHost:
        """An unconfigured provider of a package. Raises UnsupportedError for a package that isn't served here."""
        factory = self._factories.get(package)
        if factory is None:
            served = ", ".join(sorted(self._factories))
            raise UnsupportedError(f"a provider for the package {package!r} (served here: {served})")
        return ProviderHost(factory())

    def add(self, urn: str, id_: str, host: ProviderHost) -> str:
        """Make a configured provider known; returns the reference by which resources name it."""
        name = reference(urn, id_)
        with self._lock:
            self._hosts[name] = host
        return name

    def find(self, name: str) -> ProviderHost:
        """The provider of a reference. Raises EngineError when nothing registered it."""
        with self._lock:
            host = self._hosts.get(name)
        if host is None:
            raise EngineError(f"the provider {name} isn't registered")
        return host

    @staticmethod
    def entry(name: str, entries: Iterable[Resource]) -> Resource | None:
        """The provider resource of a reference, among the state's."""
        return next((entry for entry in entries if reference(entry.urn, entry.id) == name), None)

    def ensure(self, name: str, entries: Iterable[Resource]) -> ProviderHost:
        """The provider of a reference, started from its entry in the state if this run hasn't registered it."""
        with self._lock:
            if name in self._hosts:
                return self._hosts[name]
            entry = self.entry(name, entries)
            if entry is None:
                raise EngineError(f"the state has no provider {name}")
            host = self.start(package_of(entry.type))
            host.configure(entry.urn, entry.id, entry.inputs)
            self._hosts[name] = host
            return host


def package_of(type_: str) -> str:
    """The package of a resource's or function's token; of a provider resource, the one that it provides."""
    return type_.removeprefix(PROVIDER_PREFIX) if is_provider(type_) else type_.split(":", 1)[0]


def default_name(version: str) -> str:
    """The logical name of a package's default provider, as the official engine forms it."""
    return "default" + "".join(f"_{part}" for part in version.replace("-", ".").replace("+", ".").split(".") if part)


def is_default(name: str) -> bool:
    """Whether a provider reference names a default provider."""
    return name.rpartition("::")[0].rsplit("::", 1)[-1].startswith("default")


def reference(urn: str, id_: str) -> str:
    """The reference by which resources name a provider."""
    return f"{urn}::{id_ or UNKNOWN_ID}"
