"""Proxy integrations of REST APIs: HTTP backends and Lambda functions."""

import base64
import json
from typing import Any

import pytest

from local.emulator import manager
from tests.local import backend
from tests.local.emulation import allow
from tests.local.rest_api import JSON, TRUST_GATEWAY, RestApi

pytestmark = pytest.mark.local

ECHO = """
import json
def handler(event, context):
    if event.get("fail"): raise ValueError(event["fail"])
    if event.get("httpMethod") == "DELETE": raise KeyError("secret")
    if "httpMethod" not in event: return event
    return {"statusCode": 201, "headers": {"X-A": "1"}, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
            "body": json.dumps({"path": event["pathParameters"], "query": event["multiValueQueryStringParameters"],
                                "request": event["requestContext"]["requestId"]})}
"""


@pytest.fixture(scope="module")
def url():
    with backend.running() as url:
        yield url


@pytest.fixture(scope="module")
def api(aws, local_aws, url):
    """Everything under /old/ goes to the backend's /base/."""
    api = RestApi(aws, local_aws, binaryMediaTypes=["image/*", "multipart/form-data"])
    proxied = {"requestParameters": {"method.request.path.proxy": True}}
    parameters = {
        "integration.request.path.proxy": "method.request.path.proxy",
        "integration.request.header.X-Request": "context.requestId",
        "integration.request.header.X-Colour": "stageVariables.colour",
        "integration.request.querystring.from": "'gateway'",
    }
    proxy = {"type": "HTTP_PROXY", "uri": f"{url}/${{stageVariables.base}}/{{proxy}}", "requestParameters": parameters}
    api.method("/old/{proxy+}", {**proxy, "timeoutInMillis": 1000}, verb="ANY", **proxied)
    api.method("/nobody", {"type": "HTTP_PROXY", "uri": "http://127.0.0.1:9/x"}, verb="GET")
    api.deploy(variables={"base": "base", "colour": "blue"})
    return api


def seen(answer) -> dict[str, Any]:
    got = answer.json()
    return {**got, "headers": dict(got["headers"]), "body": base64.b64decode(got["body"])}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_proxy_passes_method_path_query_and_body_on(api, method):
    got = seen(api.call(method, "/old/a/b%20c?x=1&x=2&y=%26", data=b"body"))

    assert (got["method"], got["body"]) == (method, b"body")
    assert got["path"] == "/base/a/b%20c?x=1&x=2&y=%26&from=gateway"


def test_a_proxy_passes_headers_on_but_for_those_that_aws_drops(api, url):
    sent = {"X-Mine": "1", "Cookie": "a=1; b=2", "Authorization": "Bearer t", "TE": "trailers", "User-Agent": "me"}
    got = seen(api.call("GET", "/old/x", headers=sent))["headers"]

    assert {name: got[name.lower()] for name in sent if name != "TE"} == {n: v for n, v in sent.items() if n != "TE"}
    assert "te" not in got
    assert got["host"] == url.removeprefix("http://")
    assert (got["x-amzn-apigateway-api-id"], got["x-forwarded-for"]) == (api.id, "127.0.0.1")


def test_mappings_add_headers_and_parameters(api):
    answer = api.call("GET", "/old/x")
    got = seen(answer)["headers"]

    assert (got["x-request"], got["x-colour"]) == (answer.headers["x-amzn-requestid"], "blue")


def test_each_cookie_comes_back(api):
    assert api.call("GET", "/old/cookies").raw.headers.getlist("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]


def test_a_redirect_is_passed_on_and_not_followed(api):
    answer = api.call("GET", "/old/redirect")

    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/x?y=1")


def test_status_headers_and_body_of_an_error_are_the_backends(api):
    answer = api.call("GET", "/old/teapot")

    assert (answer.status_code, answer.text, answer.headers["etag"]) == (418, "short and stout", '"1"')
    assert answer.headers["content-type"] == "text/plain"


def test_headers_that_the_gateway_renames(api):
    headers = api.call("GET", "/old/login").headers

    assert headers["x-amzn-remapped-www-authenticate"] == 'Basic realm="x"'
    assert headers["x-amzn-remapped-date"]
    assert "www-authenticate" not in headers
    assert "via" not in headers


def test_binary_media_types_pass_both_ways_and_others_break(api):
    picture, form = backend.PICTURE, "multipart/form-data; boundary=x"

    assert api.call("GET", "/old/picture").content == picture
    sent = seen(api.call("POST", "/old/x", data=picture, headers={"Content-Type": form}))
    assert sent["body"] == picture
    broken = seen(api.call("POST", "/old/x", data=b"\xff", headers={"Content-Type": "application/zip"}))
    assert broken["body"].decode() == "\ufffd"


def test_a_backend_that_is_slow_or_away_answers_504(api):
    slow, away = api.call("GET", "/old/slow"), api.call("GET", "/nobody")

    assert (slow.status_code, slow.json()) == (504, {"message": "Endpoint request timed out"})
    assert (away.status_code, away.json()) == (504, {"message": "Network error communicating with endpoint"})


@pytest.fixture(scope="module")
def function(aws, bench):
    name = bench.function(ECHO, bench.role())
    return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"


def invocation(function, kind="AWS_PROXY", **more):
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    return {"type": kind, "uri": uri, **more}


def test_a_role_that_may_invoke_is_enough(aws, local_aws, bench, function):
    role = bench.role(allow(["lambda:InvokeFunction"], [function]), trust=TRUST_GATEWAY)
    api = RestApi(aws, local_aws)
    api.method("/items/{id}", invocation(function, credentials=role), verb="GET")
    api.deploy()

    answer = api.call("GET", "/items/7?q=1&q=2")
    assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
    request = answer.headers["x-amzn-requestid"]
    assert answer.json() == {"path": {"id": "7"}, "query": {"q": ["1", "2"]}, "request": request}
    assert answer.raw.headers.getlist("set-cookie") == ["a=1", "b=2"]
    bench.grant(role)
    denied = api.call("GET", "/items/7")
    assert (denied.status_code, denied.json()) == (500, {"message": "Internal server error"})
    assert "Invalid permissions on Lambda function" in manager.log_path(local_aws).read_text()


@pytest.mark.parametrize(
    ("source", "status"),
    [("*/GET/items/*", 201), ("v1/*/*", 201), ("*/POST/items/*", 500), ("other/GET/items/*", 500)],
)
def test_without_a_role_the_functions_policy_must_name_the_method(aws, local_aws, bench, source, status):
    name = bench.function(ECHO, bench.role())
    api = RestApi(aws, local_aws)
    api.method("/items/{id}", invocation(f"arn:aws:lambda:us-east-1:000000000000:function:{name}"), verb="GET")
    api.deploy()
    before = api.call("GET", "/items/7").status_code
    aws("lambda").add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api.id}/{source}",
    )

    assert (before, api.call("GET", "/items/7").status_code) == (500, status)


def test_a_function_that_fails_answers_502_and_nothing_leaks(aws, local_aws, bench, function):
    role = bench.role(allow(["lambda:InvokeFunction"], [function]), trust=TRUST_GATEWAY)
    api = RestApi(aws, local_aws)
    api.method("/x", invocation(function, credentials=role), verb="DELETE")
    api.deploy()
    answer = api.call("DELETE", "/x")

    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})


def test_a_custom_integration_maps_the_event_the_answer_and_the_error(aws, local_aws, bench, function):
    role = bench.role(allow(["lambda:InvokeFunction"], [function]), trust=TRUST_GATEWAY)
    api = RestApi(aws, local_aws)
    template = '{"order": $input.json("$.id"), "fail": "$input.params("fail")"}'
    responses = {
        "200": {"responseTemplates": {JSON: '{"got": $input.json("$.order")}'}},
        "409": {
            "selectionPattern": "Conflict.*",
            "responseTemplates": {JSON: '{"error": $input.json("$.errorMessage")}'},
        },
    }
    settings = invocation(function, "AWS", credentials=role, requestTemplates={JSON: template})
    api.method("/orders", settings, responses=responses)
    api.deploy()

    assert api.post("/orders", {"id": 7}).json() == {"got": 7}
    conflict = api.post("/orders?fail=Conflict%20with%207", {"id": 7})
    assert (conflict.status_code, conflict.json()) == (409, {"error": "Conflict with 7"})
    assert json.loads(api.post("/orders?fail=other", {"id": 7}).text) == {"got": ""}


def test_a_pattern_for_any_error_of_a_function_leaves_its_answers_alone(aws, local_aws, bench, function):
    role = bench.role(allow(["lambda:InvokeFunction"], [function]), trust=TRUST_GATEWAY)
    api = RestApi(aws, local_aws)
    responses = {"200": {}, "500": {"selectionPattern": "(\\n|.)+", "responseTemplates": {JSON: "failed"}}}
    api.method("/x", invocation(function, "AWS", credentials=role), responses=responses)
    api.deploy()

    assert [api.post("/x", event).text for event in ({"a": 1}, {"fail": "why"})] == ['{"a": 1}', "failed"]
