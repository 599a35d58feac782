"""What AWS refuses of an API and the local AWS takes: the provider refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from local.provider.errors import ProviderError
from local.wire import Secret
from tests.local.provider_cases import ACCOUNT, World
from tests.local.provider_cases_api import ROLE, integrated, method, path, rest_api
from tests.local.provider_cases_api_stages import staged
from tests.local.provider_driver import Driver

pytestmark = pytest.mark.local
METHOD = {"restApi": "a", "resourceId": "r", "httpMethod": "POST"}
QUEUE = f"arn:aws:apigateway:us-east-1:sqs:path/{ACCOUNT}/pictures"
FUNCTION = (
    f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
)
BACKEND = {"integrationHttpMethod": "POST", "credentials": ROLE}
STAGE = {"restApi": "a", "stageName": "prod", "deployment": "d"}
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/api"


@pytest.mark.parametrize(
    ("kind", "inputs", "property_"),
    [
        ("restApi:RestApi", {"body": "{}"}, "body"),
        ("restApi:RestApi", {"endpointConfiguration": {"types": "PRIVATE"}}, "endpointConfiguration.types"),
        ("restApi:RestApi", {"minimumCompressionSize": "10485761"}, "minimumCompressionSize"),
        ("resource:Resource", {"restApi": "a", "parentId": "p", "pathPart": "a/b"}, "pathPart"),
        ("method:Method", METHOD, "authorization"),
        ("method:Method", {**METHOD, "authorization": "COGNITO_USER_POOLS"}, "authorizerId"),
        ("method:Method", {**METHOD, "authorization": "AWS_IAM", "authorizationScopes": ["x"]}, "authorizationScopes"),
        ("method:Method", {**METHOD, "authorization": "NONE", "requestParameters": {"x": True}}, "requestParameters"),
        ("integration:Integration", {**METHOD, "type": "HTTP_PROXY", "integrationHttpMethod": "ANY"}, "uri"),
        ("integration:Integration", {**METHOD, **BACKEND, "type": "AWS", "uri": "arn:aws:sqs:us-east-1::q"}, "uri"),
        ("integration:Integration", {**METHOD, **BACKEND, "type": "AWS_PROXY", "uri": QUEUE}, "uri"),
        (
            "integration:Integration",
            {**METHOD, "type": "AWS", "integrationHttpMethod": "POST", "uri": QUEUE},
            "credentials",
        ),
        (
            "integration:Integration",
            {**METHOD, "type": "AWS_PROXY", "integrationHttpMethod": "GET", "uri": f"{FUNCTION}/invocations"},
            "integrationHttpMethod",
        ),
        ("integration:Integration", {**METHOD, "type": "MOCK", "timeoutMilliseconds": 29001}, "timeoutMilliseconds"),
        ("integration:Integration", {**METHOD, "type": "MOCK", "connectionType": "VPC_LINK"}, "connectionType"),
        ("integrationResponse:IntegrationResponse", {**METHOD, "statusCode": "600"}, "statusCode"),
        (
            "integrationResponse:IntegrationResponse",
            {**METHOD, "statusCode": "200", "selectionPattern": "(" * 2},
            "selectionPattern",
        ),
        ("model:Model", {"restApi": "a", "name": "a-b", "contentType": "application/json"}, "name"),
        ("authorizer:Authorizer", {"restApi": "a"}, "type"),
        ("authorizer:Authorizer", {"restApi": "a", "type": "COGNITO_USER_POOLS"}, "providerArns"),
        ("deployment:Deployment", {"restApi": "a", "variables": {"a": "b"}}, "variables"),
        ("stage:Stage", {**STAGE, "variables": {"a": "b c"}}, "variables"),
        (
            "stage:Stage",
            {**STAGE, "accessLogSettings": {"destinationArn": LOGS, "format": "$context.status"}},
            "accessLogSettings.format",
        ),
        ("stage:Stage", {**STAGE, "cacheClusterEnabled": True}, "cacheClusterEnabled"),
        (
            "methodSettings:MethodSettings",
            {"restApi": "a", "stageName": "s", "methodPath": "a/b/GET", "settings": {}},
            "methodPath",
        ),
        (
            "methodSettings:MethodSettings",
            {"restApi": "a", "stageName": "s", "methodPath": "*/*", "settings": {"throttlingRateLimit": 1}},
            "settings",
        ),
        ("apiKey:ApiKey", {"value": "x" * 19}, "value"),
        ("apiKey:ApiKey", {"value": "x" * 129}, "value"),
        (
            "usagePlan:UsagePlan",
            {"quotaSettings": {"limit": 1, "period": "DAY", "offset": 1}},
            "quotaSettings.offset",
        ),
    ],
)
def test_check_answers_what_is_wrong_with_an_api(
    provider: Driver, kind: str, inputs: dict[str, Any], property_: str
) -> None:
    assert property_ in provider.of(f"aws:apigateway/{kind}").check(inputs).failures


def test_an_api_without_methods_is_not_deployed(world: World) -> None:
    with pytest.raises(ProviderError, match="The REST API doesn't contain any methods"):
        world.make("aws:apigateway/deployment:Deployment", restApi=rest_api(world).id)


def test_a_method_without_integration_is_not_deployed(world: World) -> None:
    api = method(world)["restApi"]

    with pytest.raises(ProviderError, match="No integration defined for method: /pictures/POST"):
        world.make("aws:apigateway/deployment:Deployment", restApi=api)


def test_a_deployment_that_a_stage_serves_is_not_deleted(provider: Driver, world: World) -> None:
    kind = provider.of("aws:apigateway/deployment:Deployment")
    state = kind.create({"restApi": integrated(world)["restApi"]})
    named = {"restApi": state.inputs["restApi"], "stageName": "prod"}
    world.make("aws:apigateway/stage:Stage", **named, deployment=state.id)

    with pytest.raises(ProviderError, match="Active stages pointing to this deployment"):
        kind.delete(state)


@pytest.mark.parametrize(
    ("token", "named", "problem"),
    [
        ("stage:Stage", {"deployment": "d"}, "Stage already exists"),
        ("methodSettings:MethodSettings", {"methodPath": "films/GET", "settings": {}}, "Invalid method setting path"),
    ],
)
def test_a_stage_is_held_against_what_is_there(world: World, token: str, named: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        world.make(f"aws:apigateway/{token}", **staged(world), **named)


def test_a_plan_for_a_stage_that_is_not_there_is_refused(world: World) -> None:
    api = rest_api(world).id

    with pytest.raises(ProviderError, match=f"API Stage not found: {api}:prod"):
        world.make("aws:apigateway/usagePlan:UsagePlan", apiStages=[{"apiId": api, "stage": "prod"}])


def test_a_key_that_is_not_there_joins_no_plan(world: World) -> None:
    plan = world.make("aws:apigateway/usagePlan:UsagePlan").id

    with pytest.raises(ProviderError, match="Invalid API Key identifier specified: nobody"):
        parts = {"keyId": "nobody", "keyType": "API_KEY", "usagePlanId": plan}
        world.make("aws:apigateway/usagePlanKey:UsagePlanKey", **parts)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"requestModels": {"application/json": "Film"}}, "Invalid model identifier specified: Film"),
        ({"requestValidatorId": "nobody"}, "Invalid Request Validator identifier specified"),
        ({"authorization": "CUSTOM", "authorizerId": "nobody"}, "Invalid authorizer ID specified"),
    ],
)
def test_a_method_refers_to_what_its_api_has(world: World, wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        method(world, **wrong)


def test_a_second_variable_beside_one_and_a_path_below_a_greedy_one_are_refused(world: World) -> None:
    greedy = path(world, "{rest+}")
    inside = {"restApi": greedy["restApi"]}

    with pytest.raises(ProviderError, match="greedy path variable"):
        world.make("aws:apigateway/resource:Resource", **inside, parentId=greedy["resourceId"], pathPart="x")
    api = rest_api(world)
    sibling = {"restApi": api.id, "parentId": api.outputs["rootResourceId"]}
    world.make("aws:apigateway/resource:Resource", **sibling, pathPart="{id}")
    with pytest.raises(ProviderError, match=r"sibling \(\{id\}\)"):
        world.make("aws:apigateway/resource:Resource", **sibling, pathPart="{key}")


def test_a_parameter_that_the_method_does_not_declare_reaches_no_integration(world: World) -> None:
    undeclared = {"integration.request.header.X-Size": "method.request.querystring.size"}

    with pytest.raises(ProviderError, match="which the method doesn't declare"):
        world.make("aws:apigateway/integration:Integration", **method(world), type="MOCK", requestParameters=undeclared)


def test_an_answer_needs_a_response_of_the_method(world: World) -> None:
    with pytest.raises(ProviderError, match="the method has no response 200"):
        world.make("aws:apigateway/integrationResponse:IntegrationResponse", **integrated(world), statusCode="200")


def test_an_integration_is_deleted_before_it_is_replaced(provider: Driver, world: World) -> None:
    kind = provider.of("aws:apigateway/integration:Integration")
    inputs = {**method(world), "type": "MOCK"}
    state = kind.create(inputs)
    planned = kind.diff(state, {**inputs, "type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": "http://a.b"})

    assert planned.deleteBeforeReplace
    assert set(planned.replaces) == {"type", "integrationHttpMethod"}


def test_keys_and_client_secrets_are_secret_outputs(world: World) -> None:
    key = world.make("aws:apigateway/apiKey:ApiKey")
    plan = world.make("aws:apigateway/usagePlan:UsagePlan").id
    parts = {"keyId": key.id, "keyType": "API_KEY", "usagePlanId": plan}
    pool = world.make("aws:cognito/userPool:UserPool").id
    client = {"userPoolId": pool, "generateSecret": True}

    assert isinstance(key.outputs["value"], Secret) and len(key.outputs["value"].value) >= 20
    assert world.make("aws:apigateway/usagePlanKey:UsagePlanKey", **parts).outputs["value"] == key.outputs["value"]
    secret = world.make("aws:cognito/userPoolClient:UserPoolClient", **client).outputs["clientSecret"]
    assert isinstance(secret, Secret) and secret.value


def test_outputs_have_the_form_of_aws(world: World) -> None:
    api = rest_api(world)
    stage = staged(world)
    pool = world.make("aws:cognito/userPool:UserPool")
    served = world.make(
        "aws:apigateway/stage:Stage",
        restApi=stage["restApi"],
        stageName="test",
        deployment=world.make("aws:apigateway/deployment:Deployment", restApi=stage["restApi"]).id,
    ).outputs

    assert api.outputs["executionArn"] == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api.id}"
    assert api.outputs["arn"] == f"arn:aws:apigateway:us-east-1::/restapis/{api.id}"
    assert served["invokeUrl"] == f"https://{stage['restApi']}.execute-api.us-east-1.amazonaws.com/test"
    assert served["executionArn"] == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{stage['restApi']}/test"
    assert pool.outputs["arn"] == f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/{pool.id}"
    assert pool.outputs["endpoint"] == f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
