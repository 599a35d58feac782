"""Permissions are values; every IAM document is written here, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

Conditions = Mapping[str, Mapping[str, Sequence[str]]]
"""operator → condition key → values."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What may be done to what. Made by the resource it opens: `queue.send()`, `bucket.read(prefix="uploads/")`."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)
    page: str = ""
    """The AWS page that asks for it, where nothing local can show the need."""

    because: str = field(default="", compare=False)
    """What needs it, where its role serves several things that do (the states of a machine)."""

    def statement(self) -> dict[str, Any]:
        """The statement of an identity policy that grants this."""
        return _statement("Allow", self.actions, self.resources, self.conditions)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement of a resource policy: who else may use the resource, or must not."""

    sid: str
    because: str
    principals: Mapping[str, tuple[str, ...]]
    """Kind (`Service`, `AWS`) → principals."""
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)
    effect: Literal["Allow", "Deny"] = "Allow"
    page: str = ""

    def statement(self) -> dict[str, Any]:
        """The statement in the policy's JSON."""
        principals = {kind: list(who) for kind, who in self.principals.items()}
        common = _statement(self.effect, self.actions, self.resources, self.conditions)
        return {"Sid": self.sid, "Principal": principals, **common}


def allow_service(
    service: str, actions: tuple[str, ...], resource: str, *, source_arn: str, account: str = "", because: str
) -> Statement:
    """Let one AWS service use `resource` on behalf of `source_arn` alone (and of `account`, where ARNs hold none).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    conditions: dict[str, dict[str, list[str]]] = {"ArnEquals": {"aws:SourceArn": [source_arn]}}
    if account:
        conditions["StringEquals"] = {"aws:SourceAccount": [account]}
    sid = "".join(word.capitalize() for word in service.split(".", maxsplit=1)[0].split("-"))
    return Statement(
        sid=f"{sid}Only",
        principals={"Service": (service,)},
        actions=actions,
        resources=(resource,),
        conditions=conditions,
        because=because,
    )


def tls_only(actions: tuple[str, ...], *resources: str) -> Statement:
    """Refuse everybody who comes without TLS.

    A wildcard in a Deny takes away; it grants nothing.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return Statement(
        sid="TlsOnly",
        effect="Deny",
        principals={"AWS": ("*",)},
        actions=actions,
        resources=resources,
        conditions={"Bool": {"aws:SecureTransport": ["false"]}},
        because="every caller uses TLS",
    )


def identity_document(
    permissions: Iterable[Permission], awaited: Mapping[str, pulumi.Output[str]] | None = None
) -> pulumi.Input[str]:
    """An identity policy: a known string, so that a policy pack can judge it at the first preview.

    Where it names what AWS makes (`${name}`), the pack judges the ledger's entry until that is known.
    """
    return _filled(_document(permission.statement() for permission in permissions), awaited or {})


def trust_document(service: str, conditions: Conditions | None = None) -> str:
    """Who may assume a role: one service, on behalf of what `conditions` name."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if conditions:
        statement["Condition"] = plain_conditions(conditions)
    return _document([statement])


def resource_document(
    statements: Iterable[Statement], awaited: Mapping[str, pulumi.Output[str]] | None = None
) -> pulumi.Input[str]:
    """A resource policy. Where it names what AWS makes (`${name}`), it is known once those are."""
    return _filled(_document(statement.statement() for statement in statements), awaited or {})


def placeholder(name: str) -> str:
    """What stands in a statement for a value that AWS makes."""
    return f"${{{name}}}"


def _filled(text: str, awaited: Mapping[str, pulumi.Output[str]]) -> pulumi.Input[str]:
    used = {name: value for name, value in awaited.items() if placeholder(name) in text}
    if not used:
        return text

    def fill(values: dict[str, str]) -> str:
        filled = text
        for name, value in values.items():
            filled = filled.replace(placeholder(name), value)
        return filled

    return pulumi.Output.all(**used).apply(fill)


def _statement(effect: str, actions: Sequence[str], resources: Sequence[str], conditions: Conditions) -> dict[str, Any]:
    body: dict[str, Any] = {"Effect": effect, "Action": list(actions), "Resource": list(resources)}
    if conditions:
        body["Condition"] = plain_conditions(conditions)
    return body


def plain_conditions(conditions: Conditions) -> dict[str, dict[str, list[str]]]:
    """Conditions as JSON has them."""
    return {operator: {key: list(values) for key, values in keys.items()} for operator, keys in conditions.items()}


def _document(statements: Iterable[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
