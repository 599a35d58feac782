"""Principals: all that one role, user or group may do, over all of its documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Subject
from ..framework.stack import Stack
from ..framework.types import ROLE, ROLE_POLICY
from ..iam.arns import matches
from ..iam.documents import Statement, parse
from ..iam.facts import NoFacts
from .subjects import document, identity_statements

MANAGED_POLICY: Final = "aws:iam/policy:Policy"
_INLINE: Final = {
    ROLE_POLICY: "role",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/groupPolicy:GroupPolicy": "group",
}
_ATTACHMENTS: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role",),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("user",),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("group",),
    "aws:iam/policyAttachment:PolicyAttachment": ("roles", "users", "groups"),
}
"""What attaches a managed policy, and the properties that say to whom."""


@dataclass(frozen=True)
class Principal:
    """Somebody, with all statements of all its documents."""

    name: str
    statements: tuple[Statement, ...]

    def may(self, action: str) -> bool:
        """Whether it may call `action` on something. Conditions count as met, but not those of a Deny."""
        wanted = action.lower()
        return bool(self.that_allow(wanted))

    def that_allow(self, action: str) -> list[Statement]:
        """The statements by which it may call `action`, in lower case, on something."""
        if any(speaks_of(each, action) for each in self._refusals):
            return []
        return [each for each in self.statements if each.allows and speaks_of(each, action)]

    @cached_property
    def _refusals(self) -> list[Statement]:
        return [each for each in self.statements if not each.allows and not each.conditions and "*" in each.resources]


def speaks_of(statement: Statement, action: str) -> bool:
    """Whether it is about `action`, which is in lower case."""
    if statement.not_actions:
        return not any(matches(action, pattern.lower()) for pattern in statement.not_actions)
    return any(matches(action, pattern.lower()) for pattern in statement.actions)


def _principals(resource: Resource, context: Context) -> Iterator[Principal]:
    """The principals that are reported at `resource`: at the first of what holds their statements."""
    stack = context.stack
    for name, parts in stack.once(_by_first).get(resource.urn, ()):
        yield Principal(name, tuple(statement for part in parts for statement in _statements(part, stack)))


def _by_first(stack: Stack) -> Mapping[str, list[tuple[str, Sequence[Resource]]]]:
    first = defaultdict(list)
    for (_, name), parts in _parts(stack).items():
        first[parts[0].urn].append((name, parts))
    return first


def _parts(stack: Stack) -> Mapping[tuple[str, str], Sequence[Resource]]:
    """What holds each principal's statements; where it is unknown whose they are, they are somebody's alone."""
    parts: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for role in stack.of(ROLE):
        if _has_more(role, "inlinePolicies") or _has_more(role, "managedPolicyArns"):
            parts[role.urn, _name(role)].append(role)
    for policy in stack.of(*_INLINE):
        parts[_whose(policy, _INLINE[policy.type], stack)].append(policy)
    attached = set()
    for attachment in stack.of(*_ATTACHMENTS):
        part = attachment if attachment.props.get("policy") else _attached(attachment, stack) or attachment
        attached.add(part.urn)
        for prop in _ATTACHMENTS[attachment.type]:
            for holder in _holders(attachment, prop, stack):
                parts[holder].append(part)
    for policy in stack.of(MANAGED_POLICY):
        if policy.urn not in attached:
            parts[policy.urn, policy.name].append(policy)
    return parts


def _name(role: Resource) -> str:
    """The physical name, by which the ledger knows it; while AWS has yet to make one, the program's."""
    return role.name if role.is_unknown("name") else role.known("name") or role.name


def _has_more(role: Resource, prop: str) -> bool:
    try:
        return bool(role.given(prop))
    except UnknownValueError:
        return True


def _whose(resource: Resource, prop: str, stack: Stack) -> tuple[str, str]:
    """The URN of the principal that a property names, or its kind and name, and how a message calls it."""
    try:
        role = stack.named_by(resource, prop, ROLE) if prop == "role" else None
        name = resource.known(prop) if role is None else _name(role)
    except UnknownValueError:
        return resource.urn, resource.name
    return (role.urn if role else f"{prop} {name}"), name


def _holders(attachment: Resource, prop: str, stack: Stack) -> Iterator[tuple[str, str]]:
    if not prop.endswith("s"):
        yield _whose(attachment, prop, stack)
        return
    try:
        names = attachment.known(prop) or ()
    except UnknownValueError:
        yield attachment.urn, attachment.name
        return
    for name in names:
        role = stack.find(name, ROLE) if prop == "roles" else None
        yield (role.urn, _name(role)) if role else (f"{prop.removesuffix('s')} {name}", name)


def _attached(attachment: Resource, stack: Stack) -> Resource | None:
    try:
        return stack.named_by(attachment, "policyArn", MANAGED_POLICY)
    except UnknownValueError:
        return None


def _statements(part: Resource, stack: Stack) -> Iterator[Statement]:
    """The statements of a part; raises UnknownValueError, MalformedDocument or NoFacts when they can't be read.

    An attachment that was read back from AWS has the managed policy's document with it.
    """
    if part.type in _ATTACHMENTS and part.props.get("policy"):
        yield from parse(part.known("policy"))
        return
    if part.type in _ATTACHMENTS:
        raise NoFacts(f"what {part.known('policyArn')} allows isn't of this stack")
    if part.type != ROLE:
        yield from identity_statements(part, stack)
        return
    for inline in part.given("inlinePolicies") or ():
        yield from parse(inline.get("policy") or {})
    for arn in part.given("managedPolicyArns") or ():
        policy = stack.find(arn, MANAGED_POLICY)
        if policy is None:
            raise NoFacts(f"what {arn} allows isn't of this stack")
        yield from identity_statements(policy, stack)


def _in_role_policy(statements: Sequence[Mapping[str, Any]]) -> Example:
    bodies = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    return {f"{ROLE_POLICY} worker": {"role": "worker", "policy": document(*bodies)}}


PRINCIPALS: Final = Subject((ROLE, *_INLINE, MANAGED_POLICY, *_ATTACHMENTS), _principals, _in_role_policy)
"""Each principal with all its statements. An example is a list of statements."""
