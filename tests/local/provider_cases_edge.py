"""Cases of CloudFront."""

from __future__ import annotations

from typing import Any

from tests.local.provider_cases import TAGS, World, case, unique

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""CloudFront's managed policy CachingOptimized."""


def _distribution(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("cloudfront").get_distribution(Id=id_)["Distribution"]
    config = found["DistributionConfig"]
    origins = {origin["Id"]: origin for origin in config["Origins"]["Items"]}
    default, ordered = config["DefaultCacheBehavior"], config["CacheBehaviors"]["Items"][0]
    api = origins["api"]["CustomOriginConfig"]
    tags = aws("cloudfront").list_tags_for_resource(Resource=found["ARN"])["Tags"]["Items"]
    return {
        "plain": [config[name] for name in ("Comment", "DefaultRootObject", "HttpVersion", "PriceClass", "Enabled")],
        "ipv6": config["IsIPV6Enabled"],
        "bucket": [origins["bucket"][name] for name in ("DomainName", "OriginAccessControlId", "ConnectionTimeout")],
        "api": [origins["api"]["OriginPath"], api["HTTPPort"], api["OriginReadTimeout"], api["OriginProtocolPolicy"]],
        "ssl": api["OriginSslProtocols"]["Items"],
        "headers": origins["api"]["CustomHeaders"]["Items"],
        "default": [default[name] for name in ("TargetOriginId", "ViewerProtocolPolicy", "CachePolicyId", "Compress")],
        "functions": default["FunctionAssociations"]["Items"],
        "ordered": [ordered[name] for name in ("PathPattern", "TargetOriginId", "MinTTL", "DefaultTTL", "MaxTTL")],
        "methods": sorted(ordered["AllowedMethods"]["Items"]),
        "errors": config["CustomErrorResponses"]["Items"],
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


@case(
    "aws:cloudfront/distribution:Distribution",
    seen=_distribution,
    expected=lambda given: {
        "plain": ["Pictures", "index.html", "http2and3", "PriceClass_100", True],
        "ipv6": True,
        "bucket": ["pictures.s3.amazonaws.com", given["origins"][0]["originAccessControlId"], 5],
        "api": ["/prod", 8080, 20, "http-only"],
        "ssl": ["TLSv1.2"],
        "headers": [{"HeaderName": "x-origin", "HeaderValue": "edge"}],
        "default": ["bucket", "redirect-to-https", OPTIMIZED, True],
        "functions": [
            {
                "EventType": "viewer-request",
                "FunctionARN": given["defaultCacheBehavior"]["functionAssociations"][0]["functionArn"],
            }
        ],
        "ordered": ["/api/*", "api", 1, 2, 3],
        "methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "errors": [
            {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
        ],
        "tags": TAGS,
    },
    update=lambda given: {**given, "comment": "Posters", "orderedCacheBehaviors": [], "tags": {"owner": "me"}},
)
def distribution(world: World) -> dict[str, Any]:
    rewrite = {"code": "function handler(event) { return event.request; }", "runtime": "cloudfront-js-2.0"}
    edge_function = world.make("aws:cloudfront/function:Function", **rewrite).outputs["arn"]
    read = ["GET", "HEAD"]
    return {
        "enabled": True,
        "comment": "Pictures",
        "defaultRootObject": "index.html",
        "httpVersion": "http2and3",
        "isIpv6Enabled": True,
        "priceClass": "PriceClass_100",
        "retainOnDelete": False,
        "waitForDeployment": True,
        "origins": [
            {
                "originId": "bucket",
                "domainName": "pictures.s3.amazonaws.com",
                "originAccessControlId": world.origin_access(),
                "connectionAttempts": 2,
                "connectionTimeout": 5,
            },
            {
                "originId": "api",
                "domainName": "api.example.com",
                "originPath": "/prod",
                "customHeaders": [{"name": "x-origin", "value": "edge"}],
                "customOriginConfig": {
                    "httpPort": 8080,
                    "httpsPort": 8443,
                    "originProtocolPolicy": "http-only",
                    "originSslProtocols": ["TLSv1.2"],
                    "originKeepaliveTimeout": 6,
                    "originReadTimeout": 20,
                },
            },
        ],
        "defaultCacheBehavior": {
            "targetOriginId": "bucket",
            "viewerProtocolPolicy": "redirect-to-https",
            "allowedMethods": read,
            "cachedMethods": read,
            "compress": True,
            "cachePolicyId": OPTIMIZED,
            "originRequestPolicyId": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
            "responseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
            "functionAssociations": [{"eventType": "viewer-request", "functionArn": edge_function}],
        },
        "orderedCacheBehaviors": [
            {
                "pathPattern": "/api/*",
                "targetOriginId": "api",
                "viewerProtocolPolicy": "https-only",
                "allowedMethods": [*read, "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
                "cachedMethods": read,
                "minTtl": 1,
                "defaultTtl": 2,
                "maxTtl": 3,
            }
        ],
        "customErrorResponses": [
            {"errorCode": 404, "responseCode": 200, "responsePagePath": "/404.html", "errorCachingMinTtl": 10}
        ],
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True, "minimumProtocolVersion": "TLSv1"},
        "tags": TAGS,
    }


def _origin_access(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    return aws("cloudfront").get_origin_access_control(Id=id_)["OriginAccessControl"]["OriginAccessControlConfig"]


@case(
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    seen=_origin_access,
    expected=lambda given: {
        "Name": given["name"],
        "Description": "For pictures",
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    },
    update=lambda given: {**given, "description": "For posters", "signingBehavior": "no-override"},
)
def origin_access(world: World) -> dict[str, Any]:
    return {
        "name": unique("access"),
        "description": "For pictures",
        "originAccessControlOriginType": "s3",
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }


def _store(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    store = aws("cloudfront").describe_key_value_store(Name=inputs["name"])["KeyValueStore"]
    tags = aws("cloudfront").list_tags_for_resource(Resource=store["ARN"])["Tags"]["Items"]
    return [store["Id"] == id_, store["Comment"], store["Status"], {tag["Key"]: tag["Value"] for tag in tags}]


@case(
    "aws:cloudfront/keyValueStore:KeyValueStore",
    seen=_store,
    expected=lambda given: [True, "Rooms", "READY", TAGS],
    update=lambda given: {**given, "comment": "Waiting rooms", "tags": {"owner": "me"}},
    replace={"name": "another"},
)
def store(world: World) -> dict[str, Any]:
    return {"name": unique("store"), "comment": "Rooms", "tags": TAGS}


@case(
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey",
    seen=lambda aws, id_, given: aws("cloudfront-keyvaluestore").get_key(
        KvsARN=given["keyValueStoreArn"], Key=given["key"]
    )["Value"],
    expected=lambda given: given["value"],
    update=lambda given: {**given, "value": "2"},
    replace={"key": "another"},
)
def key_in_a_store(world: World) -> dict[str, Any]:
    return {"keyValueStoreArn": world.store(), "key": "room/config", "value": "1"}


CASES = [distribution, origin_access, store, key_in_a_store]
