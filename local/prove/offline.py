"""Every action that AWS has, on every resource of the stack, for every role: what the documents allow is the ledger.

The evaluator reads the identity policies that IAM holds, attached ones included, and takes every condition for met: so
nothing hides behind one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from policy_sentry.querying.all import get_all_actions

from local.prove.calls import concrete
from local.prove.documents import documents_of
from local.prove.rights import Right
from policies.framework.stack import Stack
from policies.iam.arns import has_wildcard, matches
from policies.iam.documents import Statement
from policies.iam.evaluation import Request, applies

NOTHING = "*"
"""What a call is judged on that takes no resource."""
_ANOTHER = "another"
"""Ends the name of what isn't the stack's, but looks like it."""


@dataclass(frozen=True, kw_only=True)
class Everything:
    """What the documents of all roles allow, held against the ledger."""

    judged: int = 0
    """How many questions were answered: roles by actions by resources."""
    beyond: tuple[str, ...] = ()
    """What is allowed, and no right says so."""
    missing: tuple[str, ...] = ()
    """Rights that no document allows."""


def judge(stack: Stack, rights: Sequence[Right], resources: Iterable[Mapping[str, Any]]) -> Everything:
    """Answer all questions about a stack with the documents that AWS holds."""
    arns = (str((one.get("outputs") or {}).get("arn") or "") for one in resources)
    there = [*(concrete(right.resource) for right in rights), *filter(None, arns)]
    places = list(dict.fromkeys([NOTHING, *there, *(f"{place}-{_ANOTHER}" for place in there)]))
    documents = documents_of(stack).of_roles
    roles = list(dict.fromkeys(right.role for right in rights))
    beyond: list[str] = []
    missing: list[str] = []
    for role in roles:
        statements = [replace(each, conditions={}) for one in documents.get(role, ()) for each in one.statements]
        own = [right for right in rights if right.role == role]
        for action in _spoken_of(statements):
            speaking = [each for each in statements if _speaks_of(each, action)]
            beyond += (
                f"{role}: {action} on {place}"
                for place in _reached(speaking, places)
                if not _granted(own, action, place) and _allowed(speaking, role, action, place)
            )
        missing += (
            str(right) for right in own if not _allowed(statements, role, right.action, concrete(right.resource))
        )
    judged = len(roles) * len(_actions()) * len(places)
    return Everything(judged=judged, beyond=tuple(beyond), missing=tuple(missing))


def _spoken_of(statements: Sequence[Statement]) -> list[str]:
    """The actions of AWS that some Allow may speak of; on all others every statement is silent."""
    allowing = [each for each in statements if each.allows]
    exact = {one.lower() for each in allowing for one in each.actions if not has_wildcard(one)}
    open_ended = [each for each in allowing if each.not_actions or any(map(has_wildcard, each.actions))]
    others = _actions() - exact if open_ended else ()
    return sorted([*exact, *(action for action in others if any(_speaks_of(each, action) for each in open_ended))])


def _speaks_of(statement: Statement, action: str) -> bool:
    return bool(statement.not_actions) or any(matches(action, pattern.lower()) for pattern in statement.actions)


def _reached(statements: Iterable[Statement], places: Sequence[str]) -> list[str]:
    """The places that some Allow may speak of."""
    allowing = [each for each in statements if each.allows]
    if any(not each.resources or "${" in "".join(each.resources) for each in allowing):
        return list(places)
    patterns = dict.fromkeys(pattern for each in allowing for pattern in each.resources)
    return [place for place in places if any(matches(place, pattern) for pattern in patterns)]


def _allowed(statements: Iterable[Statement], role: str, action: str, place: str) -> bool:
    request = Request(principal=f"arn:aws:iam::000000000000:role/{role}", action=action, resource=place)
    speaking = [each for each in statements if applies(each, request, identity=True)]
    return bool(speaking) and all(each.allows for each in speaking)


def _granted(own: Iterable[Right], action: str, place: str) -> bool:
    return any(right.action.lower() == action and right.covers(place) for right in own)


@cache
def _actions() -> frozenset[str]:
    """All actions of all services, in lower case."""
    return frozenset(action.lower() for action in get_all_actions())
