"""What REST APIs answer themselves: gateway responses, validation, API keys and throttling."""

import json

import pytest

from tests.local.emulation import unique
from tests.local.rest_api import JSON, RestApi, mock

pytestmark = pytest.mark.local

PROBLEM = (
    '{"type": "about:blank", "title": $context.error.messageString, "detail": "$context.error.validationErrorString", '
    '"kind": "$context.error.responseType", "instance": "$context.requestId", "path": "$context.resourcePath", '
    '"colour": "$stageVariables.colour", "literal": "$input.body #if(1)"}'
)
SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["id", "amount"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 2},
        "amount": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["a", "b"]},
    },
}


class Api(RestApi):
    """An API with a method for each way to be refused, and gateway responses for all of them."""

    def __init__(self, aws, settings):
        super().__init__(aws, settings)
        self.aws = aws
        model = self.client.create_model(
            restApiId=self.id, name="Order", contentType=JSON, schema=json.dumps(SCHEMA).replace('\\"', '"')
        )
        validator = self.client.create_request_validator(
            restApiId=self.id, name="all", validateRequestBody=True, validateRequestParameters=True
        )
        checked = {"requestValidatorId": validator["id"], "requestModels": {JSON: model["name"]}}
        self.method("/orders", mock(), **checked)
        self.method("/found", mock(), verb="GET", requestParameters={"method.request.querystring.q": True}, **checked)
        self.method("/keyed", mock(), verb="GET", apiKeyRequired=True)
        self.method("/signed", mock(), verb="GET", authorizationType="AWS_IAM")
        self.method("/slow/{id}", mock(), verb="GET")
        self.method("/slow/{id}", mock(), verb="PUT")

    def respond(self, kind, template=PROBLEM, status=None, **headers):
        """Set a gateway response."""
        parameters = {f"gatewayresponse.header.{name.replace('_', '-')}": value for name, value in headers.items()}
        self.client.put_gateway_response(
            restApiId=self.id,
            responseType=kind,
            responseTemplates={JSON: template},
            responseParameters=parameters,
            **({"statusCode": status} if status else {}),
        )

    def key(self, *, enabled=True, **plan):
        """The value of a key whose usage plan holds the stage."""
        name = unique("key")
        key = self.client.create_api_key(name=name, enabled=enabled)
        stages = [{"apiId": self.id, "stage": "v1"}]
        made = self.client.create_usage_plan(name=name, apiStages=stages, **plan)
        self.client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
        return key["value"]


@pytest.fixture(scope="module")
def plain(aws, local_aws):
    api = Api(aws, local_aws)
    api.deploy()
    return api


@pytest.fixture(scope="module")
def api(aws, local_aws):
    api = Api(aws, local_aws)
    api.respond("DEFAULT_4XX", content_type="'application/problem+json'")
    api.respond("DEFAULT_5XX", content_type="'application/problem+json'")
    api.respond("THROTTLED", Retry_After="'7'", Content_Type="'application/problem+json'")
    api.respond(
        "UNSUPPORTED_MEDIA_TYPE", status="422", X_Request="context.requestId", X_Agent="method.request.header.a"
    )
    api.method("/text", {**mock(), "passthroughBehavior": "NEVER"})
    api.method("/broken", {"type": "MOCK", "requestTemplates": {JSON: "#if("}}, verb="GET")
    api.method("/away", {"type": "HTTP_PROXY", "uri": "http://127.0.0.1:9/"}, verb="GET")
    api.deploy(variables={"colour": "blue"})
    return api


def test_a_gateway_response_makes_the_body_from_variables_and_no_velocity(api):
    answer = api.post("/orders", {"id": "x1"})
    problem = answer.json()

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["instance"] == answer.headers["x-amzn-requestid"]
    assert (problem["title"], problem["kind"]) == ("Invalid request body", "BAD_REQUEST_BODY")
    assert (problem["path"], problem["colour"]) == ("/orders", "blue")
    assert problem["literal"] == "$input.body #if(1)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"id": "x1"}, 'object has missing required properties (["amount"])'),
        (
            {"id": 1, "amount": 1},
            'instance type (integer) does not match any allowed primitive type (allowed: ["string"])',
        ),
        ({"id": "x", "amount": 1}, 'string "x" is too short (length: 1, required minimum: 2)'),
        ({"id": "x1", "amount": 0}, "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        (
            {"id": "x1", "amount": 1, "y": 1},
            'object instance has properties which are not allowed by the schema: ["y"]',
        ),
        (
            {"id": "x1", "amount": 1, "kind": "c"},
            'instance value ("c") not found in enum (possible values: ["a","b"])',
        ),
    ],
)
def test_a_refused_body_is_explained(aws, local_aws, body, reason):
    api = Api(aws, local_aws)
    api.respond("BAD_REQUEST_BODY", '{"reason": "$context.error.validationErrorString"}')
    api.deploy()

    answer = api.post("/orders", body)
    assert (answer.status_code, answer.json()) == (400, {"reason": f"[{reason}]"})


@pytest.mark.parametrize(
    ("method", "path", "status", "message", "kind"),
    [
        ("GET", "/nowhere", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
        ("DELETE", "/orders", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
        ("GET", "/signed", 403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
        ("GET", "/keyed", 403, "Forbidden", "ForbiddenException"),
        ("GET", "/found", 400, "Missing required request parameters: [q]", "BadRequestException"),
        ("POST", "/orders", 400, "Invalid request body", "BadRequestException"),
    ],
)
def test_refusals_are_told_as_aws_tells_them(plain, api, method, path, status, message, kind):
    answer, problem = plain.call(method, path), api.call(method, path)

    assert (answer.status_code, answer.json()) == (status, {"message": message})
    assert answer.headers["x-amzn-errortype"] == kind
    assert (problem.status_code, problem.json()["title"]) == (status, message)
    assert problem.headers["content-type"] == "application/problem+json"


def test_a_response_of_its_own_has_its_status_and_mapped_headers(api):
    answer = api.call("POST", "/text", data="x", headers={"Content-Type": "text/plain", "A": "me"})

    assert (answer.status_code, answer.headers["x-agent"]) == (422, "me")
    assert answer.headers["x-request"] == answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("path", "status", "kind"), [("/broken", 500, "DEFAULT_5XX"), ("/away", 504, "INTEGRATION_FAILURE")]
)
def test_failures_behind_the_gateway_are_problems_too(api, path, status, kind):
    answer = api.call("GET", path)

    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_10_mb_is_refused(plain):
    assert plain.call("POST", "/orders", data=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_an_api_key_is_needed_that_is_enabled_and_in_a_plan_of_the_stage(aws, plain):
    def status(value):
        return plain.call("GET", "/keyed", headers={"x-api-key": value}).status_code

    stray = plain.client.create_api_key(name=unique("key"), enabled=True)["value"]

    assert status(plain.key()) == 200
    assert [status(stray), status(plain.key(enabled=False)), status("forged")] == [403, 403, 403]


def test_a_usage_plans_limit_answers_429(api):
    key = {"x-api-key": api.key(throttle={"burstLimit": 1, "rateLimit": 0.001})}
    first, second = (api.call("GET", "/keyed", headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert (second.json()["title"], second.headers["retry-after"]) == ("Too Many Requests", "7")


def test_a_quota_answers_429(plain):
    key = {"x-api-key": plain.key(quota={"limit": 1, "period": "DAY"})}
    first, second = (plain.call("GET", "/keyed", headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json() == {"message": "Limit Exceeded"}


@pytest.mark.parametrize("path", ["~1slow~1{id}/GET", "slow~1{id}/GET"])
def test_a_methods_limit_holds_for_that_method_only(aws, local_aws, path):
    api = Api(aws, local_aws)
    api.deploy()
    api.patch((f"/{path}/throttling/burstLimit", "2"), (f"/{path}/throttling/rateLimit", "0.001"))

    assert [api.call("GET", f"/slow/{n}").status_code for n in range(3)] == [200, 200, 429]
    assert [api.call("PUT", f"/slow/{n}").status_code for n in range(3)] == [200, 200, 200]


def test_a_stages_limit_holds_for_each_method_without_one_of_its_own(aws, local_aws):
    api = Api(aws, local_aws)
    api.deploy()
    api.patch(
        ("/*/*/throttling/burstLimit", "1"),
        ("/*/*/throttling/rateLimit", "0.001"),
        ("/~1slow~1{id}/GET/throttling/burstLimit", "2"),
        ("/~1slow~1{id}/GET/throttling/rateLimit", "0.001"),
    )

    assert [api.call("PUT", "/slow/1").status_code for _ in range(2)] == [200, 429]
    assert [api.call("GET", "/slow/1").status_code for _ in range(3)] == [200, 200, 429]
