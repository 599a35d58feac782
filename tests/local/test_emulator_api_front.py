"""An API behind CloudFront, under the hostname that AWS gives it."""

import base64
import json

import pytest
import requests

from tests.local import backend
from tests.local.emulation import unique
from tests.local.rest_api import JSON, RestApi, mock

pytestmark = pytest.mark.local

ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
REWRITE = """
function handler(event) {
  var request = event.request;
  if (!request.uri.includes('.')) { request.uri = '/index.html'; }
  return request;
}
"""


def listed(items):
    return {"Quantity": len(items), "Items": items}


@pytest.fixture(scope="module")
def url():
    with backend.running() as url:
        yield url


@pytest.fixture(scope="module")
def api(aws, local_aws, url):
    """`/api/{proxy+}` goes to a backend; `/api/keyed` needs a key."""
    api = RestApi(aws, local_aws, binaryMediaTypes=["image/*"])
    proxy = {
        "type": "HTTP_PROXY",
        "uri": f"{url}/{{proxy}}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    }
    more = {"requestParameters": {"method.request.path.proxy": True}, "apiKeyRequired": True}
    api.method("/api/{proxy+}", proxy, verb="ANY", **more)
    body = {"200": {"responseTemplates": {JSON: '{"agent": "$context.identity.userAgent"}'}}}
    api.method("/api/keyed", mock(), verb="GET", apiKeyRequired=True, responses=body)
    api.deploy()
    return api


@pytest.fixture(scope="module")
def key(api):
    made = api.client.create_api_key(name=unique("origin"), enabled=True)
    plan = api.client.create_usage_plan(name=unique("origin"), apiStages=[{"apiId": api.id, "stage": "v1"}])
    api.client.create_usage_plan_key(usagePlanId=plan["id"], keyId=made["id"], keyType="API_KEY")
    return made["value"]


@pytest.fixture(scope="module")
def distribute(aws, local_aws, api):
    """`distribute(custom headers, …)`: a distribution with the API at /api/* and a bucket; returns a caller of it."""
    bucket = unique("front")
    aws("s3").create_bucket(Bucket=bucket)
    aws("s3").put_object(Bucket=bucket, Key="index.html", Body=b"<p>front", ContentType="text/html")
    function = aws("cloudfront").create_function(
        Name=unique("rewrite"),
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=REWRITE.encode(),
    )
    summary = aws("cloudfront").publish_function(Name=function["FunctionSummary"]["Name"], IfMatch=function["ETag"])[
        "FunctionSummary"
    ]
    control = aws("cloudfront").create_origin_access_control(
        OriginAccessControlConfig={
            "Name": unique("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]

    def distributed(headers=None, policy=ALL_VIEWER_EXCEPT_HOST, protocol="https-only"):
        custom = [{"HeaderName": name, "HeaderValue": value} for name, value in (headers or {}).items()]
        origins = [
            {
                "Id": "front",
                "DomainName": f"{bucket}.s3.us-east-1.amazonaws.com",
                "OriginAccessControlId": control,
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            },
            {
                "Id": "api",
                "DomainName": api.host,
                "OriginPath": "/v1",
                "CustomHeaders": listed(custom),
                "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": protocol},
            },
        ]
        rewrite = {"EventType": "viewer-request", "FunctionARN": summary["FunctionMetadata"]["FunctionARN"]}
        shared = {"ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": CACHING_DISABLED}
        api_behavior = {
            "PathPattern": "/api/*",
            "TargetOriginId": "api",
            "OriginRequestPolicyId": policy,
            "AllowedMethods": {**listed(METHODS), "CachedMethods": listed(["GET", "HEAD"])},
            **shared,
        }
        made = aws("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": unique("cdn"),
                "Comment": "",
                "Enabled": True,
                "Origins": listed(origins),
                "DefaultCacheBehavior": {
                    "TargetOriginId": "front",
                    "FunctionAssociations": listed([rewrite]),
                    **shared,
                },
                "CacheBehaviors": listed([api_behavior]),
            }
        )["Distribution"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"AWS:SourceArn": made["ARN"]}},
        }
        aws("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))

        def call(method, path, **more):
            host = {"Host": f"{made['DomainName'].partition('.')[0]}.cloudfront.localhost:{local_aws.port}"}
            sent = {**host, **more.pop("headers", {})}
            target = f"{local_aws.endpoint}{path}"
            return requests.request(method, target, headers=sent, timeout=40, allow_redirects=False, **more)

        return call

    return distributed


def test_the_origin_key_opens_the_api_and_nothing_else_does(api, key, distribute):
    with_key, without = distribute({"x-api-key": key}), distribute()

    assert with_key("GET", "/api/keyed").status_code == 200
    assert without("GET", "/api/keyed").status_code == 403
    assert with_key("GET", "/api/keyed", headers={"x-api-key": "forged"}).status_code == 200
    assert api.call("GET", "/api/keyed").status_code == 403


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("HEAD", "OPTIONS")])
def test_methods_bodies_queries_and_cookies_reach_the_api(api, key, distribute, method, url):
    headers = {"Cookie": "a=1; b=2", "User-Agent": "me", "Content-Type": "image/png"}
    answer = distribute({"x-api-key": key})(method, "/api/x/y%20z?q=1&q=2&r=%26", data=backend.PICTURE, headers=headers)
    seen = answer.json()
    got = dict(seen["headers"])

    assert (seen["method"], seen["path"]) == (method, "/x/y%20z?q=1&q=2&r=%26")
    assert base64.b64decode(seen["body"]) == backend.PICTURE
    assert (got["cookie"], got["user-agent"], got["x-api-key"]) == ("a=1; b=2", "me", key)
    assert got["host"] == url.removeprefix("http://")


def test_cookies_redirects_and_errors_come_back(key, distribute):
    call = distribute({"x-api-key": key})

    assert call("GET", "/api/cookies").raw.headers.getlist("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    redirect = call("GET", "/api/redirect")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "https://elsewhere.example/x?y=1")
    assert call("GET", "/api/teapot").status_code == 418


def test_the_viewers_host_is_one_that_the_gateway_does_not_know(key, distribute):
    answer = distribute({"x-api-key": key}, policy=ALL_VIEWER)("GET", "/api/keyed")

    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_the_api_does_not_answer_http(key, distribute):
    assert distribute({"x-api-key": key}, protocol="http-only")("GET", "/api/keyed").status_code == 502


def test_a_function_rewrites_pages_of_the_front_and_leaves_the_api_alone(key, distribute):
    call = distribute({"x-api-key": key})

    assert [call("GET", path).text for path in ("/", "/deep/link", "/index.html")] == ["<p>front"] * 3
    assert call("GET", "/missing.js").status_code == 403
    assert call("GET", "/api/keyed").json()["agent"]
    assert distribute()("GET", "/api/nowhere").headers["content-type"] == JSON


@pytest.mark.parametrize("suffix", ["us-east-1.amazonaws.com", "localhost"])
def test_an_api_answers_to_its_host(api, key, local_aws, suffix):
    headers = {"Host": f"{api.id}.execute-api.{suffix}", "x-api-key": key}

    assert requests.get(f"{local_aws.endpoint}/v1/api/keyed", headers=headers, timeout=10).status_code == 200
    assert requests.get(f"{local_aws.endpoint}/other/api/keyed", headers=headers, timeout=10).status_code == 403
