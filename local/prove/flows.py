"""Every flow that a system needs, and the one document that allows it.

What must be able to reach what is derived from the resources alone (`wiring`), apart from whoever wrote the documents;
IAM's answer comes from the offline evaluator. So a flow is proven, whether or not the local AWS enforces it, when one
statement of one document allows it and nothing else does: it works with that one and fails without. What no flow needs
is named, too, and for each Deny the request that it refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policies.framework.stack import Stack
from policies.iam.documents import Statement
from policies.iam.evaluation import Request, Verdict, applies

from .documents import Document, Documents, decided, documents_of
from .parts import parts_of
from .refusals import refused
from .wiring import deliveries, machines, roles, routes
from .wiring.need import Need

_CODE = "lambda.amazonaws.com"
"""Whoever runs code does more than its wiring tells."""


@dataclass(frozen=True)
class Right:
    """The smallest part of a statement: one action on one resource, to one principal, for one value of a condition."""

    document: str
    """`type::name`, as the ledger names resource policies."""

    principal: str
    """The role's name, in an identity policy; else empty."""

    statement: int
    """Its number in the document, from 1."""

    action: str
    resource: str
    """Both as the document writes them; a trust policy names no resource."""

    to: str = ""
    """Whom it is given to and for what, where the document names several."""


@dataclass(frozen=True)
class Flow:
    """A need, with the rights without which it fails."""

    need: Need
    rights: tuple[Right, ...]
    why: str = ""
    """What is wrong with a flow that isn't proven."""

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        request = self.need.request
        return {
            "source": self.need.source,
            "target": self.need.target,
            "principal": request.principal,
            "action": self.rights[0].action if self.rights else request.action,
            "resource": request.resource,
            "context": dict(request.context),
            "documents": [right.document for right in self.rights],
            "computed": self.need.computed,
            "page": self.need.page,
            **({"why": self.why} if self.why else {}),
        }


@dataclass(frozen=True)
class Refusal:
    """A Deny, and a request that it refuses; none where none was found."""

    document: str
    statement: int
    request: Request | None


@dataclass(frozen=True)
class Proof:
    """What the documents of a stack allow, held against what the stack needs."""

    flows: tuple[Flow, ...]
    surplus: tuple[Right, ...]
    """Rights that no flow needs: in resource and trust policies, and of roles that run no code."""

    refusals: tuple[Refusal, ...]

    @property
    def unproven(self) -> tuple[Flow, ...]:
        """Flows that nothing allows, or that are allowed more than once."""
        return tuple(flow for flow in self.flows if flow.why)

    @property
    def complaints(self) -> tuple[str, ...]:
        """All that is wrong, a sentence each."""
        flows = (f"{flow.need.source} → {flow.need.target}: {flow.why}" for flow in self.unproven)
        rights = (
            f"{one.document} {one.statement}: no flow needs {one.action} on {one.resource or 'itself'}"
            f"{f' for {one.to}' if one.to else ''}"
            for one in self.surplus
        )
        denies = (
            f"{one.document} {one.statement}: refuses nothing that was tried"
            for one in self.refusals
            if one.request is None
        )
        return (*flows, *rights, *denies)

    def proving(self, principal: str, action: str, resource: str) -> list[Flow]:
        """The flows that fail without a role's right to `action` on `resource`, both as its document writes them."""
        return self._by_right.get((principal, action.lower(), resource), [])

    @cached_property
    def _by_right(self) -> Mapping[tuple[str, str, str], list[Flow]]:
        found: dict[tuple[str, str, str], list[Flow]] = defaultdict(list)
        for flow in self.flows:
            for right in flow.rights:
                found[right.principal, right.action.lower(), right.resource].append(flow)
        return found


def prove(stack: Stack) -> Proof:
    """Hold the documents of an updated stack against its flows.

    Raises UnknownFlow and UnknownCall for deliveries and calls of state machines of which nothing is known, and
    UnknownValueError for a stack of which something isn't known yet.
    """
    documents = documents_of(stack)
    flows = tuple(_flow(need, documents) for need in needs(stack))
    needed = {right for flow in flows for right in flow.rights}
    coded = {name for name, grants in stack.ledger.grants.items() if grants[0].service == _CODE}
    surplus = (right for right in _all_rights(documents) if right.principal not in coded and right not in needed)
    return Proof(flows, tuple(surplus), tuple(_refusals(documents)))


def needs(stack: Stack) -> Iterator[Need]:
    """All that a stack's resources need by themselves, each once."""
    seen: set[tuple[Any, ...]] = set()
    for family in (deliveries, routes, machines, roles):
        for need in family.needs(stack):
            asked = need.request
            key = (need.source, asked.principal, asked.action.lower(), asked.resource, tuple(asked.context.items()))
            if key not in seen:
                seen.add(key)
                yield need


def _flow(need: Need, documents: Documents) -> Flow:
    sides = documents.for_(need.request, need.target)
    decision = decided(need.request, *sides)
    if not decision.allowed:
        return Flow(need, (), _refused(need.request, decision.verdict, sides))
    allowing = [
        (document, statement)
        for side in sides
        for document in side
        for statement in document.statements
        if statement.allows and applies(statement, need.request, identity=bool(document.principal))
    ]
    rights = tuple(_needed(need.request, allowing, sides))
    if not any(bool(right.principal) is (need.side == "identity") for right in rights):
        names = ", ".join(f"{document.key} {statement.label}" for document, statement in allowing)
        return Flow(need, (), f"{need.request.action} on {need.request.resource} is allowed more than once: {names}")
    return Flow(need, rights)


def _needed(
    request: Request, allowing: Sequence[tuple[Document, Statement]], sides: tuple[Sequence[Document], ...]
) -> Iterator[Right]:
    """The rights without which the request fails: no other statement allows it, and none does so twice."""
    for document, statement in allowing:
        rights = list(_rights(document, statement, request))
        mine, theirs = (_without(side, document, statement) for side in sides)
        if len(rights) == 1 and not decided(request, mine, theirs).allowed:
            yield rights[0]


def _without(side: Sequence[Document], document: Document, statement: Statement) -> list[Document]:
    return [each.without(statement.number) if each is document else each for each in side]


def _refused(request: Request, verdict: Verdict, sides: tuple[Sequence[Document], Sequence[Document]]) -> str:
    read = ", ".join(document.key for side in sides for document in side) or "no document"
    return f"{request.action} on {request.resource} is {verdict.value}, of {read}"


def _rights(document: Document, statement: Statement, request: Request | None = None) -> Iterator[Right]:
    """The rights that a statement gives; those by which a request is allowed, if one is given."""
    for part, to in parts_of(statement):
        if request is None or applies(part, request, identity=bool(document.principal)):
            (action,), (resource,) = part.actions or ("all but some actions",), part.resources or ("",)
            yield Right(document.key, document.principal, statement.number, action, resource, to)


def _all_rights(documents: Documents) -> Iterator[Right]:
    for document in documents.all():
        for statement in document.statements:
            if statement.allows:
                yield from _rights(document, statement)


def _refusals(documents: Documents) -> Iterator[Refusal]:
    for document in documents.all():
        yield from (
            Refusal(document.key, statement.number, refused(document, statement))
            for statement in document.statements
            if not statement.allows
        )
