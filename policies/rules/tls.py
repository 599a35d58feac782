"""The least version of TLS at a domain of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.types import DISTRIBUTION
from .reach import inner

DOMAIN_NAME: Final = "aws:apigateway/domainName:DomainName"
OLD_AT_THE_EDGE: Final = frozenset({"SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016"})
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html"""

OLD_AT_A_DOMAIN: Final = frozenset({"TLS_1_0"})
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html"""


def _versioned(version: str) -> dict[str, dict[str, Any]]:
    certificate = {"acmCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/c"}
    return {f"{DISTRIBUTION} front": {"viewerCertificate": {**certificate, "minimumProtocolVersion": version}}}


def modern(resource: Resource, _: Context) -> Mapping[str, Any]:
    """The least version that every browser of the last ten years has."""
    if resource.type == DOMAIN_NAME:
        return {"securityPolicy": "TLS_1_2"}
    return {"viewerCertificate": {"minimumProtocolVersion": "TLSv1.2_2021"}}


@rule(
    "tls-minimum",
    "A domain of one's own takes TLS 1.2 at least",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(DISTRIBUTION, DOMAIN_NAME),
    judges={DISTRIBUTION: ("viewerCertificate",), DOMAIN_NAME: ("securityPolicy",)},
    why="What is sent under TLS 1.0 or 1.1 can be read and changed on the way.",
    fix="Set minimumProtocolVersion of a distribution to TLSv1.2_2021, securityPolicy of an API's domain to TLS_1_2",
    page="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_transit_encrypt.html",
    same_as=("cdk-nag AwsSolutions-CFR4", "checkov CKV_AWS_174", "checkov CKV_AWS_206"),
    frameworks=("SEC09-BP02",),
    passes=_versioned("TLSv1.2_2021"),
    fails=_versioned("TLSv1.1_2016"),
    remedy=modern,
    remedied=_versioned("TLSv1.2_2021"),
)
def tls_minimum(resource: Resource, _: Context) -> Iterator[str]:
    """Judge a distribution or an API's domain. CloudFront's own certificate leaves no choice."""
    if resource.type == DOMAIN_NAME:
        version = resource.known("securityPolicy")
        if not version or version in OLD_AT_A_DOMAIN:
            yield f"takes {version}" if version else "doesn't say its least version of TLS"
        return
    certificate = inner(resource, resource.props.get("viewerCertificate") or {}, "viewerCertificate")
    if certificate.props and not certificate.known("cloudfrontDefaultCertificate"):
        version = certificate.known("minimumProtocolVersion") or "TLSv1"
        if version in OLD_AT_THE_EDGE:
            yield f"takes {version}"
