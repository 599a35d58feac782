"""Roles: who may assume one, and who does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Scope, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import API_ACCOUNT, EVENT_TARGET, FUNCTION, PIPE, ROLE, SCHEDULE, STATE_MACHINE
from ..iam.arns import has_wildcard
from ..iam.documents import Statement, parse
from .subjects import document

TRUST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html"

USERS = {
    FUNCTION: "role",
    API_ACCOUNT: "cloudwatchRoleArn",
    "aws:apigateway/integration:Integration": "credentials",
    EVENT_TARGET: "roleArn",
    PIPE: "roleArn",
    SCHEDULE: "target",
    STATE_MACHINE: "roleArn",
}
"""What runs under a role, and the property that names it."""


def trust(*services: str, action: str = "sts:AssumeRole") -> dict[str, object]:
    """A trust policy for an example."""
    return document({"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action})


def trusted_services(statements: tuple[Statement, ...]) -> list[str]:
    """All services that a trust policy names."""
    return sorted({name for each in statements if each.allows for name in each.principals.get("Service", ())})


@rule(
    "iam-trust-one-service",
    "A role is assumed by exactly one service",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(ROLE),
    judges={ROLE: ("assumeRolePolicy",)},
    why="Whoever may assume a role has all its grants; a second service, an account or a person multiplies them.",
    fix="Let the trust policy allow sts:AssumeRole to the one service that runs under the role",
    page=TRUST,
    same_as=("checkov CKV_AWS_60", "checkov CKV_AWS_61"),
    frameworks=(
        "SEC03-BP02",
        "SEC03-BP07",
    ),
    passes={f"{ROLE} worker": {"name": "worker", "assumeRolePolicy": trust("lambda.amazonaws.com")}},
    fails={
        f"{ROLE} worker": {"name": "worker", "assumeRolePolicy": trust("lambda.amazonaws.com", "ec2.amazonaws.com")}
    },
)
def trust_one_service(role: Resource, _: Context) -> Iterator[str]:
    """Judge one role's trust policy."""
    statements = parse(role.known("assumeRolePolicy"))
    for statement in statements:
        if not statement.allows:
            continue
        for kind in sorted(set(statement.principals) - {"Service"}):
            yield f"{statement.label} lets {', '.join(statement.principals[kind])} ({kind}) assume the role"
        if statement.not_principals:
            yield f"{statement.label} lets all but some principals assume the role (NotPrincipal)"
        for action in (*statement.actions, *("NotAction" for _ in statement.not_actions)):
            if action.lower() != "sts:assumerole":
                yield f"{statement.label} allows {action}"
    services = trusted_services(statements)
    if len(services) != 1 or has_wildcard(services[0]):
        yield f"the trust policy names {', '.join(services) or 'no service'}"


def _shared(*functions: str) -> Example:
    role = {
        "name": "worker",
        "arn": "arn:aws:iam::111122223333:role/worker",
        "assumeRolePolicy": trust("lambda.amazonaws.com"),
    }
    return {
        f"{ROLE} worker": role,
        **{f"{FUNCTION} {name}": {"name": name, "role": role["arn"]} for name in functions},
    }


@rule(
    "iam-one-principal-one-role",
    "A role serves one function, state machine, route, pipe, rule or schedule",
    severity=Severity.HIGH,
    on=resources(ROLE, *USERS),
    judges={FUNCTION: ("role",)},
    why="Who shares a role has the other's grants.",
    fix="Give each its own role",
    page="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    frameworks=(
        "SEC03-BP02",
        "SEC03-BP01",
    ),
    passes=_shared("thumbnail"),
    fails=_shared("thumbnail", "jpeg"),
)
def one_principal_one_role(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a role by who uses it, and a user by whether its role is known and one of the stack's."""
    if resource.type != ROLE:
        if _role_of(resource, context.stack) is None and (stranger := _role_name(resource)):
            yield f"runs under {stranger}, which isn't a role of this stack"
        return
    users = context.stack.once(users_of_roles).get(resource.urn, [])
    if len(users) > 1:
        yield f"is used by {', '.join(user.name for user in users)}"


def users_of_roles(stack: Stack) -> dict[str, list[Resource]]:
    """What runs under each role, by the role's URN."""
    users: dict[str, list[Resource]] = defaultdict(list)
    for user in stack.of(*USERS):
        try:
            role = _role_of(user, stack)
        except UnknownValueError:
            continue  # reported where the user itself is judged
        if role:
            users[role.urn].append(user)
    return users


def _role_name(user: Resource) -> str:
    """The role as the user names it, or "" for one that has none."""
    given = user.known(USERS[user.type])
    if user.type == SCHEDULE:
        return (given or {}).get("roleArn", "")
    return given or ""


def _role_of(user: Resource, stack: Stack) -> Resource | None:
    if user.type == SCHEDULE:
        return stack.find(_role_name(user), ROLE)
    return stack.named_by(user, USERS[user.type], ROLE)
