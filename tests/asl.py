"""Definitions for tests: one state that keeps to the practice, and the permissions that are derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.core.asl.definition import Definition
from components.core.asl.derive import permissions
from components.core.asl.practice import check
from components.core.naming import Names
from components.core.permissions import Permission

NAMES = Names(project="shop", stack="dev", account="111122223333", region="eu-west-1")
MACHINE = NAMES.arn("states", "stateMachine:shop-dev-orders")
RETRY = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}
KEPT = {"TimeoutSeconds": 9, "Retry": [RETRY], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]}
FAILED = {"Failed": {"Type": "Fail", "Error": "Failed"}}


def task(resource: str, arguments: Any = None, **more: Any) -> dict[str, Any]:
    """A Task that keeps to the practice; `resource` is the integration's name, or an ARN."""
    arn = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
    given = {} if arguments is None else {"Arguments": arguments}
    return {"Type": "Task", "Resource": arn, **given, **KEPT, "End": True, **more}


def machine(state: Mapping[str, Any], language: str = "JSONata", **more: Any) -> dict[str, Any]:
    """A machine of the state `Do` and what it fails to."""
    return {"QueryLanguage": language, "TimeoutSeconds": 60, "StartAt": "Do", "States": {"Do": state, **FAILED, **more}}


def derived(
    definition: Mapping[str, Any],
    substitutions: Mapping[str, str] | None = None,
    awaited: tuple[str, ...] = (),
    **given: Any,
) -> tuple[Permission, ...]:
    """The permissions of a machine that has passed its checks."""
    read = Definition.of(definition, substitutions or {}, awaited, "orders")
    check(read, "STANDARD")
    return permissions(read, given, names=NAMES, machine=MACHINE)
