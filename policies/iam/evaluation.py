"""What IAM would decide, offline: one request against the documents that AWS would read for it.

It knows what AWS's page on evaluation says of one account and of two, for identity policies, resource policies, key
policies and trust policies; not service control policies, permissions boundaries and session policies, which only
take away. **It fails closed**: where it can't say whether a statement applies (an operator that it doesn't know, a
variable that the request doesn't fill, a pattern whose reach isn't documented), an Allow doesn't and a Deny does.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from .documents import Statement
from .operators import Context, Known, all_met, every, matches, some

_NO_CONTEXT: Final[Context] = {}
_CLOSED: Final = (("kms:", "key"), ("sts:assumerole", "role"))
"""What needs the resource's policy within one account, too: a key's policy, and a role's trust policy.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
"""


class Verdict(Enum):
    """AWS's three answers."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Somebody's wish to do something."""

    principal: str
    """The ARN of a role or user, or an AWS service (`sns.amazonaws.com`)."""

    action: str
    resource: str
    """Its ARN; `*` where the action takes none."""

    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys as they are sent, beside those that follow from the principal and the resource."""

    @property
    def by_service(self) -> bool:
        """Whether an AWS service asks in its own name."""
        return not self.principal.startswith("arn:")

    @property
    def account(self) -> str:
        """The principal's account; none for a service."""
        return _account(self.principal)

    @cached_property
    def keys(self) -> Context:
        """All condition keys, in lower case.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        sent = {"aws:SecureTransport": "true", **self._of_principal()}
        if account := _account(self.resource):
            sent["aws:ResourceAccount"] = account
        return {
            key.lower(): (value,) if isinstance(value, str) else tuple(value)
            for key, value in {**sent, **self.context}.items()
        }

    def _of_principal(self) -> dict[str, str]:
        if self.by_service:
            return {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": self.principal}
        return {
            "aws:PrincipalIsAWSService": "false",
            "aws:PrincipalArn": self.principal,
            "aws:PrincipalAccount": self.account,
        }


@dataclass(frozen=True)
class Decision:
    """The answer, and the statement that gave it."""

    verdict: Verdict
    by: Statement | None = None

    @property
    def allowed(self) -> bool:
        """Whether the request may be done."""
        return self.verdict is Verdict.ALLOWED


def decide(request: Request, *, identity: Sequence[Statement] = (), resource: Sequence[Statement] = ()) -> Decision:
    """The answer to a request.

    `identity` are the statements of all policies of the principal, `resource` those of the policy of what it asks for
    (for `sts:AssumeRole` the role's trust policy). Where the resource's ARN holds no account (S3's), it counts as the
    principal's own.
    """
    speaking = [] if request.by_service else [each for each in identity if applies(each, request, identity=True)]
    theirs = [each for each in resource if applies(each, request)]
    for statement in (*speaking, *theirs):
        if not statement.allows:
            return Decision(Verdict.DENIED, statement)
    mine = next(iter(speaking), None)
    direct = next((each for each in theirs if not _only_delegates(each, request)), None)
    by = mine if _needs_identity(request, direct) else direct or mine
    if by is mine and _needs_resource(request) and not theirs:
        by = None
    return Decision(Verdict.ALLOWED, by) if by else Decision(Verdict.NOT_ALLOWED)


def applies(statement: Statement, request: Request, *, identity: bool = False) -> bool:
    """Whether a statement speaks of the request; where that can't be said, a Deny does and an Allow doesn't."""
    if not _speaks_of_action(statement, request):
        return False
    said = every(
        (
            _speaks_of_resource(statement, request, identity),
            identity or _speaks_of_principal(statement, request),
            all_met(statement.conditions, request.keys),
        )
    )
    return not statement.allows if said is None else said


def _needs_identity(request: Request, direct: Statement | None) -> bool:
    """Whether the principal's own policies must allow, too: theirs alone, or across accounts."""
    if request.by_service:
        return False
    return direct is None or _owner(request) != request.account


def _needs_resource(request: Request) -> bool:
    """Whether the resource's policy must take part: across accounts, and for keys and roles."""
    action, kind = request.action.lower(), request.resource.split(":", 5)[-1].partition("/")[0]
    return _owner(request) != request.account or any(
        kind == closed and action.startswith(prefix) for prefix, closed in _CLOSED
    )


def _owner(request: Request) -> str:
    return _account(request.resource) or request.account


def _speaks_of_action(statement: Statement, request: Request) -> bool:
    patterns = statement.not_actions or statement.actions
    named = any(matches(request.action, pattern, _NO_CONTEXT, ignore_case=True) for pattern in patterns)
    return named is not bool(statement.not_actions)


def _speaks_of_resource(statement: Statement, request: Request, identity: bool) -> Known:
    """A trust policy names no resource: it is the role's own. In an identity policy that says nothing known."""
    if not statement.resources and not statement.not_resources:
        return None if identity else True
    patterns = statement.not_resources or statement.resources
    widely = statement.allows is bool(statement.not_resources)  # the reading that allows least
    answers = [_covers(pattern, request, crossing=widely) for pattern in patterns]
    named = some(answers)
    return named if named is None or not statement.not_resources else not named


def _covers(pattern: str, request: Request, *, crossing: bool) -> Known:
    if crossing and pattern.startswith("arn:") and pattern.count(":") < 5:
        pattern += "*"  # AWS completes an ARN that is cut short
    return matches(request.resource, pattern, request.keys, crossing=crossing)


def _speaks_of_principal(statement: Statement, request: Request) -> Known:
    """Who is named: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

    NotPrincipal in a Deny spares a role only where its account is named as well:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    excepted = statement.not_principals
    if not excepted:
        return some(_names(kind, name, request) for kind, names in statement.principals.items() for name in names)
    named = some(_names(kind, name, request) for kind, names in excepted.items() for name in names)
    if named and not statement.allows and not request.by_service:
        names = excepted.get("AWS", ())
        named = request.principal in names and any(_is_account(name, request.account) for name in names)
    return named if named is None else not named


def _names(kind: str, name: str, request: Request) -> Known:
    if kind == "Service":
        return request.by_service and name.lower() == request.principal.lower()
    if kind != "AWS":
        return None if not request.by_service else False  # a federated or canonical user may stand behind a role
    if name == "*":
        return True
    if request.by_service:
        return False
    if name == request.principal or _is_account(name, request.account):
        return True
    return None if _is_session_of(name, request.principal) else False


def _only_delegates(statement: Statement, request: Request) -> bool:
    """Whether it names the principal's account alone, which then decides by its identity policies."""
    names = statement.principals.get("AWS", ())
    return not request.by_service and not statement.not_principals and not {"*", request.principal} & set(names)


def _is_account(name: str, account: str) -> bool:
    parts = name.split(":")
    return name == account or (len(parts) == 6 and parts[4] == account and parts[5] == "root")


def _is_session_of(name: str, role: str) -> bool:
    """Whether it names sessions of the role, of which the request may or may not be one."""
    parts = name.split(":", 5)[-1].split("/")
    return parts[0] == "assumed-role" and parts[1:2] == [role.rsplit("/", 1)[-1]]


def _account(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""
