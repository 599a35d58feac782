"""The resources of a stack as `pulumi stack export` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .framework.resources import Resource


def resources_of(deployment: Mapping[str, Any]) -> list[Resource]:
    """The resources of an exported state (version 3), without those that wait for their deletion.

    An encrypted secret counts as unknown: export with `--show-secrets` to have it read.
    """
    inner = deployment.get("deployment", deployment)
    return [Resource.of(_record(row)) for row in inner.get("resources") or () if not row.get("delete")]


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    inputs = row.get("inputs") or {}
    return {
        "type": row["type"],
        "name": row["urn"].rsplit("::", 1)[-1],
        "urn": row["urn"],
        "props": row.get("outputs") or inputs,
        "inputs": inputs,
        "parent": row.get("parent", ""),
        "propertyDependencies": row.get("propertyDependencies") or {},
    }
