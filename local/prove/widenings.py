"""Rights that are planted on the running system, one at a time: each must be reported, or the proof is blind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from local.prove.calls import CALLS, concrete, kind
from local.prove.removal import changed
from local.prove.rights import Right
from local.tour.guide import Guide

_STRANGER = "arn:aws:iam::111111111111:root"
_ROLE = "aws:iam/role:Role"
_MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@dataclass(frozen=True, kw_only=True)
class Widening:
    """Something that nobody needs, and who is widened by it."""

    name: str
    what: str
    """The role, queue or function, by its name in the tree."""
    planted: Callable[[Guide], AbstractContextManager[None]]
    role: str = ""
    """Where calls of a role can show it."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Who reported a widening, and in what words."""

    widening: str
    what: str
    reports: tuple[str, ...]


def widenings(rights: Sequence[Right], resources: Iterable[Mapping[str, Any]]) -> Iterator[Widening]:
    """One of each kind, on what the stack has for it."""
    right = extensible(rights)
    resources = list(resources)
    role = right.role
    name = next(_name(one) for one in resources if one["type"] == _ROLE and one["outputs"]["name"] == role)
    yield Widening(
        name="an action added to a role's document by hand",
        what=name,
        planted=lambda guide: changed(guide.aws("iam"), role, lambda said: [*said, added(right)]),
        role=role,
    )
    yield Widening(
        name="a statement's resource widened to everything",
        what=name,
        planted=lambda guide: changed(guide.aws("iam"), role, lambda said: [{**said[0], "Resource": ["*"]}, *said[1:]]),
        role=role,
    )
    yield Widening(
        name="a managed policy attached to a role", what=name, planted=lambda guide: _attached(guide, role), role=role
    )
    yield Widening(
        name="a trust policy that lets another account in", what=name, planted=lambda guide: _trusting(guide, role)
    )
    if queue := _first(resources, "aws:sqs/queue:Queue"):
        url, arn = queue["outputs"]["url"], queue["outputs"]["arn"]
        yield Widening(
            name="a queue that everybody may send to",
            what=_name(queue),
            planted=lambda guide: _open_queue(guide, url, arn),
        )
    if function := _first(resources, "aws:lambda/function:Function"):
        yield Widening(
            name="a function that any bucket may invoke",
            what=_name(function),
            planted=lambda guide: _invocable(guide, function["outputs"]["name"]),
        )


def extensible(rights: Sequence[Right]) -> Right:
    """A right beside which something else could be granted that a call can show."""
    return next(right for right in rights if _beside(right, rights))


def added(right: Right) -> dict[str, Any]:
    """A statement that grants, on the right's resource, what nobody needs there."""
    return {"Effect": "Allow", "Action": [_beside(right, ())], "Resource": [right.resource]}


def surplus(rights: Sequence[Right]) -> Right:
    """A right that nobody needs, to be entered in the ledger and in the document alike."""
    right = extensible(rights)
    return Right(
        role=right.role,
        action=_beside(right, rights),
        resource=right.resource,
        service=right.service,
        pattern=right.pattern,
        because="planted",
    )


def _beside(right: Right, rights: Iterable[Right]) -> str:
    """An action on the right's resource that the ledger grants to no role."""
    granted = {one.action for one in rights}
    others = (call.action for call in CALLS if call.on == kind(concrete(right.resource)) and call.on)
    return next((action for action in reversed(list(others)) if action not in granted), "")


def _first(resources: Iterable[Mapping[str, Any]], type_: str) -> Mapping[str, Any] | None:
    return next((one for one in resources if one["type"] == type_), None)


def _name(resource: Mapping[str, Any]) -> str:
    return resource["urn"].rpartition("::")[-1]


@contextmanager
def _attached(guide: Guide, role: str) -> Iterator[None]:
    iam = guide.aws("iam")
    iam.attach_role_policy(RoleName=role, PolicyArn=_MANAGED)
    try:
        yield
    finally:
        iam.detach_role_policy(RoleName=role, PolicyArn=_MANAGED)


@contextmanager
def _trusting(guide: Guide, role: str) -> Iterator[None]:
    iam = guide.aws("iam")
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    stranger = {"Effect": "Allow", "Principal": {"AWS": _STRANGER}, "Action": "sts:AssumeRole"}
    wider = {**before, "Statement": [*before["Statement"], stranger]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(wider))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))


@contextmanager
def _open_queue(guide: Guide, url: str, arn: str) -> Iterator[None]:
    sqs = guide.aws("sqs")
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    policy = json.loads(before)
    everybody = {
        "Sid": "Planted",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    wider = {**policy, "Statement": [*policy["Statement"], everybody]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(wider)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": before})


@contextmanager
def _invocable(guide: Guide, function: str) -> Iterator[None]:
    lambda_ = guide.aws("lambda")
    lambda_.add_permission(
        FunctionName=function, StatementId="Planted", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    try:
        yield
    finally:
        lambda_.remove_permission(FunctionName=function, StatementId="Planted")
