"""CloudFront: a distribution's configuration, between Pulumi's form and AWS's.

AWS wraps every list as `{"Quantity": n, "Items": [...]}` and, in an update, wants the whole configuration back.
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

from typing import Any

from local.provider.resource import Props, present

_NO_FORWARDING = {"QueryString": False, "Cookies": {"Forward": "none"}}


def to_aws(inputs: Props, reference: str, base: Props | None = None) -> Props:
    """The configuration to send. `base` is what AWS has: members that no input decides are sent back as they are."""
    config: Props = {
        "CallerReference": reference,
        "Comment": inputs.get("comment") or "",
        "Enabled": inputs["enabled"],
        "DefaultRootObject": inputs.get("defaultRootObject") or "",
        "HttpVersion": inputs["httpVersion"],
        "IsIPV6Enabled": bool(inputs.get("isIpv6Enabled")),
        "PriceClass": inputs["priceClass"],
        "Origins": _listed([_origin(origin) for origin in inputs["origins"]]),
        "DefaultCacheBehavior": _behavior(inputs["defaultCacheBehavior"]),
        "CacheBehaviors": _listed(
            [
                {"PathPattern": behavior["pathPattern"], **_behavior(behavior)}
                for behavior in inputs.get("orderedCacheBehaviors") or []
            ]
        ),
        "CustomErrorResponses": _listed([_error(row) for row in inputs.get("customErrorResponses") or []]),
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": True,
            "MinimumProtocolVersion": inputs["viewerCertificate"].get("minimumProtocolVersion") or "TLSv1",
        },
    }
    return {**(base or {}), **config}


def from_aws(config: dict[str, Any]) -> Props:
    """The inputs that would give this configuration."""
    return {
        "comment": config.get("Comment") or None,
        "enabled": config["Enabled"],
        "defaultRootObject": config.get("DefaultRootObject") or None,
        "httpVersion": config.get("HttpVersion"),
        "isIpv6Enabled": config.get("IsIPV6Enabled", False),
        "priceClass": config.get("PriceClass"),
        "staging": config.get("Staging", False),
        "origins": [_read_origin(origin) for origin in _items(config, "Origins")],
        "defaultCacheBehavior": _read_behavior(config["DefaultCacheBehavior"]),
        "orderedCacheBehaviors": [
            {"pathPattern": behavior["PathPattern"], **_read_behavior(behavior)}
            for behavior in _items(config, "CacheBehaviors")
        ]
        or None,
        "customErrorResponses": [_read_error(row) for row in _items(config, "CustomErrorResponses")] or None,
        "restrictions": {
            "geoRestriction": present(
                restrictionType=config.get("Restrictions", {}).get("GeoRestriction", {}).get("RestrictionType", "none"),
                locations=_items(config.get("Restrictions", {}), "GeoRestriction") or None,
            )
        },
        "viewerCertificate": {
            "cloudfrontDefaultCertificate": config.get("ViewerCertificate", {}).get(
                "CloudFrontDefaultCertificate", True
            ),
            "minimumProtocolVersion": config.get("ViewerCertificate", {}).get("MinimumProtocolVersion", "TLSv1"),
        },
    }


def _origin(origin: Props) -> Props:
    headers = [{"HeaderName": row["name"], "HeaderValue": row["value"]} for row in origin.get("customHeaders") or []]
    sent: Props = {
        "Id": origin["originId"],
        "DomainName": origin["domainName"],
        "OriginPath": origin.get("originPath") or "",
        "OriginAccessControlId": origin.get("originAccessControlId") or "",
        "ConnectionAttempts": origin["connectionAttempts"],
        "ConnectionTimeout": origin["connectionTimeout"],
        "CustomHeaders": _listed(headers),
    }
    custom = origin.get("customOriginConfig")
    if custom is None:
        # AWS wants one of the two; an S3 origin with an origin access control has the empty older identity.
        return {**sent, "S3OriginConfig": {"OriginAccessIdentity": ""}}
    sent["CustomOriginConfig"] = {
        "HTTPPort": custom["httpPort"],
        "HTTPSPort": custom["httpsPort"],
        "OriginProtocolPolicy": custom["originProtocolPolicy"],
        "OriginSslProtocols": _listed(custom["originSslProtocols"]),
        "OriginKeepaliveTimeout": custom["originKeepaliveTimeout"],
        "OriginReadTimeout": custom["originReadTimeout"],
    }
    return sent


def _read_origin(origin: dict[str, Any]) -> Props:
    headers = [{"name": row["HeaderName"], "value": row["HeaderValue"]} for row in _items(origin, "CustomHeaders")]
    custom = origin.get("CustomOriginConfig")
    return present(
        originId=origin["Id"],
        domainName=origin["DomainName"],
        originPath=origin.get("OriginPath") or None,
        originAccessControlId=origin.get("OriginAccessControlId") or None,
        connectionAttempts=origin.get("ConnectionAttempts", 3),
        connectionTimeout=origin.get("ConnectionTimeout", 10),
        customHeaders=headers or None,
        customOriginConfig={
            "httpPort": custom["HTTPPort"],
            "httpsPort": custom["HTTPSPort"],
            "originProtocolPolicy": custom["OriginProtocolPolicy"],
            "originSslProtocols": _items(custom, "OriginSslProtocols"),
            "originKeepaliveTimeout": custom.get("OriginKeepaliveTimeout", 5),
            "originReadTimeout": custom.get("OriginReadTimeout", 30),
        }
        if custom
        else None,
    )


def _behavior(behavior: Props) -> Props:
    functions = [
        {"EventType": row["eventType"], "FunctionARN": row["functionArn"]}
        for row in behavior.get("functionAssociations") or []
    ]
    sent: Props = {
        "TargetOriginId": behavior["targetOriginId"],
        "ViewerProtocolPolicy": behavior["viewerProtocolPolicy"],
        "AllowedMethods": {
            **_listed(behavior["allowedMethods"]),
            "CachedMethods": _listed(behavior["cachedMethods"]),
        },
        "Compress": bool(behavior.get("compress")),
        "SmoothStreaming": False,
        "FieldLevelEncryptionId": "",
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "LambdaFunctionAssociations": _listed([]),
        "FunctionAssociations": _listed(functions),
        **present(
            CachePolicyId=behavior.get("cachePolicyId"),
            OriginRequestPolicyId=behavior.get("originRequestPolicyId"),
            ResponseHeadersPolicyId=behavior.get("responseHeadersPolicyId"),
        ),
    }
    if not behavior.get("cachePolicyId"):
        # Without a cache policy AWS wants the older members; with one it refuses them.
        sent["ForwardedValues"] = _NO_FORWARDING
        sent["MinTTL"] = behavior.get("minTtl") or 0
        sent.update(present(DefaultTTL=behavior.get("defaultTtl"), MaxTTL=behavior.get("maxTtl")))
    return sent


def _read_behavior(behavior: dict[str, Any]) -> Props:
    functions = [
        {"eventType": row["EventType"], "functionArn": row["FunctionARN"]}
        for row in _items(behavior, "FunctionAssociations")
    ]
    methods = behavior.get("AllowedMethods", {})
    return present(
        targetOriginId=behavior["TargetOriginId"],
        viewerProtocolPolicy=behavior["ViewerProtocolPolicy"],
        allowedMethods=methods.get("Items", ["GET", "HEAD"]),
        cachedMethods=_items(methods, "CachedMethods") or ["GET", "HEAD"],
        compress=behavior.get("Compress", False),
        cachePolicyId=behavior.get("CachePolicyId") or None,
        originRequestPolicyId=behavior.get("OriginRequestPolicyId") or None,
        responseHeadersPolicyId=behavior.get("ResponseHeadersPolicyId") or None,
        functionAssociations=functions or None,
        minTtl=behavior.get("MinTTL", 0),
        defaultTtl=behavior.get("DefaultTTL"),
        maxTtl=behavior.get("MaxTTL"),
    )


def _error(row: Props) -> Props:
    return {
        "ErrorCode": row["errorCode"],
        "ResponsePagePath": row.get("responsePagePath") or "",
        "ResponseCode": str(row["responseCode"]) if row.get("responseCode") else "",
        **present(ErrorCachingMinTTL=row.get("errorCachingMinTtl")),
    }


def _read_error(row: dict[str, Any]) -> Props:
    code = row.get("ResponseCode")
    return present(
        errorCode=row["ErrorCode"],
        responsePagePath=row.get("ResponsePagePath") or None,
        responseCode=int(code) if code else None,
        errorCachingMinTtl=row.get("ErrorCachingMinTTL"),
    )


def _listed(items: list[Any]) -> Props:
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def _items(parent: dict[str, Any], name: str) -> list[Any]:
    return (parent.get(name) or {}).get("Items") or []
