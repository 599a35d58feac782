"""What one resource must be able to do to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import BUCKET, FUNCTION, QUEUE, ROLE, TOPIC
from policies.iam.evaluation import Request

Side = Literal["identity", "resource", "trust"]
"""Whose document must allow it: the principal's role, the resource's policy, or the role's trust policy."""

SAMPLE: Final = "flow"
"""Stands for what an execution decides: a key, an id."""


class UnknownFlow(LookupError):
    """A resource delivers to, or reads from, what nothing is known of."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A request that the system makes by itself."""

    source: str
    """What makes it, as `type::name`."""

    target: str
    """What is done something to: `type::name`, or the ARN of what isn't in the stack."""

    request: Request = field(hash=False)
    side: Side
    page: str
    """AWS's page that says who asks for what, and which condition keys are sent."""

    computed: bool = False
    """Whether only an execution decides what is called, so that the ledger's own word is taken for it."""


def arn_of(resource: Resource) -> str:
    """The ARN that AWS gave it."""
    return str(resource.known("arn"))


def part(arn: str, number: int) -> str:
    """One of the six parts of an ARN, from 0."""
    return (arn.split(":", 5) + [""] * 6)[number]


def on_behalf(arn: str, account: str = "") -> dict[str, str]:
    """What a service says of the resource that it acts for; a bucket's ARN holds no account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {"aws:SourceArn": arn, "aws:SourceAccount": account or part(arn, 4)}


def by_service(
    stack: Stack, source: Resource, service: str, action: str, arn: str, *, sent: Mapping[str, str], page: str
) -> Iterator[Need]:
    """A service that comes in its own name, where the target is the stack's: another's policy can't be seen."""
    target = find(stack, arn)
    if target:
        asked = Request(principal=service, action=action, resource=arn, context=sent)
        yield Need(source=source.key, target=target.key, request=asked, side="resource", page=page)


def by_role(
    stack: Stack,
    source: Resource,
    role_arn: str,
    actions: str,
    arn: str,
    *,
    page: str,
    sent: Mapping[str, str] | None = None,
) -> Iterator[Need]:
    """A resource that acts under a role of the stack; `actions` by spaces."""
    if not stack.find(role_arn, ROLE):
        return
    target = find(stack, arn)
    for action in actions.split():
        asked = Request(principal=role_arn, action=action, resource=arn, context=sent or {})
        key = target.key if target else arn
        yield Need(source=source.key, target=key, request=asked, side="identity", page=page)


def find(stack: Stack, arn: str) -> Resource | None:
    """The resource of the stack that an ARN names, whatever its type."""
    return stack.find(arn, *_ADDRESSED)


def given(resource: Resource, prop: str) -> Any:
    """A property that may be absent: an empty mapping then."""
    return resource.known(prop) or {}


_ADDRESSED: Final = (
    QUEUE,
    TOPIC,
    FUNCTION,
    BUCKET,
    "aws:kinesis/stream:Stream",
    "aws:dynamodb/table:Table",
    "aws:sfn/stateMachine:StateMachine",
    "aws:cloudwatch/eventBus:EventBus",
    "aws:kms/key:Key",
)
