"""Normal forms of JSON documents: two texts with one meaning become equal."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> str:
    """One text for one value, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def same_json(left: Any, right: Any) -> bool:
    """Whether two JSON texts say the same. What isn't JSON is compared as text; no text is an empty document."""
    try:
        return _parsed(left) == _parsed(right)
    except ValueError:
        return left == right


def same_policy(left: Any, right: Any) -> bool:
    """Whether two IAM policies say the same: order, single values for lists, and root principals don't count."""
    try:
        return _policy(_parsed(left)) == _policy(_parsed(right))
    except (ValueError, AttributeError):
        return left == right


def statements(document: str | None) -> list[dict[str, Any]]:
    """The statements of a policy, as a list even where there is one. Raises ValueError if it is no JSON object."""
    parsed = _parsed(document)
    if not isinstance(parsed, dict):
        raise ValueError("the policy is no JSON object")
    return as_list(parsed.get("Statement", []))


def as_list(value: Any) -> list[Any]:
    """IAM's rule that one value stands for a list of one."""
    return value if isinstance(value, list) else [value]


def _parsed(value: Any) -> Any:
    return json.loads(value) if value else {}


def _policy(document: Any) -> Any:
    rows = sorted(canonical(_statement(row)) for row in as_list(document.get("Statement", [])))
    return {**{key: value for key, value in document.items() if key != "Statement"}, "Statement": rows}


def _statement(row: dict[str, Any]) -> dict[str, Any]:
    normal: dict[str, Any] = {}
    for key, value in row.items():
        if key in ("Action", "NotAction"):
            normal[key] = sorted({str(action).lower() for action in as_list(value)})
        elif key in ("Resource", "NotResource"):
            normal[key] = sorted({str(resource) for resource in as_list(value)})
        elif key in ("Principal", "NotPrincipal"):
            normal[key] = _principal(value)
        elif key == "Condition":
            normal[key] = {
                operator: {
                    name.lower(): sorted(_text(entry) for entry in as_list(wanted)) for name, wanted in keys.items()
                }
                for operator, keys in value.items()
            }
        else:
            normal[key] = value
    return normal


def _principal(value: Any) -> Any:
    if value == "*":
        return {"AWS": ["*"]}
    return {kind: sorted({_account(name) for name in as_list(names)}) for kind, names in value.items()}


def _account(name: Any) -> str:
    """`123456789012` and `arn:aws:iam::123456789012:root` are the same principal."""
    text = str(name)
    return text.split(":")[4] if text.startswith("arn:") and text.endswith(":root") else text


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
