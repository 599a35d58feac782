"""The resources of a stack, and who is wired to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from pulumi_policy.proxy import UnknownValueError

from ..iam.arns import physical_name_in
from . import exceptions
from .exceptions import Exceptions
from .ledger import Ledger
from .resources import Resource, unknown
from .types import ADDRESSES, ARN_SERVICE, PATTERN, PHYSICAL_NAME

T = TypeVar("T")


class Stack:
    """All resources of one stack, with outputs as properties."""

    def __init__(self, resources: Iterable[Resource], excepted: Exceptions = exceptions.NONE) -> None:
        self.resources = list(resources)
        self.exceptions = excepted
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        self._by_urn = {resource.urn: resource for resource in self.resources}
        for resource in self.resources:
            self._by_type[resource.type].append(resource)
        self._indexes: dict[str, dict[str, Resource]] = {}
        self._answers: dict[Callable[[Stack], Any], Any] = {}

    def of(self, *types: str) -> list[Resource]:
        """The resources of `types`, in the program's order."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    @property
    def types(self) -> Iterable[str]:
        """The types that there are resources of."""
        return self._by_type.keys()

    @cached_property
    def patterns(self) -> list[Resource]:
        """The pattern components."""
        return [resource for resource in self.resources if resource.type.startswith(PATTERN)]

    @cached_property
    def ledger(self) -> Ledger:
        """The ledgers of all patterns, as one; raises UnknownValueError when part of it is unknown."""
        return Ledger.of(self.patterns)

    def once(self, ask: Callable[[Stack], T]) -> T:
        """The answer of `ask`, asked at the first call only: for what rules would look up once a resource."""
        if ask not in self._answers:
            self._answers[ask] = ask(self)
        return self._answers[ask]

    def named_by(self, resource: Resource, prop: str, *types: str) -> Resource | None:
        """The resource of one of `types` that a property names.

        By its value: a name, id, URL or (computed) ARN. While that is unknown, by the one resource of these types that
        the value is made of; raises UnknownValueError when there isn't exactly one. `None` for a stranger.
        """
        try:
            value = resource.known(prop)
        except UnknownValueError:
            found = self._made_of(resource, prop, types)
            if len(found) != 1:
                raise unknown(prop) from None
            return found[0]
        return self.find(value, *types) if isinstance(value, str) else None

    def find(self, value: str, *types: str) -> Resource | None:
        """The resource of one of `types` that `value` (a name, id, URL or ARN) names, if it is of this stack."""
        for type_ in types:
            index = self._index(type_)
            found = index.get(value) or index.get(physical_name_in(value, ARN_SERVICE.get(type_, "")))
            if found:
                return found
        return None

    def naming(self, target: Resource, type_: str, prop: str) -> list[Resource]:
        """The resources of `type_` whose property `prop` names `target`.

        Raises UnknownValueError when there is none, but one that might be.
        """
        return self._naming(target, self.of(type_), lambda resource: self.named_by(resource, prop, target.type))

    def _naming(
        self, target: Resource, candidates: Sequence[Resource], named: Callable[[Resource], Resource | None]
    ) -> list[Resource]:
        found, doubt = [], None
        for candidate in candidates:
            try:
                if named(candidate) is target:
                    found.append(candidate)
            except UnknownValueError as error:
                doubt = error
        if not found and doubt:
            raise doubt
        return found

    def _made_of(self, resource: Resource, prop: str, types: Sequence[str]) -> list[Resource]:
        sources = (self._by_urn.get(urn) for urn in resource.dependencies.get(prop, ()))
        return [source for source in sources if source and source.type in types]

    def _index(self, type_: str) -> dict[str, Resource]:
        if type_ not in self._indexes:
            self._indexes[type_] = {
                value: resource for resource in self.of(type_) for value in _addresses(resource, type_)
            }
        return self._indexes[type_]


def physical_name(resource: Resource) -> str:
    """Its name in AWS; raises UnknownValueError while AWS has yet to make it."""
    prop = PHYSICAL_NAME.get(resource.type, "name")
    name = resource.known(prop)
    if not isinstance(name, str) or not name:
        raise unknown(prop)
    return name


def _addresses(resource: Resource, type_: str) -> Iterable[str]:
    for prop in (PHYSICAL_NAME.get(type_, "name"), *ADDRESSES):
        if not resource.is_unknown(prop):
            value = resource.known(prop)
            if isinstance(value, str) and value:
                yield value
