"""Whether a resource policy lets an AWS service in: what AWS checks when it is told to deliver somewhere."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from local.provider.documents import as_list, statements

_LIKE = frozenset({"StringLike", "ArnLike", "ArnEquals"})
_EQUAL = frozenset({"StringEquals", "ArnEquals", "Bool"})


def service_may(policy: str | None, *, service: str, action: str, resource: str, source_arn: str, account: str) -> bool:
    """Whether the policy allows `service` the action on behalf of the source, and no statement denies it."""
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": account, "aws:securetransport": "true"}
    rows = [row for row in _read(policy) if _speaks_of(row, service, action, resource) and _holds(row, context)]
    return any(row.get("Effect") == "Allow" for row in rows) and all(row.get("Effect") != "Deny" for row in rows)


def service_may_assume(policy: str | None, service: str) -> bool:
    """Whether a role's trust policy names the service. Conditions aren't judged: AWS judges them at each use."""
    return any(
        row.get("Effect") == "Allow" and _names(row, service) and _acts(row, "sts:AssumeRole") for row in _read(policy)
    )


def _read(policy: str | None) -> list[dict[str, Any]]:
    return statements(policy) if policy else []


def _speaks_of(row: dict[str, Any], service: str, action: str, resource: str) -> bool:
    resources = [str(pattern) for pattern in as_list(row.get("Resource", "*"))]
    return _names(row, service) and _acts(row, action) and any(fnmatchcase(resource, pattern) for pattern in resources)


def _names(row: dict[str, Any], service: str) -> bool:
    principal = row.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return "*" in as_list(principal.get("AWS", [])) or service in as_list(principal.get("Service", []))


def _acts(row: dict[str, Any], action: str) -> bool:
    patterns = [str(pattern).lower() for pattern in as_list(row.get("Action", []))]
    return any(fnmatchcase(action.lower(), pattern) for pattern in patterns)


def _holds(row: dict[str, Any], context: dict[str, str]) -> bool:
    """Whether the conditions are met. One on a key that this call doesn't carry, or of another kind, isn't."""
    return all(
        _meets(operator, context.get(key.lower()), [str(value) for value in as_list(wanted)])
        for operator, keys in row.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _meets(operator: str, actual: str | None, wanted: list[str]) -> bool:
    if actual is None:
        return False
    if operator == "Bool":
        return actual.lower() in {value.lower() for value in wanted}
    if operator in _LIKE:
        return any(fnmatchcase(actual, value) for value in wanted)
    return operator in _EQUAL and actual in wanted
