"""What happens to a deployed system when a role loses a right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.prove.removal import Statements, changed


@contextmanager
def revoked(aws: Callable[..., Any], role: str, *actions: str) -> Iterator[int]:
    """For a while the role lacks each statement with one of these actions, so many; without any, it may do nothing."""
    taken: Statements = []

    def take(statements: Statements) -> Statements:
        taken.extend(one for one in statements if not actions or set(actions) & set(one["Action"]))
        return [one for one in statements if one not in taken]

    with changed(aws("iam"), role, take):
        assert taken, f"{role} has no {actions}"
        yield len(taken)
