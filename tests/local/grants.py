"""What happens to a deployed system when a role loses a right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.local.emulation import document

POLICY = "ledger"


@contextmanager
def revoked(aws: Callable[..., Any], role: str, *actions: str) -> Iterator[int]:
    """For a while the role lacks each statement with one of these actions, so many; without any, it may do nothing."""
    iam = aws("iam")
    granted = iam.get_role_policy(RoleName=role, PolicyName=POLICY)["PolicyDocument"]
    kept = [one for one in granted["Statement"] if actions and not set(actions) & set(one["Action"])]
    assert len(kept) < len(granted["Statement"]), f"{role} has no {actions}"
    if kept:
        iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=document(*kept))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=POLICY)
    try:
        yield len(granted["Statement"]) - len(kept)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(granted))
