"""A CloudFront distribution in front of a private bucket, and of an API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from .alarm import Alarm
from .bucket import Bucket
from .metric import Metric
from .pattern import Pattern
from .permissions import Statement, allow_service, placeholder
from .settings import EDGE_REGION

# Policies that AWS manages, the same in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
READABLE_BY_EVERY_PAGE = "e61eb60c-9c35-4d20-a928-2b84e02af89c"
"""Security headers, and pages of other addresses may read the answers (CORS)."""

_READING = ["GET", "HEAD"]
_EVERYTHING = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
_STRIP = Path(__file__).with_name("strip_prefix.js")


@dataclass(frozen=True, kw_only=True)
class ApiOrigin:
    """An API behind the same address, below one prefix, which it doesn't see."""

    path: str
    """Such as `/api/*`."""

    domain: pulumi.Input[str]
    origin_path: pulumi.Input[str]
    headers: Mapping[str, pulumi.Input[str]]
    """Sent to the API with each request, so that it knows where the request comes from."""


class Distribution:
    """Serves `bucket` by https, cached, with security headers; the only way in, by origin access control.

    `edge` is the one viewer-request function of the bucket's pages, in JavaScript for CloudFront's runtime 2.0;
    `headers` is the policy of the pages' response headers.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        bucket: Bucket,
        headers: str = SECURITY_HEADERS,
        edge: Path | None = None,
        api: ApiOrigin | None = None,
    ) -> None:
        self._owner, self._name, self.tree_name = owner, name, owner.tree_name(name)
        everywhere = aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
        self.distribution = aws.cloudfront.Distribution(
            self.tree_name,
            comment=f"{owner.names.project}-{owner.names.stack}-{self.tree_name}",
            enabled=True,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_200",
            default_root_object="index.html" if edge else None,
            origins=[self._bucket_origin(bucket), *([_api_origin(api)] if api else [])],
            default_cache_behavior=self._pages(bucket, headers, edge),
            ordered_cache_behaviors=[self._calls(api)] if api else None,
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(geo_restriction=everywhere),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(cloudfront_default_certificate=True),
            tags=owner.tags,
            opts=owner.child(can_exist_twice=True),
        )
        self.url = self.distribution.domain_name.apply(lambda domain: f"https://{domain}")
        owner.ledger.awaited[self._arn_name] = self.distribution.arn

    def server_errors(self) -> Metric:
        """Percent of viewers' requests that ended with 5xx. CloudFront sends it to us-east-1.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
        """
        return Metric(
            namespace="AWS/CloudFront",
            name="5xxErrorRate",
            dimensions={"DistributionId": self.distribution.id, "Region": "Global"},
            statistic="Average",
            unit="Percent",
            region=EDGE_REGION,
        )

    def warn_of_errors(self) -> Alarm:
        """An alarm on more than a twentieth of the requests that end with 5xx, three minutes of five."""
        return Alarm(
            self._owner,
            f"{self._name}-5xx",
            self.server_errors(),
            threshold=5,
            periods=5,
            datapoints=3,
            means="Viewers get errors from CloudFront or the origin behind it.",
            runbook="distribution-errors",
        )

    @property
    def _arn_name(self) -> str:
        return f"{self.tree_name}.arn"

    def reads(self, bucket: Bucket) -> Statement:
        """Let this distribution, whose id AWS makes, get the objects of `bucket`.

        It may not list: a missing key answers 403, and nobody learns which keys exist.
        """
        return allow_service(
            "cloudfront.amazonaws.com",
            ("s3:GetObject",),
            f"{bucket.arn}/*",
            source_arn=placeholder(self._arn_name),
            because="viewers read through the distribution",
        )

    def _bucket_origin(self, bucket: Bucket) -> aws.cloudfront.DistributionOriginArgs:
        access = aws.cloudfront.OriginAccessControl(
            self.tree_name,
            name=self._owner.physical("origin-access-control", self._name),
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            # CloudFront doesn't delete an access control that is in use, so a replacement comes first.
            opts=self._owner.child(can_exist_twice=True),
        )
        return aws.cloudfront.DistributionOriginArgs(
            origin_id=bucket.tree_name,
            domain_name=bucket.bucket.bucket_regional_domain_name,
            origin_access_control_id=access.id,
        )

    def _pages(
        self, bucket: Bucket, headers: str, edge: Path | None
    ) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgs:
        function = aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgs
        return aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
            target_origin_id=bucket.tree_name,
            viewer_protocol_policy="redirect-to-https",
            allowed_methods=_READING,
            cached_methods=_READING,
            compress=True,
            cache_policy_id=CACHING_OPTIMIZED,
            response_headers_policy_id=headers,
            function_associations=[function(event_type="viewer-request", function_arn=self._edge("pages", edge).arn)]
            if edge
            else None,
        )

    def _calls(self, api: ApiOrigin) -> aws.cloudfront.DistributionOrderedCacheBehaviorArgs:
        function = aws.cloudfront.DistributionOrderedCacheBehaviorFunctionAssociationArgs
        return aws.cloudfront.DistributionOrderedCacheBehaviorArgs(
            path_pattern=api.path,
            target_origin_id="api",
            viewer_protocol_policy="https-only",
            allowed_methods=_EVERYTHING,
            cached_methods=_READING,
            compress=True,
            cache_policy_id=CACHING_DISABLED,
            origin_request_policy_id=ALL_VIEWER_EXCEPT_HOST,
            response_headers_policy_id=SECURITY_HEADERS,
            function_associations=[function(event_type="viewer-request", function_arn=self._edge("calls", _STRIP).arn)],
        )

    def _edge(self, name: str, code: Path) -> aws.cloudfront.Function:
        """CloudFront doesn't delete a function that is in use, so a replacement comes first, under another name."""
        return aws.cloudfront.Function(
            f"{self.tree_name}-{name}",
            name=self._owner.physical("edge-function", self._name, name),
            runtime="cloudfront-js-2.0",
            code=code.read_text(),
            publish=True,
            opts=self._owner.child(can_exist_twice=True),
        )


def _api_origin(api: ApiOrigin) -> aws.cloudfront.DistributionOriginArgs:
    headers = [
        aws.cloudfront.DistributionOriginCustomHeaderArgs(name=name, value=value) for name, value in api.headers.items()
    ]
    return aws.cloudfront.DistributionOriginArgs(
        origin_id="api",
        domain_name=api.domain,
        origin_path=api.origin_path,
        custom_headers=headers,
        custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
            http_port=80, https_port=443, origin_protocol_policy="https-only", origin_ssl_protocols=["TLSv1.2"]
        ),
    )
