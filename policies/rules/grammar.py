"""Documents as IAM takes them: nothing that it would refuse, or read in another way than a person does."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Severity, resources, rule
from ..framework.types import BUCKET_POLICY, QUEUE_POLICY, ROLE, ROLE_POLICY
from ..iam.documents import Statement, parse
from .principals import MANAGED_POLICY
from .subjects import IDENTITY_POLICIES, RESOURCE_POLICIES, document, waits

GRAMMAR: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
VERSION: Final = "2012-10-17"
_STRANGE: Final = re.compile(r"[^\t\n\r -ÿ]")
"""What no document may hold:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html#API_PutRolePolicy_RequestParameters"""

_SID: Final = re.compile(r"[A-Za-z0-9]*")
_AT_MOST: Final = {
    BUCKET_POLICY: 20_480,
    MANAGED_POLICY: 6_144,
    ROLE: 4_096,
    ROLE_POLICY: 10_240,
    "aws:iam/groupPolicy:GroupPolicy": 5_120,
    "aws:iam/userPolicy:UserPolicy": 2_048,
}
"""Characters beside white space; a role's trust policy may have 2,048 until the account's quota is raised.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

_SEND: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"}


@rule(
    "iam-document-valid",
    "Every document is one that IAM takes, and reads as it is meant",
    severity=Severity.MEDIUM,
    on=resources(ROLE, *IDENTITY_POLICIES, *RESOURCE_POLICIES),
    judges={ROLE_POLICY: ("policy",), QUEUE_POLICY: ("policy",), ROLE: ("assumeRolePolicy",)},
    why="Without its Version a policy's ${variables} are plain text; what the grammar doesn't have fails the update "
    "half way, or is read otherwise by whoever reviews it.",
    fix="Let the component write the document, or keep to the grammar",
    page=GRAMMAR,
    same_as=(
        "parliament DUPLICATE_SID",
        "parliament INVALID_SID",
        "parliament INVALID_VERSION",
        "parliament MALFORMED",
        "parliament MALFORMED_JSON",
        "parliament NO_VERSION",
        "parliament OLD_VERSION",
    ),
    passes={f"{ROLE_POLICY} worker": {"role": "worker", "policy": document(_SEND)}},
    fails={f"{ROLE_POLICY} worker": {"role": "worker", "policy": document({**_SEND, "Principal": "*"})}},
)
def document_valid(holder: Resource, context: Context) -> Iterator[str]:
    """Judge one document; one that waits for what AWS makes is written by its component, and judged afterwards."""
    prop = "assumeRolePolicy" if holder.type == ROLE else "policy"
    try:
        given = holder.known(prop)
    except UnknownValueError:
        entry = context.stack.ledger.policies.get(holder.key)
        if waits(holder, context.stack) or (entry and entry.awaits):
            return
        raise
    statements = parse(given)
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    yield from _of_whole(json.loads(text), text, holder.type)
    yield from _of_sids(statements, holder.type)
    for statement in statements:
        yield from _of_one(statement, holder.type)


def _of_whole(body: Mapping[str, Any], text: str, type_: str) -> Iterator[str]:
    if body.get("Version") != VERSION:
        yield f"the document has the Version {body.get('Version', 'of 2008, as it names none')}, not {VERSION}"
    strange = sorted(set(_STRANGE.findall(json.dumps(body, ensure_ascii=False))))
    if strange:
        yield f"the document has {', '.join(f'U+{ord(sign):04X}' for sign in strange)}, which no document may have"
    size = sum(not sign.isspace() for sign in text)
    if size > _AT_MOST.get(type_, size):
        yield f"the document has {size:,} characters, of at most {_AT_MOST[type_]:,}"


def _of_sids(statements: tuple[Statement, ...], type_: str) -> Iterator[str]:
    sids = Counter(each.sid for each in statements if each.sid)
    for sid in (sid for sid, times in sids.items() if times > 1):
        yield f"two statements have the Sid {sid}"
    for sid in (sid for sid in sids if type_ in IDENTITY_POLICIES and not _SID.fullmatch(sid)):
        yield f"the Sid {sid} has more than letters and digits"


def _of_one(statement: Statement, type_: str) -> Iterator[str]:
    named = bool(statement.principals or statement.not_principals)
    if type_ in IDENTITY_POLICIES and named:
        yield f"{statement.label} names a principal, which only a resource's policy does"
    if type_ not in IDENTITY_POLICIES and not named:
        yield f"{statement.label} names no principal"
    resources_ = bool(statement.resources or statement.not_resources)
    if type_ == ROLE and resources_:
        yield f"{statement.label} names a resource, which a trust policy doesn't"
    if type_ != ROLE and not resources_:
        yield f"{statement.label} names no resource"
    if not statement.actions and not statement.not_actions:
        yield f"{statement.label} names no action"
    both = (
        (statement.actions, statement.not_actions, "Action"),
        (statement.resources, statement.not_resources, "Resource"),
        (statement.principals, statement.not_principals, "Principal"),
    )
    for one, other, name in both:
        if one and other:
            yield f"{statement.label} has both {name} and Not{name}"
