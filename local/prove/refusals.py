"""A request that a Deny refuses, made of its own words, and that nothing else refuses."""

from __future__ import annotations

from typing import Final

from policies.iam.documents import Statement
from policies.iam.evaluation import Request, Verdict

from .documents import Document, decided
from .wiring.need import SAMPLE

_SOMEBODY: Final = f"arn:aws:iam::{'0' * 12}:role/{SAMPLE}"
_VALUES: Final = ("true", "false", SAMPLE)


def refused(document: Document, statement: Statement) -> Request | None:
    """A request that the statement refuses, and that the document refuses only because of it."""
    for principal in _principals(statement):
        for request in _requests(statement, principal):
            denied = decided(request, (), (document,)).verdict is Verdict.DENIED
            spared = decided(request, (), (document.without(statement.number),)).verdict is not Verdict.DENIED
            if denied and spared:
                return request
    return None


def _principals(statement: Statement) -> list[str]:
    named = [name for names in statement.principals.values() for name in names if "*" not in name]
    return [*named, _SOMEBODY]


def _requests(statement: Statement, principal: str) -> list[Request]:
    """With each condition's own values, or others: one of them meets it."""
    action = (statement.actions or (f"{SAMPLE}:{SAMPLE}",))[0].replace("*", SAMPLE)
    resource = (statement.resources or (SAMPLE,))[0].replace("*", SAMPLE)
    keys = {key: values for tests in statement.conditions.values() for key, values in tests.items()}
    offered = [{key: values[0] for key, values in keys.items() if values}]
    offered += [dict.fromkeys(keys, value) for value in _VALUES] + [{}]
    return [Request(principal=principal, action=action, resource=resource, context=sent) for sent in offered]
