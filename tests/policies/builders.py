"""Records, statements and documents for the policy tests, in the shape that the real program gives the pack."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from policies.framework.exceptions import NONE, Exceptions
from policies.framework.resources import UNKNOWN, Resource
from policies.framework.rule import Example, Finding, Rule
from policies.framework.stack import Stack
from policies.framework.types import (
    PATTERN,
)
from policies.judge import excepted, judge

Record = dict[str, Any]
REGION, ACCOUNT = "eu-west-1", "111122223333"
PATTERN_TYPE = f"{PATTERN}FanOutConverter"
TODAY = date(2026, 1, 15)
EXCEPTIONS = "exceptions"
COMPUTED = ("arn", "id", "url", "redrivePolicy", "loggingConfig", "policy")
"""Outputs that the provider answers; at a preview those that the program doesn't give are unknown."""


def urn_of(type_: str, name: str) -> str:
    """The URN of a child of the pattern."""
    return f"urn:pulumi:test::video::{PATTERN_TYPE}${type_}::{name}"


def record(type_: str, name: str, props: Mapping[str, Any], made_of: Mapping[str, str] | None = None) -> Record:
    """One resource. `made_of` says which property is made of which other resource (`"type name"`)."""
    sources = {prop: other.split(" ", 1) for prop, other in (made_of or {}).items()}
    dependencies = {prop: [urn_of(other_type, other)] for prop, (other_type, other) in sources.items()}
    return {
        "type": type_,
        "name": name,
        "urn": urn_of(type_, name),
        "props": dict(props),
        "inputs": dict(props),
        "parent": f"urn:pulumi:test::video::{PATTERN_TYPE}::posters",
        "propertyDependencies": dependencies,
    }


def from_example(example: Example) -> list[Record]:
    """The resources of a rule's example."""
    named = ((key.split(" ", 1), props) for key, props in example.items() if key != EXCEPTIONS)
    return [record(type_, name, props) for (type_, name), props in named]


def exceptions_in(example: Mapping[str, Any]) -> Exceptions:
    """The exceptions of a rule's example, on TODAY."""
    return excepted(example.get(EXCEPTIONS, {}).get("list", ()), lambda: TODAY)


def arn(service: str, resource: str) -> str:
    """An ARN in the test account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def tls(action: str, *resources: str) -> dict[str, Any]:
    """The statement that refuses callers without TLS."""
    return {
        "sid": "TlsOnly",
        "effect": "Deny",
        "principals": {"AWS": ["*"]},
        "actions": [action],
        "resources": list(resources),
        "conditions": {"Bool": {"aws:SecureTransport": ["false"]}},
        "because": "every caller uses TLS",
    }


def allow(service: str, action: str, resource: str, source: str, account: str = "") -> dict[str, Any]:
    """The statement that lets a service in, for one source."""
    conditions: dict[str, Any] = {"ArnEquals": {"aws:SourceArn": [source]}}
    if account:
        conditions["StringEquals"] = {"aws:SourceAccount": [account]}
    return {
        "sid": "ServiceOnly",
        "effect": "Allow",
        "principals": {"Service": [service]},
        "actions": [action],
        "resources": [resource],
        "conditions": conditions,
        "because": "the source delivers here",
    }


def policy_text(statements: Iterable[Mapping[str, Any]], awaited: Mapping[str, str] | None = None) -> str:
    """The document of ledger statements, with what AWS makes filled in."""
    body = [
        {
            "Sid": each["sid"],
            "Effect": each["effect"],
            "Principal": each["principals"],
            "Action": each["actions"],
            "Resource": each["resources"],
            "Condition": each["conditions"],
        }
        for each in statements
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": body})
    for name, value in (awaited or {}).items():
        text = text.replace(f"${{{name}}}", value)
    return text


def identity_text(grants: Iterable[Mapping[str, Any]]) -> str:
    """The document of ledger grants."""
    body = [
        {
            "Effect": "Allow",
            "Action": each["actions"],
            "Resource": each["resources"],
            **({"Condition": each["conditions"]} if each["conditions"] else {}),
        }
        for each in grants
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": body})


def grant(actions: list[str], resources: list[str]) -> dict[str, Any]:
    """A grant of the worker, as the ledger has it."""
    return {
        "principal": "video-test-posters-worker",
        "service": "lambda.amazonaws.com",
        "actions": actions,
        "resources": resources,
        "conditions": {},
        "because": "handler handlers.convert.thumbnail",
        "page": "",
    }


def blank(records: list[Record], type_: str, prop: str) -> list[Record]:
    """Make a property of all resources of a type unknown, as an output of another resource."""
    changed = copy.deepcopy(records)
    for each in changed:
        if each["type"].startswith(type_) and prop in each["props"]:
            each["props"][prop] = each["inputs"][prop] = UNKNOWN
            each["propertyDependencies"][prop] = [urn_of("aws:ssm/parameter:Parameter", "elsewhere")]
    return changed


def rows(records: list[Record]) -> list[dict[str, Any]]:
    """The records as a state holds them."""
    given = ("type", "urn", "inputs", "parent", "propertyDependencies")
    return [{**{key: each[key] for key in given}, "outputs": each["props"]} for each in records]


def remedied(rule: Rule, records: list[Record]) -> list[Record]:
    """The resources as a rule's remedy leaves them."""
    changed = copy.deepcopy(records)
    for each in changed:
        resource = Resource.of(each).as_declared()
        for prop, value in rule.remedies(resource, Stack([resource])).items():
            merged = {**each["inputs"].get(prop, {}), **value} if isinstance(value, Mapping) else value
            each["props"][prop] = each["inputs"][prop] = merged
    return changed


def violations(
    records: Iterable[Record], rule: str | None = None, exceptions: Exceptions = NONE, **config: Any
) -> list[Finding]:
    """What the pack says, or one rule of it."""
    found = judge(records, {rule: config} if rule and config else None, exceptions)
    return [finding for finding in found if rule in (None, finding.rule)]
