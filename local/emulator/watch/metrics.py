"""Datapoints that services send to CloudWatch."""

from __future__ import annotations

from ministack.core import responses
from ministack.services import cloudwatch


def send(scope: tuple[str, str], namespace: str, values: dict[str, tuple[float, str]], **dimensions: str) -> None:
    """Store one datapoint a metric (name → value, unit) for an account and region."""
    with responses.request_scope(*scope):
        for name, (value, unit) in values.items():
            cloudwatch.record_metric(namespace, name, value, unit, dimensions)


def scope_of(arn: str) -> tuple[str, str]:
    """The account and region that an ARN names."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return account, region
