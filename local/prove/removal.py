"""Taking rights from deployed roles for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.tour.guide import Guide

POLICY = "ledger"
"""The one inline policy of every role of the components."""

Statements = list[dict[str, Any]]

_lost: set[tuple[str, str, str]] = set()
"""Role, action and resource of what is out now."""


@contextmanager
def without(guide: Guide, role: str, action: str, resource: str) -> Iterator[None]:
    """For a while `role` lacks `action` on `resource`, as its document spells both; whatever else it may do, it may.

    Nests: the last right to be taken is put back first. A right that is out already stays out, and no longer than its
    own while. Raises ValueError where the role doesn't have the right.
    """
    right = (role, action, resource)
    if right in _lost:
        yield
        return
    with changed(guide.aws("iam"), role, lambda statements: _without(statements, *right)):
        _lost.add(right)
        try:
            yield
        finally:
            _lost.discard(right)


@contextmanager
def changed(iam: Any, role: str, change: Callable[[Statements], Statements]) -> Iterator[None]:
    """For a while the statements of `role` are what `change` makes of them; without any, it has no policy."""
    granted: Mapping[str, Any] = iam.get_role_policy(RoleName=role, PolicyName=POLICY)["PolicyDocument"]
    _write(iam, role, {**granted, "Statement": change(list(granted["Statement"]))})
    try:
        yield
    finally:
        _write(iam, role, granted)


def _write(iam: Any, role: str, document: Mapping[str, Any]) -> None:
    if document["Statement"]:
        iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(document))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=POLICY)


def _without(statements: Statements, role: str, action: str, resource: str) -> Statements:
    kept: Statements = []
    for one in statements:
        if action not in one["Action"] or resource not in one["Resource"]:
            kept.append(one)
            continue
        others = [each for each in one["Action"] if each != action]
        elsewhere = [each for each in one["Resource"] if each != resource]
        kept += [{**one, "Action": others}] if others else []
        kept += [{**one, "Action": [action], "Resource": elsewhere}] if elsewhere else []
    if kept == statements:
        raise ValueError(f"{role} has no {action} on {resource} to lose")
    return kept
