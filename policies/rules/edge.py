"""CloudFront: TLS on both sides, headers, and no way to an origin beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import BUCKET, DISTRIBUTION, HEADERS_POLICY, METHOD, ORIGIN_ACCESS, REST_API
from .reach import inner

_GUIDE: Final = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
_TO_ORIGIN: Final = frozenset({"TLSv1.2"})
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-ciphers-cloudfront-to-origin.html"""

_WITH_HSTS: Final = frozenset({"67f7725c-6f97-4210-82d7-5512b31e9d03", "e61eb60c-9c35-4d20-a928-2b84e02af89c"})
"""Headers policies that AWS manages and that send Strict-Transport-Security: SecurityHeadersPolicy, and with CORS.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html"""

_CERTIFICATE: Final = {
    "acmCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/c",
    "sslSupportMethod": "sni-only",
}
_S3: Final = {"originId": "pages", "domainName": "pages.s3.eu-west-1.amazonaws.com"}
_SITE: Final = {"originId": "shop", "domainName": "shop.example.com"}
_TLS: Final = {
    "originProtocolPolicy": "https-only",
    "originSslProtocols": ["TLSv1.2"],
    "httpPort": 80,
    "httpsPort": 443,
}


def _serving(**props: Any) -> Example:
    return {f"{DISTRIBUTION} front": {"enabled": True, **props}}


def _behaviors(distribution: Resource) -> Iterator[tuple[str, Resource]]:
    """Each cache behaviour with its path."""
    default = distribution.props.get("defaultCacheBehavior") or {}
    yield "*", inner(distribution, default, "defaultCacheBehavior")
    for each in distribution.props.get("orderedCacheBehaviors") or ():
        yield str(each.get("pathPattern")), inner(distribution, each, "orderedCacheBehaviors")


@rule(
    "edge-viewer-tls",
    "Viewers come to CloudFront by https, under a certificate that takes more than TLS 1.0",
    severity=Severity.HIGH,
    on=resources(DISTRIBUTION),
    judges={DISTRIBUTION: ("defaultCacheBehavior", "viewerCertificate")},
    why="What is sent in clear, or under TLS 1.0, can be read and changed on the way: cookies, and forms.",
    fix="Set viewerProtocolPolicy to https-only or redirect-to-https, and viewerCertificate to one of your own",
    page=_GUIDE + "using-https-viewers-to-cloudfront.html",
    same_as=(
        "cdk-nag AwsSolutions-CFR4",
        "checkov CKV_AWS_34",
        "checkov CKV2_AWS_42",
        "prowler cloudfront_distributions_https_enabled",
        "prowler cloudfront_distributions_custom_ssl_certificate",
    ),
    frameworks=("SEC09-BP02",),
    passes=_serving(
        defaultCacheBehavior={"viewerProtocolPolicy": "redirect-to-https"},
        viewerCertificate={**_CERTIFICATE, "minimumProtocolVersion": "TLSv1.2_2021"},
    ),
    fails=_serving(
        defaultCacheBehavior={"viewerProtocolPolicy": "allow-all"},
        viewerCertificate={"cloudfrontDefaultCertificate": True},
    ),
    acceptable=True,
)
def viewer_tls(distribution: Resource, _: Context) -> Iterator[str]:
    """Judge one distribution. Under CloudFront's own certificate the least version is TLS 1.0, whatever is set."""
    for path, behavior in _behaviors(distribution):
        if behavior.known("viewerProtocolPolicy") not in ("https-only", "redirect-to-https"):
            yield f"answers plain http at {path}"
    certificate = inner(distribution, distribution.props.get("viewerCertificate") or {}, "viewerCertificate")
    if certificate.known("cloudfrontDefaultCertificate") or not certificate.props:
        yield "takes TLS 1.0 under CloudFront's own certificate"


@rule(
    "edge-origins",
    "CloudFront reaches buckets by an access control, and everything else by https",
    severity=Severity.HIGH,
    on=resources(DISTRIBUTION),
    judges={DISTRIBUTION: ("origins",)},
    why="A website endpoint or a bucket that is open to CloudFront is open to everybody; behind the edge nobody sees "
    "that TLS ended.",
    fix="Give a bucket of the stack an OriginAccessControl that always signs; set originProtocolPolicy to https-only "
    'and originSslProtocols to ["TLSv1.2"]',
    page=_GUIDE + "private-content-restricting-access-to-s3.html",
    same_as=(
        "cdk-nag AwsSolutions-CFR5",
        "cdk-nag AwsSolutions-CFR7",
        "checkov CKV2_AWS_46",
        "checkov CKV2_AWS_54",
        "checkov CKV2_AWS_72",
        "prowler cloudfront_distributions_origin_traffic_encrypted",
        "prowler cloudfront_distributions_s3_origin_access_control",
        "prowler cloudfront_distributions_s3_origin_non_existent_bucket",
        "prowler cloudfront_distributions_using_deprecated_ssl_protocols",
    ),
    frameworks=("SEC09-BP02", "SEC05-BP02"),
    passes=_serving(origins=[{**_SITE, "customOriginConfig": _TLS}]),
    fails=_serving(origins=[{**_SITE, "customOriginConfig": {**_TLS, "originProtocolPolicy": "match-viewer"}}]),
)
def edge_origins(distribution: Resource, context: Context) -> Iterator[str]:
    """Judge one distribution by its origins: one without customOriginConfig is a bucket's."""
    for name, origin in _origins(distribution):
        if origin.props.get("customOriginConfig"):
            yield from _custom(name, origin)
        elif origin.props.get("vpcOriginConfig") is None:
            yield from _bucket(name, origin, context.stack)


def _origins(distribution: Resource) -> Iterator[tuple[str, Resource]]:
    for each in distribution.props.get("origins") or ():
        yield str(each.get("originId")), inner(distribution, each, "origins")


def _custom(name: str, origin: Resource) -> Iterator[str]:
    config = origin.known("customOriginConfig")
    if config.get("originProtocolPolicy") != "https-only":
        yield f"reaches {name} by {config.get('originProtocolPolicy')}"
    if old := sorted(set(config.get("originSslProtocols") or ("SSLv3",)) - _TO_ORIGIN):
        yield f"reaches {name} with {', '.join(old)}"
    if not origin.is_unknown("domainName") and ".s3-website" in (origin.known("domainName") or ""):
        yield f"reads {name} as a website, which is open to everybody"


def _bucket(name: str, origin: Resource, stack: Stack) -> Iterator[str]:
    if (origin.props.get("s3OriginConfig") or {}).get("originAccessIdentity"):
        yield f"reads {name} by an access identity, which CloudFront has replaced"
    access = stack.named_by(origin, "originAccessControlId", ORIGIN_ACCESS)
    if access is None:
        yield f"reads {name} without an access control of the stack"
    elif access.known("signingBehavior") != "always":
        yield f"reads {name} by {access.name}, which signs {access.known('signingBehavior')}"
    if not _is_of_the_stack(origin, stack):
        yield f"reads {name} from a bucket that the stack doesn't make"


def _is_of_the_stack(origin: Resource, stack: Stack) -> bool:
    try:
        domain = origin.known("domainName") or ""
    except UnknownValueError:
        made_of = set(origin.dependencies.get("domainName", ()))
        return any(bucket.urn in made_of for bucket in stack.of(BUCKET))
    return stack.find(domain.partition(".s3")[0], BUCKET) is not None


@rule(
    "edge-headers",
    "CloudFront's answers tell browsers to come by https, and how to treat them",
    severity=Severity.LOW,
    on=resources(DISTRIBUTION),
    judges={DISTRIBUTION: ("defaultCacheBehavior",)},
    why="Without Strict-Transport-Security the first request of a visit goes in clear; without the others a page can "
    "be framed, and a file taken for a script.",
    fix="Set responseHeadersPolicyId to SecurityHeadersPolicy, or to one of the stack with strictTransportSecurity",
    page=_GUIDE + "using-managed-response-headers-policies.html",
    same_as=("checkov CKV_AWS_259", "checkov CKV2_AWS_32"),
    frameworks=("SEC09-BP02", "SEC05-BP03"),
    passes=_serving(defaultCacheBehavior={"responseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03"}),
    fails=_serving(defaultCacheBehavior={"viewerProtocolPolicy": "https-only"}),
)
def edge_headers(distribution: Resource, context: Context) -> Iterator[str]:
    """Judge one distribution by its behaviours."""
    for path, behavior in _behaviors(distribution):
        policy = context.stack.named_by(behavior, "responseHeadersPolicyId", HEADERS_POLICY)
        if policy is None and behavior.known("responseHeadersPolicyId") not in _WITH_HSTS:
            yield f"sends no security headers at {path}"
        elif policy and not (policy.known("securityHeadersConfig") or {}).get("strictTransportSecurity"):
            yield f"sends no Strict-Transport-Security at {path}"


def _behind(*, key: bool) -> Example:
    header = [{"name": "x-api-key", "value": "from the stack"}]
    origin = {"originId": "api", "domainName": "a1b2.execute-api.eu-west-1.amazonaws.com", "customHeaders": header}
    method = {"restApi": "a1b2", "httpMethod": "GET", "authorization": "NONE", "apiKeyRequired": key}
    return {
        f"{DISTRIBUTION} front": {"origins": [{**origin, "customOriginConfig": _TLS}]},
        f"{REST_API} api": {"name": "api", "id": "a1b2"},
        f"{METHOD} orders": method,
    }


@rule(
    "edge-no-way-round",
    "What stands behind CloudFront answers CloudFront alone",
    severity=Severity.HIGH,
    on=resources(DISTRIBUTION),
    judges={DISTRIBUTION: ("origins",), METHOD: ("apiKeyRequired", "restApi")},
    why="A waiting room, a firewall and a cache protect nothing that can be called by its own address.",
    fix="Let the origin send a secret header; an API's is x-api-key, and each of its methods requires a key",
    page=_GUIDE + "add-origin-custom-headers.html",
    frameworks=("SEC05-BP02",),
    passes=_behind(key=True),
    fails=_behind(key=False),
    acceptable=True,
)
def no_way_round(distribution: Resource, context: Context) -> Iterator[str]:
    """Judge one distribution by what its custom origins send, and an API of the stack by what it requires."""
    for name, origin in _origins(distribution):
        if not origin.props.get("customOriginConfig"):
            continue
        sent = {str(header.get("name", "")).lower() for header in origin.props.get("customHeaders") or ()}
        if not sent:
            yield f"sends {name} nothing by which it knows CloudFront"
            continue
        for api in _apis(origin, context.stack):
            open_to_all = [method.name for method in context.stack.of(METHOD) if _is_open(method, api, context.stack)]
            if "x-api-key" not in sent:
                yield f"sends {name}, an API, no x-api-key"
            elif open_to_all:
                yield f"stands before {name}, whose {', '.join(open_to_all)} can be called without its key"


def _apis(origin: Resource, stack: Stack) -> list[Resource]:
    """The APIs of the stack that an origin is, or may be."""
    try:
        domain = origin.known("domainName") or ""
    except UnknownValueError:
        made_of = set(origin.dependencies.get("domainName", ()))
        return [api for api in stack.of(REST_API) if api.urn in made_of]
    host = domain.partition(".")[0]
    found = stack.find(host, REST_API) if ".execute-api." in domain else None
    return [found] if found else []


def _is_open(method: Resource, api: Resource, stack: Stack) -> bool:
    if stack.named_by(method, "restApi", REST_API) is not api:
        return False
    return method.known("apiKeyRequired") is not True and method.known("authorization") != "AWS_IAM"
