"""Mapping templates of REST APIs as AWS renders them."""

import base64
import json

import pytest

from local.emulator import manager
from tests.local.rest_api import JSON, RestApi, mock

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def api(aws, local_aws):
    return RestApi(aws, local_aws)


@pytest.fixture
def render(api, request):
    """`render(template, body, …)`: what a MOCK integration's request template makes of a request."""
    count = 0

    def rendered(template, body=None, *, path="", **call):
        nonlocal count
        count += 1
        resource = f"/{request.node.name.partition('[')[0]}{abs(hash(request.node.name))}-{count}"
        # The answer of a MOCK has no body: what the request holds is shown through the response template's params.
        api.method(f"{resource}{'/{id}' if path else ''}", mock(), responses={"200": {"responseTemplates": template}})
        api.deploy(variables={"colour": "blue"})
        return api.post(f"{resource}{path}", body or {}, **call)

    return rendered


def shown(render, template, **call):
    return render({JSON: template}, **call).text


def test_parameters_are_found_in_path_query_string_and_headers(render):
    template = (
        '$input.params("id") $input.params("q") $input.params("X-Trace") $input.params().path.id '
        '$input.params().querystring.get("q") $input.params().header.get("x-trace") "$input.params("none")"'
    )

    assert shown(render, template, path="/7?q=a%20b", headers={"X-Trace": "t"}) == '7 a b t 7 a b t ""'


def test_parameters_can_be_listed(render):
    template = (
        "#set($q = $input.params().querystring)"
        '{#foreach($name in $q.keySet())"$name": "$util.escapeJavaScript($q.get($name))"#if($foreach.hasNext),#end#end}'
    )

    assert json.loads(shown(render, template, path="/7?a=1&b=%22")) == {"a": "1", "b": '"'}


def test_the_context_tells_the_call(render, api):
    template = (
        '{"ids": ["$context.requestId", "$context.extendedRequestId"], "api": "$context.apiId", '
        '"stage": "$context.stage", "account": "$context.accountId", "method": "$context.httpMethod", '
        '"resource": "$context.resourcePath", "path": "$context.path", "ip": "$context.identity.sourceIp", '
        '"agent": "$context.identity.userAgent", "time": "$context.requestTime", "epoch": $context.requestTimeEpoch, '
        '"domain": "$context.domainName", "none": "$context.nothing.here", "colour": "$stageVariables.colour"}'
    )
    answer = render({JSON: template}, path="/7", headers={"User-Agent": "me"})
    told = answer.json()

    assert told.pop("ids") == [answer.headers["x-amzn-requestid"], answer.headers["x-amz-apigw-id"]]
    assert told.pop("time").endswith(" +0000")
    assert told.pop("epoch") > 1_600_000_000_000
    assert told.pop("resource").endswith("/{id}")
    assert told.pop("path").startswith("/v1/")
    expected = {"api": api.id, "stage": "v1", "account": "000000000000", "method": "POST", "domain": api.host}
    assert told == {**expected, "ip": "127.0.0.1", "agent": "me", "none": "", "colour": "blue"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('$util.base64Encode("a b")', base64.b64encode(b"a b").decode()),
        ('$util.base64Decode("YSBi")', "a b"),
        ('$util.urlEncode("a b&c")', "a+b%26c"),
        ('$util.urlDecode("a+b%26c")', "a b&c"),
        ('#set($x = $util.parseJson(\'{"a": {"b": [1, 2]}}\'))$x.a.b[1] $x.a.b.size()', "2 2"),
        ('#set($x = "a\'b")$util.escapeJavaScript($x).replaceAll("\\\\\'", "\'")', "a'b"),
        ("$util.escapeJavaScript('é')", "\\u00E9"),
        ("#set($list = [3, 1])#foreach($n in $list)$foreach.index:$n;#end", "0:3;1:1;"),
        ("#if(1 < 2 && $x != 'y')yes#else no#end", "yes"),
        ("## a comment\nx#* another *#y", "xy"),
        ('#set($m = {"a": 1})$m.put("b", 2)$m.size() $m.containsKey("b")', "2 true"),
    ],
)
def test_util_and_the_language(render, template, expected):
    assert shown(render, template) == expected


def test_overrides_set_status_and_headers(render):
    template = (
        "#set($context.responseOverride.status = 404)"
        '#set($context.responseOverride.header.Content-Type = "application/problem+json")'
        '#set($context.responseOverride.header["Retry-After"] = "5"){"status": 404}'
    )
    answer = render({JSON: template})

    assert (answer.status_code, answer.json()) == (404, {"status": 404})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"


def test_a_template_that_fails_answers_500_and_its_reason_is_in_the_servers_log(render, local_aws):
    answer = render({JSON: "#if($broken"})

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
    assert "the response template failed: TemplateSyntaxError" in manager.log_path(local_aws).read_text()


def test_the_request_template_of_a_mock_says_the_status(api):
    template = '{"statusCode": #if($input.params("fail") == "yes")503#else 200#end}'
    responses = {
        "200": {"responseTemplates": {JSON: "fine"}},
        "503": {"selectionPattern": "5\\d{2}", "responseTemplates": {JSON: "down"}},
    }
    api.method("/mock", {"type": "MOCK", "requestTemplates": {JSON: template}}, verb="GET", responses=responses)
    api.deploy()

    assert [api.call("GET", f"/mock?fail={fail}").text for fail in ("no", "yes")] == ["fine", "down"]
    assert api.call("GET", "/mock?fail=yes").status_code == 503


@pytest.mark.parametrize(
    ("behavior", "content_type", "status"),
    [("NEVER", "text/plain", 415), ("NEVER", JSON, 200), ("WHEN_NO_TEMPLATES", "text/plain", 415)],
)
def test_a_content_type_without_template_is_refused(api, behavior, content_type, status):
    path = f"/media-{behavior}-{content_type.partition('/')[0]}"
    api.method(path, {**mock(), "passthroughBehavior": behavior})
    api.deploy()

    assert api.call("POST", path, data="x", headers={"Content-Type": content_type}).status_code == status


def test_headers_of_the_answer_are_mapped(api):
    parameters = {
        "method.response.header.Access-Control-Allow-Origin": "'*'",
        "method.response.header.X-Request": "context.requestId",
        "method.response.header.X-Colour": "stageVariables.colour",
    }
    api.method("/headers", mock(), responses={"200": {"responseParameters": parameters}})
    api.deploy(variables={"colour": "blue"})
    headers = api.post("/headers", {}).headers

    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-request"] == headers["x-amzn-requestid"]
    assert headers["x-colour"] == "blue"
