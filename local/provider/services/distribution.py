"""CloudFront: distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import PARTITION, Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, tag_list, tag_map
from local.provider.services.cloudfront import tag
from local.provider.services.cloudfront_function import refuse_unpublished
from local.provider.services.distribution_config import from_aws, to_aws
from local.wire import UNKNOWN, contains_unknown

_GONE = ("NoSuchDistribution",)
_HOSTED_ZONE = "Z2FDTNDATAQYW2"
"""CloudFront's: https://docs.aws.amazon.com/general/latest/gr/cf_region.html"""
_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
)
"""The only sets that a behaviour may allow: API_AllowedMethods.html of the CloudFront reference."""
_ORIGIN_PATH = re.compile(r"(/[^/]+)+")
_BUCKET = re.compile(r".+\.s3[.-].*amazonaws\.com|.+\.s3\.amazonaws\.com")
_OWN_HEADERS = re.compile(
    r"(?i)cache-control|connection|content-length|cookie|host|if-(match|modified-since|none-match|range|unmodified-since)|"
    r"max-forwards|pragma|proxy-(authenticate|authorization|connection)|range|request-range|te|trailer|transfer-encoding|"
    r"upgrade|via|x-real-ip|x-amz-.*|x-edge-.*"
)
"""Headers that no origin may be sent by configuration:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html"""


class Distribution(Resource):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html"""

    token = "aws:cloudfront/distribution:Distribution"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What CloudFront refuses and the local AWS takes."""
        origins = inputs.get("origins")
        known = isinstance(origins, list) and not contains_unknown([row.get("originId") for row in origins])
        names = [row["originId"] for row in origins] if known and isinstance(origins, list) else None
        if names is not None and len(set(names)) < len(names):
            yield Failure("origins", "two origins have one id")
        for index, origin in enumerate(origins if isinstance(origins, list) else []):
            if isinstance(origin, dict):
                yield from _origin_failures(f"origins[{index}]", origin)
        patterns = [behavior.get("pathPattern") for path, behavior in _behaviors(inputs) if path.startswith("ordered")]
        if not contains_unknown(patterns) and len(set(patterns)) < len(patterns):
            yield Failure("orderedCacheBehaviors", "two behaviours have one path pattern")
        for path, behavior in _behaviors(inputs):
            yield from _behavior_failures(path, behavior, names)

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateDistributionWithTags."""
        _refuse_unpublished(aws, inputs)
        config = {"DistributionConfig": to_aws(inputs, uuid4().hex), "Tags": {"Items": tag_list(inputs.get("tags"))}}
        made = aws.client("cloudfront").create_distribution_with_tags(DistributionConfigWithTags=config)
        return made["Distribution"]["Id"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until the edge has it, unless the program doesn't want to."""
        if inputs.get("waitForDeployment", True):
            _wait(aws, id_)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetDistribution and ListTagsForResource."""
        found = _find(aws, id_)
        if found is None:
            return None
        about = found["Distribution"]
        config, arn = about["DistributionConfig"], about["ARN"]
        tags = aws.client("cloudfront").list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
        return {
            **from_aws(config),
            "arn": arn,
            "callerReference": config["CallerReference"],
            "domainName": about["DomainName"],
            "etag": found["ETag"],
            "hostedZoneId": _HOSTED_ZONE,
            "inProgressValidationBatches": about.get("InProgressInvalidationBatches", 0),
            "lastModifiedTime": str(about.get("LastModifiedTime", "")),
            "status": about["Status"],
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateDistribution with the whole configuration, of the version that is there."""
        client = aws.client("cloudfront")
        if changed - {"tags", "retainOnDelete", "waitForDeployment"}:
            _refuse_unpublished(aws, new)
            found = client.get_distribution_config(Id=id_)
            base = found["DistributionConfig"]
            config = to_aws(new, base["CallerReference"], base)
            client.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=config)
            self.settle(aws, id_, new)
        if "tags" in changed:
            arn = f"arn:{PARTITION}:cloudfront::{aws.account}:distribution/{id_}"
            tag(client, arn, old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """Disable, wait until the edge knows, delete: AWS refuses any other order."""
        client = aws.client("cloudfront")
        try:
            found = client.get_distribution_config(Id=id_)
            if found["DistributionConfig"]["Enabled"]:
                config = {**found["DistributionConfig"], "Enabled": False}
                client.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=config)
            if state.get("retainOnDelete"):
                return
            _wait(aws, id_)
            client.delete_distribution(Id=id_, IfMatch=client.get_distribution_config(Id=id_)["ETag"])
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def _behaviors(inputs: Props) -> Iterator[tuple[str, Props]]:
    default = inputs.get("defaultCacheBehavior")
    if isinstance(default, dict):
        yield "defaultCacheBehavior", default
    ordered = inputs.get("orderedCacheBehaviors")
    for index, behavior in enumerate(ordered if isinstance(ordered, list) else []):
        if isinstance(behavior, dict):
            yield f"orderedCacheBehaviors[{index}]", behavior


def _origin_failures(path: str, origin: Props) -> Iterator[Failure]:
    place, domain = origin.get("originPath"), origin.get("domainName")
    if isinstance(place, str) and place and not _ORIGIN_PATH.fullmatch(place):
        yield Failure(f"{path}.originPath", "an origin's path begins with a slash and doesn't end with one")
    if origin.get("customOriginConfig") is None and isinstance(domain, str) and not _BUCKET.fullmatch(domain):
        yield Failure(f"{path}.domainName", "The parameter Origin DomainName does not refer to a valid S3 bucket")
    headers = origin.get("customHeaders")
    for header in headers if isinstance(headers, list) else []:
        name = header.get("name") if isinstance(header, dict) else None
        if isinstance(name, str) and _OWN_HEADERS.fullmatch(name):
            yield Failure(f"{path}.customHeaders", f"CloudFront doesn't let you add the header {name}")


def _refuse_unpublished(aws: Aws, inputs: Props) -> None:
    for _, behavior in _behaviors(inputs):
        for association in behavior.get("functionAssociations") or []:
            refuse_unpublished(aws, association["functionArn"])


def _behavior_failures(path: str, behavior: Props, origins: list[str] | None) -> Iterator[Failure]:
    functions = behavior.get("functionAssociations")
    events = [row.get("eventType") for row in functions] if isinstance(functions, list) else []
    for event in ("viewer-request", "viewer-response"):
        if events.count(event) > 1:
            yield Failure(
                f"{path}.functionAssociations",
                f"a behaviour has at most one {event} function: compose them into one",
            )
    target = behavior.get("targetOriginId")
    if origins is not None and target is not UNKNOWN and target not in origins:
        yield Failure(f"{path}.targetOriginId", "no origin of the distribution has this id")
    methods = behavior.get("allowedMethods")
    if isinstance(methods, list) and not contains_unknown(methods) and set(methods) not in _METHODS:
        allowed = "; ".join(", ".join(sorted(choice)) for choice in _METHODS)
        yield Failure(f"{path}.allowedMethods", f"a behaviour allows one of: {allowed}")


def _find(aws: Aws, id_: str) -> dict[str, Any] | None:
    try:
        return aws.client("cloudfront").get_distribution(Id=id_)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _wait(aws: Aws, id_: str) -> None:
    def deployed() -> bool:
        found = _find(aws, id_)
        return found is None or found["Distribution"]["Status"] == "Deployed"

    aws.wait_until(deployed, f"the deployment of the distribution {id_}")
