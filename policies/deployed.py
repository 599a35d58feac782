"""The documents that AWS holds, read back: what a state's resources really allow, and what was added beside them.

The rules judge what a program registers. Somebody with a console changes what AWS holds, and no state knows of it. So
every policy of every role, queue, topic, bucket, function, bus, API, table, stream, secret and key of a state is read,
and takes the place of the one in the state; what no resource made becomes a resource of its own. The ordinary rules
then judge that, and name it. All calls only read.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from .framework.resources import Resource
from .framework.stack import Stack
from .framework.types import ROLE
from .held import ABSENT, MARKED_BY, NAMED_BY, READERS, Held

Clients = Callable[[str, str], Any]
"""Service and region → a boto3 client."""

_GLOBAL: Final = "us-east-1"
_AT_ONCE: Final = 8


class UnreadableError(Exception):
    """AWS didn't say what it holds."""


def deployed(resources: Iterable[Resource], clients: Clients | None = None) -> list[Resource]:
    """The resources of an updated stack with the documents that AWS holds, and one for each that no resource made.

    Credentials are boto3's own unless `clients` are given. Raises UnreadableError where AWS refuses to say.
    """
    stack = Stack(resources)
    reader = _Reader(clients or _clients())
    owners = [each for each in stack.resources if each.type in READERS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        held = dict(zip((owner.urn for owner in owners), pool.map(reader.read, owners), strict=True))
    return list(_merged(stack, held))


def _merged(stack: Stack, held: Mapping[str, Sequence[Held]]) -> Iterator[Resource]:
    owners = _owners(stack)
    waiting = {urn: {(each.type, each.mark): each for each in documents} for urn, documents in held.items()}
    for resource in stack.resources:
        owner = owners.get(resource.urn)
        if owner is None:
            yield resource
        elif found := waiting.get(owner.urn, {}).pop((resource.type, _mark(resource)), None):
            yield _with(resource, found.props)
    for resource in stack.resources:
        yield from (_beside(resource, document) for document in waiting.get(resource.urn, {}).values())


def _owners(stack: Stack) -> dict[str, Resource]:
    """URN of what holds a document → the resource that it speaks for: a role for its own trust policy."""
    owners = {role.urn: role for role in stack.of(ROLE)}
    for type_, (prop, owner_type) in NAMED_BY.items():
        for policy in stack.of(type_):
            owner = stack.named_by(policy, prop, owner_type)
            if owner:
                owners[policy.urn] = owner
    return owners


def _mark(resource: Resource) -> str:
    marked_by = MARKED_BY.get(resource.type)
    return str(resource.known(marked_by)) if marked_by else ""


def _with(resource: Resource, props: Mapping[str, Any]) -> Resource:
    """The resource with these properties, as what it was given and as what it has become."""
    over: Any = resource.props
    given: Any = resource.inputs
    inputs = None if given is None else ChainMap(dict(props), given)
    return replace(resource, props=ChainMap(dict(props), over), inputs=inputs)


def _beside(owner: Resource, document: Held) -> Resource:
    """A resource that stands for what nobody registered."""
    name = f"{owner.name}/{document.mark}" if document.mark else owner.name
    urn = "::".join([*owner.urn.split("::")[:2], document.type, name])
    return Resource(document.type, name, urn, document.props, document.props, owner.parent)


class _Reader:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, owner: Resource) -> list[Held]:
        """What AWS holds for a resource; nothing where it is gone."""
        try:
            return list(READERS[owner.type](owner, lambda service: self._clients(service, _region(owner))))
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return []
            raise UnreadableError(f"can't read the policies of {owner.key}: {error}") from error


def _region(owner: Resource) -> str:
    return str(owner.known("region") or str(owner.known("arn")).split(":")[3] or _GLOBAL)


def _clients() -> Clients:
    """Clients with boto3's own credentials, each made once."""
    session, lock = boto3.session.Session(), Lock()
    made = cache(lambda service, region: session.client(service, region_name=region))

    def client(service: str, region: str) -> Any:
        with lock:
            return made(service, region)

    return client
