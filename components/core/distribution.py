"""A CloudFront distribution in front of a private bucket, of an API, and of another site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pulumi_aws as aws

from .alarm import Alarm
from .bucket import Bucket
from .edge import ASSETS, Fragment, Gate, WebOrigin, compose
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
STRIP = Fragment(Path(__file__).with_name("strip_prefix.js"))


class Distribution:
    """Serves `bucket` by https, cached, with security headers; the only way in, by origin access control.

    `edge` are steps of the viewer-request function of the bucket's pages; `headers` is the policy of the pages'
    response headers. `api` sees its paths without their first part. `site` takes what nothing else claims, in place of
    the bucket's pages. `gate` decides over every request first.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        bucket: Bucket,
        headers: str = SECURITY_HEADERS,
        edge: Sequence[Fragment] = (),
        api: WebOrigin | None = None,
        site: WebOrigin | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._owner, self._name, self.tree_name = owner, name, owner.tree_name(name)
        self._bucket, self._headers, self._gate = bucket, headers, gate
        everywhere = aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
        self.distribution = aws.cloudfront.Distribution(
            self.tree_name,
            comment=f"{owner.names.project}-{owner.names.stack}-{self.tree_name}",
            enabled=True,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_200",
            default_root_object="index.html" if edge else None,
            origins=[self._bucket_origin(), *_web_origins(api=api, site=site, room=gate.reception if gate else None)],
            default_cache_behavior=self._site(site) if site else self._pages(edge),
            ordered_cache_behaviors=list(self._by_path(api)) or None,
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(geo_restriction=everywhere),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(cloudfront_default_certificate=True),
            tags=owner.tags,
            opts=owner.child(can_exist_twice=True),
        )
        self.url = self.distribution.domain_name.apply(lambda domain: f"https://{domain}")
        owner.ledger.awaited[self._arn_name] = self.distribution.arn
        owner.ledger.accept(
            "edge-viewer-tls",
            f"aws:cloudfront/distribution:Distribution::{self.tree_name}",
            "it answers under CloudFront's own name and certificate, whose least version nobody can set",
        )

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

    def _bucket_origin(self) -> aws.cloudfront.DistributionOriginArgs:
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
            origin_id=self._bucket.tree_name,
            domain_name=self._bucket.bucket.bucket_regional_domain_name,
            origin_access_control_id=access.id,
        )

    def _by_path(self, api: WebOrigin | None) -> Iterator[aws.cloudfront.DistributionOrderedCacheBehaviorArgs]:
        behavior = aws.cloudfront.DistributionOrderedCacheBehaviorArgs
        if gate := self._gate:
            yield behavior(path_pattern=f"{ASSETS}*", **self._cached())
            yield behavior(path_pattern=gate.reception.path, **self._uncached("room"), **self._edge("room", ()))
        if api:
            yield behavior(path_pattern=api.path, **self._uncached("api"), **self._edge("calls", (STRIP,)))

    def _pages(self, edge: Sequence[Fragment]) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgs:
        functions = self._edge("pages", edge)
        return aws.cloudfront.DistributionDefaultCacheBehaviorArgs(**self._cached(), **functions)

    def _site(self, site: WebOrigin) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgs:
        if site.path != "*":
            raise ValueError(f"{self.tree_name}: a site takes all paths ('*'), not {site.path!r}")
        functions = self._edge("site", ())
        return aws.cloudfront.DistributionDefaultCacheBehaviorArgs(**self._uncached("site"), **functions)

    def _cached(self) -> dict[str, Any]:
        return {
            "target_origin_id": self._bucket.tree_name,
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": _READING,
            "cached_methods": _READING,
            "compress": True,
            "cache_policy_id": CACHING_OPTIMIZED,
            "response_headers_policy_id": self._headers,
        }

    def _uncached(self, origin: str) -> dict[str, Any]:
        return {
            "target_origin_id": origin,
            "viewer_protocol_policy": "redirect-to-https" if origin == "site" else "https-only",
            "allowed_methods": _EVERYTHING,
            "cached_methods": _READING,
            "compress": True,
            "cache_policy_id": CACHING_DISABLED,
            "origin_request_policy_id": ALL_VIEWER_EXCEPT_HOST,
            "response_headers_policy_id": SECURITY_HEADERS,
        }

    def _edge(self, name: str, steps: Sequence[Fragment]) -> dict[str, Any]:
        """The one viewer-request function of a behaviour, if it has any steps.

        CloudFront doesn't delete a function that is in use, so a replacement comes first, under another name.
        """
        fragments = [*([self._gate.fragment] if self._gate else []), *steps]
        if not fragments:
            return {}
        function = aws.cloudfront.Function(
            f"{self.tree_name}-{name}",
            name=self._owner.physical("edge-function", self._name, name),
            runtime="cloudfront-js-2.0",
            code=compose(fragments, f"{self.tree_name}-{name}"),
            key_value_store_associations=[self._gate.store] if self._gate else None,
            publish=True,
            opts=self._owner.child(after=self._gate.after if self._gate else (), can_exist_twice=True),
        )
        return {"function_associations": [{"event_type": "viewer-request", "function_arn": function.arn}]}


def _web_origins(**origins: WebOrigin | None) -> Iterator[aws.cloudfront.DistributionOriginArgs]:
    for name, origin in origins.items():
        if origin is None:
            continue
        headers = [
            aws.cloudfront.DistributionOriginCustomHeaderArgs(name=header, value=value)
            for header, value in origin.headers.items()
        ]
        yield aws.cloudfront.DistributionOriginArgs(
            origin_id=name,
            domain_name=origin.domain,
            origin_path=origin.origin_path,
            custom_headers=headers,
            custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
                http_port=80, https_port=443, origin_protocol_policy="https-only", origin_ssl_protocols=["TLSv1.2"]
            ),
        )
