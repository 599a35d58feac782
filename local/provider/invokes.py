"""The functions that a program may call: who, where and in which partition it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.provider.clients import PARTITION, Aws

DNS_SUFFIX = "amazonaws.com"
_REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
}
"""Descriptions, as https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html has them."""


def get_caller_identity(aws: Aws) -> dict[str, Any]:
    """internal/service/sts/caller_identity_data_source.go of the upstream provider."""
    identity = aws.client("sts").get_caller_identity()
    account = identity["Account"]
    return {"accountId": account, "arn": identity["Arn"], "id": account, "userId": identity["UserId"]}


def get_region(aws: Aws) -> dict[str, Any]:
    """internal/service/meta/region_data_source.go of the upstream provider."""
    region = aws.region
    return {
        "description": _REGIONS.get(region, region),
        "endpoint": f"ec2.{region}.{DNS_SUFFIX}",
        "id": region,
        "name": region,
        "region": region,
    }


def get_partition(aws: Aws) -> dict[str, Any]:
    """internal/service/meta/partition_data_source.go of the upstream provider."""
    del aws
    reverse = ".".join(reversed(DNS_SUFFIX.split(".")))
    return {"dnsSuffix": DNS_SUFFIX, "id": PARTITION, "partition": PARTITION, "reverseDnsPrefix": reverse}


FUNCTIONS: dict[str, Callable[[Aws], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": get_caller_identity,
    "aws:index/getRegion:getRegion": get_region,
    "aws:index/getPartition:getPartition": get_partition,
}
ARGUMENTS: dict[str, frozenset[str]] = {
    "aws:index/getRegion:getRegion": frozenset({"region", "id", "name"}),
    "aws:index/getCallerIdentity:getCallerIdentity": frozenset({"id"}),
    "aws:index/getPartition:getPartition": frozenset({"id"}),
}
