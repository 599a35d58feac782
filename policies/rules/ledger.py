"""The ledger: documents say what it says, and it says nothing that no document does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pulumi_policy.proxy import UnknownValueError

from ..framework.ledger import PolicyEntry
from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import (
    ATTACHMENT,
    BUCKET_POLICY,
    FUNCTION,
    KMS_GRANT,
    LAMBDA_PERMISSION,
    PATTERN,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    TOPIC_POLICY,
)
from ..iam.documents import Statement, parse
from .openings import OPENINGS
from .roles import trust, trusted_services
from .subjects import RESOURCE_POLICIES, document, identity_statements, principal_of, resource_statements

LEDGER_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
JOBS = "arn:aws:sqs:eu-west-1:111122223333:jobs"


OF_PEOPLE = ("aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy")


def difference(documented: Iterable[Statement], entered: Iterable[Statement]) -> Iterator[str]:
    """What stands on one side only; a statement that stands twice must stand twice on both."""
    sides = ([("", statement) for statement in side] for side in (documented, entered))
    yield from (said for _, said in _differences(*sides))


def _differences(
    documented: Sequence[tuple[str, Statement]], entered: Sequence[tuple[str, Statement]]
) -> Iterator[tuple[str, str]]:
    """The same of statements that say which document they stand in; the first ones are those that the ledger knows."""
    there, here = (Counter(each.meaning() for _, each in side) for side in (documented, entered))
    unclaimed = Counter(here)
    for where, statement in documented:
        unclaimed[statement.meaning()] -= 1
        if unclaimed[statement.meaning()] < 0:
            yield where, f"{statement.label} stands in no ledger: {describe(statement)}"
    for where, statement in entered:
        if (here - there)[statement.meaning()]:
            yield where, f"the ledger's entry {statement.number} stands in no document: {describe(statement)}"


def describe(statement: Statement) -> str:
    """A statement in one line."""
    who = "".join(f" to {', '.join(names)}" for names in statement.principals.values())
    held = " under conditions" if statement.conditions else ""
    actions = ", ".join(statement.actions) or "all but some actions"
    return f"{statement.effect} {actions} on {', '.join(statement.resources)}{who}{held}"


def _granted(action: str) -> Example:
    grant = {
        "principal": "worker",
        "service": "lambda.amazonaws.com",
        "actions": ["sqs:SendMessage"],
        "resources": [JOBS],
        "because": "handler convert.thumbnail",
    }
    body = {"Effect": "Allow", "Action": action, "Resource": JOBS}
    return {
        f"{PATTERN}Example posters": {"grants": [grant]},
        f"{ROLE_POLICY} worker": {"role": "worker", "policy": document(body)},
    }


@rule(
    "ledger-grants",
    "Every identity document is what the ledger says, and the ledger is all there is",
    severity=Severity.HIGH,
    on=resources(ROLE_POLICY, ATTACHMENT, *OF_PEOPLE, PATTERN),
    judges={ROLE_POLICY: ("policy", "role"), PATTERN: ("grants",)},
    why="The ledger gives each grant a reason; a grant beside it has none, and one that no document holds is a claim.",
    fix="Give the permission to what needs it, as `permissions=[…]`: the component writes document and ledger",
    page=LEDGER_PAGE,
    frameworks=(
        "SEC03-BP02",
        "SEC03-BP04",
    ),
    passes=_granted("sqs:SendMessage"),
    fails=_granted("sqs:DeleteMessage"),
)
def ledger_grants(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a document against the ledger, and a pattern's ledger by whether each principal has a document."""
    if resource.type == ROLE_POLICY or _is_read_back(resource):
        yield from _against_ledger(resource, context.stack)
        return
    if resource.type in OF_PEOPLE:
        yield "grants to a user or group, which stands in no ledger"
        return
    documented = _documented_principals(context.stack)
    for principal, grants in context.stack.ledger.grants.items():
        if grants[0].pattern is resource and principal not in documented:
            yield f"the ledger grants to {principal}, which has no inline document"
        for grant in grants:
            if grant.pattern is resource and not grant.because:
                yield f"the ledger's entry {grant.statement.number} of {principal} has no reason"


def _is_read_back(attachment: Resource) -> bool:
    """Whether what a managed policy grants is known: only AWS can tell, after the update."""
    return attachment.type == ATTACHMENT and attachment.known("policy") is not None


def _against_ledger(policy: Resource, stack: Stack) -> Iterator[str]:
    """What a document grants that the ledger doesn't, beside the principal's documents before it.

    What stands in no document is said of the first.
    """
    principal = principal_of(policy, stack)
    grants = stack.ledger.grants.get(principal)
    if not grants:
        yield f"the document of {principal} stands in no ledger"
        return
    documents = {one.urn: identity_statements(one, stack) for one in stack.once(_documents)[principal]}
    entered = [grant.statement for grant in grants]
    together = [(urn, statement) for urn, statements in documents.items() for statement in statements]
    _, *beside = documents
    for urn, said in _differences(together, [("", statement) for statement in entered]):
        if urn == policy.urn or (not urn and policy.urn not in beside):
            yield said


def _documents(stack: Stack) -> dict[str, list[Resource]]:
    """The documents of each principal, those that are attached last."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for policy in (*stack.of(ROLE_POLICY), *filter(_is_read_back, stack.of(ATTACHMENT))):
        found[_known_principal(policy, stack)].append(policy)
    return found


def _documented_principals(stack: Stack) -> set[str]:
    return {_known_principal(policy, stack) for policy in stack.of(ROLE_POLICY)}


def _known_principal(policy: Resource, stack: Stack) -> str:
    """The principal, or "" where it is unknown: the policy itself is then reported."""
    try:
        return principal_of(policy, stack)
    except UnknownValueError:
        return ""


def _trusted(service: str) -> Example:
    grant = {"principal": "worker", "service": service, "actions": ["sqs:SendMessage"], "resources": [JOBS]}
    return {
        f"{PATTERN}Example posters": {"grants": [grant]},
        f"{ROLE} worker": {"name": "worker", "assumeRolePolicy": trust("lambda.amazonaws.com")},
    }


@rule(
    "ledger-trust",
    "A role trusts the service that the ledger names",
    severity=Severity.HIGH,
    on=resources(ROLE, PATTERN),
    judges={ROLE: ("name", "assumeRolePolicy"), PATTERN: ("grants",)},
    why="The ledger says who uses a grant; a role that another service assumes gives it to somebody else.",
    fix="Let the component make the role",
    page=LEDGER_PAGE,
    frameworks=(
        "SEC03-BP02",
        "SEC03-BP04",
    ),
    passes=_trusted("lambda.amazonaws.com"),
    fails=_trusted("states.amazonaws.com"),
)
def ledger_trust(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a role in the ledger by its trust policy, and a ledger by whether each principal has one service."""
    grants = context.stack.ledger.grants
    if resource.type != ROLE:
        for principal, entries in grants.items():
            services = {entry.service for entry in entries}
            if entries[0].pattern is resource and len(services) != 1:
                yield f"the ledger has {principal} assumed by {', '.join(sorted(services))}"
        return
    name = resource.known("name")
    if name in grants and trusted_services(parse(resource.known("assumeRolePolicy"))) != [grants[name][0].service]:
        yield f"{name} isn't assumed by {grants[name][0].service} alone, which the ledger names"


def _entered(principal: str) -> Example:
    held = {"ArnEquals": {"aws:SourceArn": ["${topic.arn}"]}}
    entry = {
        "policy": f"{QUEUE_POLICY}::jobs",
        "sid": "SnsOnly",
        "effect": "Allow",
        "principals": {"Service": ["sns.amazonaws.com"]},
        "actions": ["sqs:SendMessage"],
        "resources": [JOBS],
        "conditions": held,
        "because": "the topic delivers here",
    }
    topic = "arn:aws:sns:eu-west-1:111122223333:arrivals"
    body = {
        "Sid": "SnsOnly",
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sqs:SendMessage",
        "Resource": JOBS,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return {
        f"{PATTERN}Example posters": {"statements": [entry], "awaited": {"topic.arn": topic}},
        f"{QUEUE_POLICY} jobs": {"queueUrl": "jobs", "policy": document(body)},
    }


@rule(
    "ledger-statements",
    "Every resource policy is what the ledger says, and the ledger is all there is",
    severity=Severity.HIGH,
    on=resources(*RESOURCE_POLICIES, *OPENINGS, LAMBDA_PERMISSION, KMS_GRANT, PATTERN),
    judges={QUEUE_POLICY: ("policy",), BUCKET_POLICY: ("policy",), TOPIC_POLICY: ("policy",), PATTERN: ("statements",)},
    why="A resource policy opens a resource to others; whoever reads the ledger must see all of them.",
    fix="Let the component write the policy, from statements that say why",
    page=LEDGER_PAGE,
    frameworks=(
        "SEC03-BP02",
        "SEC03-BP07",
    ),
    passes=_entered("sns.amazonaws.com"),
    fails=_entered("events.amazonaws.com"),
)
def ledger_statements(resource: Resource, context: Context) -> Iterator[str]:
    """Judge a resource policy against the ledger, and a pattern's ledger by whether each policy exists."""
    entries = context.stack.ledger.policies
    if resource.type.startswith(PATTERN):
        existing = {policy.key for policy in context.stack.of(*RESOURCE_POLICIES, LAMBDA_PERMISSION)}
        for key, entry in entries.items():
            if entry.pattern is resource and key not in existing:
                yield f"the ledger has statements of {key}, which doesn't exist"
        return
    entry = entries.get(resource.key)
    if entry is None:
        yield f"stands in no ledger: {_granted_by(resource, context.stack)}"
    elif resource.type == LAMBDA_PERMISSION:
        if not (entry.awaits and resource.is_unknown("sourceArn")):
            yield from difference(_on_function(resource, context.stack, entry), entry.statements)
    elif not (entry.awaits and resource.is_unknown("policy")):
        yield from difference(parse(resource.known("policy")), entry.statements)


def _granted_by(policy: Resource, stack: Stack) -> str:
    """What a resource policy that nobody entered gives to whom."""
    if policy.type == KMS_GRANT:
        return f"Allow {', '.join(policy.known('operations'))} to {policy.known('granteePrincipal')}"
    statements = resource_statements(policy, stack)
    if policy.type == LAMBDA_PERMISSION:
        function = stack.named_by(policy, "function", FUNCTION)
        on = function.given("arn") or function.name if function else policy.known("function")
        statements = tuple(replace(statement, resources=(on,)) for statement in statements)
    return "; ".join(map(describe, statements))


def _on_function(permission: Resource, stack: Stack, entry: PolicyEntry) -> Iterator[Statement]:
    """A Lambda permission's statement, on the ARN of the function that it names."""
    function = stack.named_by(permission, "function", FUNCTION)
    arn = _arn_of(function, stack, entry) if function else permission.known("function")
    for statement in resource_statements(permission, stack):
        yield replace(statement, resources=(arn,))


def _arn_of(function: Resource, stack: Stack, entry: PolicyEntry) -> str:
    """The function's ARN; before it is made, the one in the ledger, if it is this function's by its name."""
    if function.is_unknown("arn"):
        computed = {resource for statement in entry.statements for resource in statement.resources}
        if len(computed) == 1 and stack.find(*computed, FUNCTION) is function:
            return computed.pop()
    return function.known("arn")
