"""What parliament finds in the documents of the corpus, beside what the rules find in them.

`python -m bench.parliament` asks parliament and records its answers here; it can't be imported in this environment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from policies.framework.resources import UNKNOWN, Resource
from policies.framework.stack import Stack
from policies.iam.arns import has_wildcard
from policies.iam.documents import MalformedDocument, parse
from policies.judge import judge_rule
from policies.rules import RULES
from policies.rules.subjects import IDENTITY_POLICIES, RESOURCE_POLICIES
from tests.policies.builders import Record
from tests.policies.cases import cases

RECORD: Final = Path(__file__).with_name("parliament.json")

ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "CREDENTIALS_EXPOSURE": ("iam-no-wildcard-action", "resource-policy-no-wildcard-action"),
    "MISMATCHED_TYPE": ("iam-condition-holds",),
    "NOTPRINCIPAL_WITH_ALLOW": ("iam-document-valid", "resource-policy-no-public-principal"),
    "PERMISSIONS_MANAGEMENT_ACTIONS": ("iam-no-escalation", "iam-pass-role", "resource-policy-no-wildcard-action"),
    "PRIVILEGE_ESCALATION": ("resource-policy-no-wildcard-action",),
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": ("iam-no-exposure",),
    "UNKNOWN_PRINCIPAL": ("resource-policy-known-account", "resource-policy-no-public-principal"),
}
"""Rules that answer an issue in some documents, beside those that name it as the same."""


@dataclass(frozen=True, eq=False)
class Document:
    """One document of the corpus, in the resource that has it."""

    record: Record
    text: str

    @cached_property
    def found(self) -> frozenset[str]:
        """The rules that find something in it, alone in its resource."""
        stack = Stack([Resource.of(self.record)])
        return frozenset(rule.id for rule in RULES if any(judge_rule(rule, stack)))

    @cached_property
    def digest(self) -> str:
        """What it is recorded under."""
        return hashlib.sha256(f"{self.record['type']} {self.text}".encode()).hexdigest()[:16]


def documents() -> list[Document]:
    """Every document of the corpus that is known, once."""
    found = {}
    for each in (each for case in cases() for each in case.records):
        text = each["props"].get("policy")
        if each["type"] in (*IDENTITY_POLICIES, *RESOURCE_POLICIES) and isinstance(text, str) and UNKNOWN not in text:
            found.setdefault((each["type"], text), Document(each, text))
    return list(found.values())


@cache
def recorded() -> Mapping[str, tuple[str, ...]]:
    """Digest → the issues that parliament found."""
    return {digest: tuple(issues) for digest, issues in json.loads(RECORD.read_text()).items()}


def unanswered(document: Document, issues: Iterable[str], also: Mapping[str, tuple[str, ...]] = ALSO) -> Iterator[str]:
    """The issues to which no rule of ours finds anything, but those that are explained."""
    for issue in issues:
        same = {rule.id for rule in RULES if f"parliament {issue}" in rule.same_as}
        if not document.found & {*same, *also.get(issue, ())} and not explanation(document, issue):
            yield issue


def explanation(document: Document, issue: str) -> str:
    """Why we don't report it: parliament reports what is no mistake, or `""`."""
    of_resource = document.record["type"] in RESOURCE_POLICIES
    if issue == "EXCEPTION":
        return "parliament's own audit fails over it"
    if issue == "RESOURCE_STAR" and of_resource:
        return "in a resource's policy * is the resource itself"
    if issue == "PERMISSIONS_MANAGEMENT_ACTIONS" and _passes_one_role(document):
        return "it passes one role to one service"
    if issue == "INVALID_SID" and of_resource:
        return "other services than IAM take blanks"
    if issue in ("RESOURCE_MISMATCH", "UNKNOWN_CONDITION_FOR_ACTION") and _has_wide_action(document):
        return "not every action behind a wildcard needs a resource and the key: that one of them does is enough"
    return ""


def _passes_one_role(document: Document) -> bool:
    return [each.actions for each in parse(document.text)] == [("iam:PassRole",)]


def _has_wide_action(document: Document) -> bool:
    try:
        return any(has_wildcard(action) for each in parse(document.text) for action in each.actions)
    except MalformedDocument:
        return False
