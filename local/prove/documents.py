"""The documents of a stack, as IAM reads them for a request: those of a role, of a resource, and of who assumes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from policies.framework.ledger import AWAITED
from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import ATTACHMENT, FUNCTION_URL, KMS_GRANT, KMS_KEY, ROLE, ROLE_POLICY
from policies.held import NAMED_BY
from policies.iam.documents import Statement, parse
from policies.iam.evaluation import Decision, Request, decide
from policies.rules.subjects import identity_statements, principal_of, resource_statements

_NO_DOCUMENTS: Final = (FUNCTION_URL, KMS_GRANT)
"""What gives rights without a document of its own."""


@dataclass(frozen=True)
class Document:
    """One policy."""

    key: str
    """`type::name`, as the ledger names resource policies."""

    principal: str
    """The role's name, in an identity policy; else empty."""

    statements: tuple[Statement, ...]

    def without(self, number: int) -> Document:
        """The document less one statement."""
        return replace(self, statements=tuple(each for each in self.statements if each.number != number))


@dataclass(frozen=True)
class Documents:
    """All of them, by what they speak for."""

    of_roles: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    """By the role's name."""

    of_resources: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    """By the resource, as `type::name`; trust policies by their role."""

    def all(self) -> Iterator[Document]:
        """Each document."""
        for documents in (*self.of_roles.values(), *self.of_resources.values()):
            yield from documents

    def for_(self, request: Request, target: str) -> tuple[Sequence[Document], Sequence[Document]]:
        """What IAM reads for a request: the principal's identity policies, and the target's resource policies."""
        mine = () if request.by_service else self.of_roles.get(request.principal.rsplit("/", 1)[-1], ())
        return mine, self.of_resources.get(target, ())


def decided(request: Request, mine: Sequence[Document], theirs: Sequence[Document]) -> Decision:
    """What IAM answers over these documents."""
    identity, resource = ([each for one in side for each in one.statements] for side in (mine, theirs))
    return decide(request, identity=identity, resource=resource)


def documents_of(stack: Stack) -> Documents:
    """The documents of a stack whose resources are all known. Raises UnknownValueError where one isn't."""
    of_roles: dict[str, list[Document]] = defaultdict(list)
    of_resources: dict[str, list[Document]] = defaultdict(list)
    read_back = (one for one in stack.of(ATTACHMENT) if one.known("policy"))
    for policy in (*stack.of(ROLE_POLICY), *read_back):
        principal = principal_of(policy, stack)
        of_roles[principal].append(Document(policy.key, principal, identity_statements(policy, stack)))
    for role in stack.of(ROLE):
        of_resources[role.key].append(Document(role.key, "", parse(role.known("assumeRolePolicy"))))
    for type_, (prop, target_type) in NAMED_BY.items():
        for policy in stack.of(type_) if target_type != ROLE and type_ not in _NO_DOCUMENTS else ():
            target = stack.named_by(policy, prop, target_type)
            if target:
                of_resources[target.key].append(Document(policy.key, "", _statements(policy, target, stack)))
    for key in stack.of(KMS_KEY):
        if not of_resources.get(key.key):
            of_resources[key.key].append(Document(key.key, "", parse(key.known("policy"))))
    return Documents(of_roles, of_resources)


def _statements(policy: Resource, target: Resource, stack: Stack) -> tuple[Statement, ...]:
    def placed(statement: Statement) -> Statement:
        arn: Any = target.known("arn")
        resources = tuple(arn if each.startswith(AWAITED) else each for each in statement.resources)
        return replace(statement, resources=resources)

    return tuple(placed(statement) for statement in resource_statements(policy, stack))
