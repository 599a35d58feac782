"""Conditions, held to AWS's own list: keys and operators exist and fit, and an Allow holds without its key."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.ledger import AWAITED
from ..framework.rule import Context, Severity, rule
from ..framework.types import QUEUE_POLICY, ROLE, ROLE_POLICY
from ..iam.documents import Statement
from ..iam.facts import Action, expand, service
from ..iam.keys import GLOBAL, Operator, key_type, operator
from .actions import EVERYTHING
from .subjects import POLICY_DOCUMENT, STATEMENTS

OPERATORS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"
KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
SET_OPERATORS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"
_TAGS = {"aws:RequestTag/${TagKey}": "String", "aws:ResourceTag/${TagKey}": "String", "aws:TagKeys": "ArrayOfString"}
_WHOLE = frozenset({"*", "?*", "*:*", "arn:*", "arn:aws:*", "0.0.0.0/0", "::/0"})
"""Values that stand for every other."""


def _conditions(statement: Statement) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name, keys in statement.conditions.items():
        for key, values in keys.items():
            yield name, key, values


@rule(
    "iam-condition-exists",
    "Every condition compares a key that the action's requests may carry, by an operator for its type",
    severity=Severity.MEDIUM,
    on=STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT, QUEUE_POLICY: POLICY_DOCUMENT, ROLE: ("assumeRolePolicy",)},
    why="A condition on a key that never comes, or with a value that no request has, is never true: "
    "the Allow grants nothing, and the Deny protects nothing. Negated or with …IfExists it is always true.",
    fix="Take a key that the reference has for the action, and an operator for its type; only …Like and Arn… match *",
    page=KEYS,
    same_as=(
        "parliament UNKNOWN_CONDITION_FOR_ACTION",
        "parliament UNKNOWN_OPERATOR",
        "parliament MISMATCHED_TYPE",
        "parliament MISMATCHED_TYPE_OPERATION_TO_NULL",
    ),
    frameworks=("SEC03-BP02",),
    passes={"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": "uploads/*"}}},
    fails={"Action": "s3:GetObject", "Condition": {"StringLike": {"s3:prefix": "uploads/*"}}},
)
def condition_exists(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement, Allow or Deny."""
    for name, key, values in _conditions(statement):
        compared = operator(name)
        if compared is None:
            yield f"{statement.label} compares {key} by {name}, which is no operator"
            continue
        types, strangers = _types(statement, key)
        if strangers:
            yield f"{statement.label} has a condition on {key}, which {', '.join(strangers)} never carries"
        misfits = [type_ for type_ in sorted(types) if not compared.fits(type_)]
        if misfits:
            yield f"{statement.label} compares {key}, of the type {' or '.join(misfits)}, by {name}"
            continue
        if not values:
            yield f"{statement.label} compares {key} with nothing"
        for value in (each for each in values if not (each.startswith(AWAITED) or compared.takes(each))):
            yield f"{statement.label} compares {key} by {name} with {value}, which nothing equals"


def _types(statement: Statement, key: str) -> tuple[set[str], list[str]]:
    """The types that the key has for the statement's actions, and the actions whose requests don't carry it."""
    everywhere = key_type(key, GLOBAL)
    if everywhere:
        return {everywhere}, []
    if statement.not_actions or EVERYTHING & set(statement.actions):
        found = _anywhere(key)
        return ({found}, []) if found else (set(), ["any action"])
    types, strangers = set(), []
    for name in statement.actions:
        found = {type_ for action in expand(name) if (type_ := _of(action, key, statement))}
        types |= found
        if not found and expand(name):
            strangers.append(name)
    return types, strangers


def _of(action: Action, key: str, statement: Statement) -> str | None:
    """The key's type for an action; an identity provider's own keys begin with its name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    """
    providers = [name.split(":oidc-provider/")[-1] for name in statement.principals.get("Federated", ())]
    if action.name == "sts:AssumeRoleWithWebIdentity" and key.rpartition(":")[0] in providers:
        return "String"
    return key_type(key, action.keys)


def _anywhere(key: str) -> str | None:
    """The key's type, where the statement is for any action: tags may be anywhere, others in their own service."""
    if key.lower().startswith("aws:"):
        return key_type(key, _TAGS)
    actions = service(key.lower().partition(":")[0]).actions.values()
    return key_type(key, {name: type_ for each in actions for name, type_ in each.keys.items()})


@rule(
    "iam-condition-holds",
    "No condition of an Allow is met by a request without its key, or by any value",
    severity=Severity.HIGH,
    on=STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT, QUEUE_POLICY: POLICY_DOCUMENT, ROLE: ("assumeRolePolicy",)},
    why="…IfExists, ForAllValues: and the negated operators are true where the key isn't there, and * is true of all: "
    "the Allow reads as if it were held to something, and isn't.",
    fix="Compare by the plain operator with what is meant, or ask for the key beside it (Null … false)",
    page=SET_OPERATORS,
    same_as=("parliament SINGLE_VALUE_CONDITION_TOO_PERMISSIVE",),
    frameworks=("SEC03-BP02",),
    passes={
        "Action": "sqs:SendMessage",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/worker"}},
    },
    fails={
        "Action": "sqs:SendMessage",
        "Condition": {"ArnEqualsIfExists": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/worker"}},
    },
)
def condition_holds(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if not statement.allows:
        return
    present = {
        key.lower()
        for name, key, values in _conditions(statement)
        if name.lower() == "null" and [value.lower() for value in values] == ["false"]
    }
    for name, key, values in _conditions(statement):
        compared = operator(name)
        if compared is None:
            continue
        if _passes_without(compared) and key.lower() not in present:
            yield f"{statement.label} holds {key} by {name}, which a request without the key meets"
        if not compared.negated and any(_is_whole(compared, value) for value in values):
            yield f"{statement.label} holds {key} by {name} to {', '.join(values)}, which is every value"


def _passes_without(compared: Operator) -> bool:
    return compared.if_exists or compared.quantifier == "forallvalues" or compared.negated


def _is_whole(compared: Operator, value: str) -> bool:
    return value in _WHOLE and (compared.by_pattern or compared.kind == "IPAddress")
