"""What opens a resource to others without a document of its own kind: each as the statement that AWS makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..framework.resources import Resource
from ..iam.documents import Statement, parse

EVENT_PERMISSION: Final = "aws:cloudwatch/eventPermission:EventPermission"
LAYER_PERMISSION: Final = "aws:lambda/layerVersionPermission:LayerVersionPermission"
LOG_POLICY: Final = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"


def _on_bus(permission: Resource) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html"""
    held = permission.known("condition") or {}
    key, value = held.get("key"), held.get("value")
    return (
        Statement(
            effect="Allow",
            actions=(permission.known("action") or "events:PutEvents",),
            resources=(permission.known("eventBusName") or "default",),
            principals={"AWS": (permission.known("principal"),)},
            conditions={held.get("type", "StringEquals"): {key: (value,)}} if key and value else {},
        ),
    )


def _on_layer(permission: Resource) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html"""
    organisation = permission.known("organizationId")
    return (
        Statement(
            effect="Allow",
            actions=(permission.known("action"),),
            resources=(permission.known("layerName"),),
            principals={"AWS": (permission.known("principal"),)},
            conditions={"StringEquals": {"aws:PrincipalOrgID": (organisation,)}} if organisation else {},
        ),
    )


def _on_logs(policy: Resource) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html"""
    return parse(policy.known("policyDocument"))


OPENINGS: Final[Mapping[str, Callable[[Resource], tuple[Statement, ...]]]] = {
    EVENT_PERMISSION: _on_bus,
    LAYER_PERMISSION: _on_layer,
    LOG_POLICY: _on_logs,
}
"""Type → the statements that such a resource adds to a policy. No pattern makes one, so none stands in a ledger."""
