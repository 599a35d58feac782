"""A CloudFront distribution in front of a private bucket."""

from __future__ import annotations

import pulumi_aws as aws

from .bucket import Bucket
from .pattern import Pattern
from .permissions import Statement, allow_service, placeholder

# Policies that AWS manages, the same in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


class Distribution:
    """Serves `bucket` by https, cached, with security headers; the only way in, by origin access control.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """

    def __init__(self, owner: Pattern, name: str, *, bucket: Bucket) -> None:
        self._name, self.tree_name = name, owner.tree_name(name)
        access = aws.cloudfront.OriginAccessControl(
            self.tree_name,
            name=owner.physical("origin-access-control", name),
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            # CloudFront doesn't delete an access control that is in use, so a replacement comes first.
            opts=owner.child(can_exist_twice=True),
        )
        origin = aws.cloudfront.DistributionOriginArgs(
            origin_id=bucket.tree_name,
            domain_name=bucket.bucket.bucket_regional_domain_name,
            origin_access_control_id=access.id,
        )
        behaviour = aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
            target_origin_id=bucket.tree_name,
            viewer_protocol_policy="redirect-to-https",
            allowed_methods=["GET", "HEAD"],
            cached_methods=["GET", "HEAD"],
            compress=True,
            cache_policy_id=CACHING_OPTIMIZED,
            response_headers_policy_id=SECURITY_HEADERS,
        )
        everywhere = aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
        self.distribution = aws.cloudfront.Distribution(
            self.tree_name,
            comment=f"{owner.names.project}-{owner.names.stack}-{self.tree_name}",
            enabled=True,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_200",
            origins=[origin],
            default_cache_behavior=behaviour,
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(geo_restriction=everywhere),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(cloudfront_default_certificate=True),
            tags=owner.tags,
            opts=owner.child(can_exist_twice=True),
        )
        self.url = self.distribution.domain_name.apply(lambda domain: f"https://{domain}")
        owner.ledger.awaited[self._arn_name] = self.distribution.arn

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
