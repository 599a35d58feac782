"""Cases of API Gateway: APIs, methods and what stands behind them."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import ACCOUNT, TAGS, World, case, document, unique

ROLE = f"arn:aws:iam::{ACCOUNT}:role/route"
TRUSTED = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
REGION = "us-east-1"


def rest_api(world: World) -> Any:
    return world.make("aws:apigateway/restApi:RestApi")


def path(world: World, part: str = "pictures") -> dict[str, str]:
    """A path of an API of its own: `restApi` and `resourceId`."""
    api = rest_api(world)
    parts = {"restApi": api.id, "parentId": api.outputs["rootResourceId"], "pathPart": part}
    return {"restApi": api.id, "resourceId": world.make("aws:apigateway/resource:Resource", **parts).id}


def method(world: World, **inputs: Any) -> dict[str, str]:
    """A method of an API of its own: what names it."""
    named = {**path(world), "httpMethod": "POST"}
    world.make("aws:apigateway/method:Method", **named, **{"authorization": "NONE", **inputs})
    return named


def integrated(world: World) -> dict[str, str]:
    """A method with a mock behind it."""
    named = method(world)
    world.make("aws:apigateway/integration:Integration", **named, type="MOCK")
    return named


def model(world: World, api: str, name: str = "Picture") -> str:
    parts = {"restApi": api, "name": name, "contentType": "application/json", "schema": "{}"}
    world.make("aws:apigateway/model:Model", **parts)
    return name


def where(inputs: dict[str, Any], *more: str) -> dict[str, str]:
    """The parameters of boto3 that name a method or a part of it."""
    names = {"restApi": "restApiId", "resourceId": "resourceId", "httpMethod": "httpMethod", "statusCode": "statusCode"}
    return {names[name]: inputs[name] for name in ("restApi", "resourceId", "httpMethod", *more)}


def _rest_api(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    api = aws("apigateway").get_rest_api(restApiId=id_)
    return {
        "plain": [api[name] for name in ("name", "description", "binaryMediaTypes", "minimumCompressionSize")],
        "endpoint": api["endpointConfiguration"],
        "policy": json.loads(json.loads(f'"{api["policy"]}"')),
        "tags": aws("apigateway").get_tags(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{id_}")["tags"],
    }


@case(
    "aws:apigateway/restApi:RestApi",
    seen=_rest_api,
    expected=lambda given: {
        "plain": [given["name"], "Pictures", ["image/png", "image/webp"], 1024],
        "endpoint": {"types": ["REGIONAL"], "ipAddressType": "dualstack"},
        "policy": json.loads(given["policy"]),
        "tags": TAGS,
    },
    update=lambda given: {
        **given,
        "name": unique("renamed"),
        "description": "Posters",
        "binaryMediaTypes": ["image/png", "image/avif"],
        "minimumCompressionSize": "0",
        "endpointConfiguration": {"types": "EDGE", "ipAddressType": "ipv4"},
        "policy": document({**TRUSTED, "Resource": "execute-api:/prod/*"}),
        "tags": {"owner": "me"},
    },
    replace={"region": "eu-west-1"},
)
def api(world: World) -> dict[str, Any]:
    return {
        "name": unique("api"),
        "description": "Pictures",
        "binaryMediaTypes": ["image/png", "image/webp"],
        "minimumCompressionSize": "1024",
        "endpointConfiguration": {"types": "REGIONAL", "ipAddressType": "dualstack"},
        "policy": document(TRUSTED),
        "region": REGION,
        "tags": TAGS,
    }


@case(
    "aws:apigateway/resource:Resource",
    seen=lambda aws, id_, given: aws("apigateway").get_resource(restApiId=given["restApi"], resourceId=id_)["path"],
    expected=lambda given: "/{id}",
    update=lambda given: {**given, "pathPart": "posters"},
    replace={"restApi": "another"},
)
def resource(world: World) -> dict[str, Any]:
    made = rest_api(world)
    root = made.outputs["rootResourceId"]
    return {"restApi": made.id, "parentId": root, "pathPart": "{id}", "region": REGION}


METHOD = ("authorizationType", "authorizerId", "authorizationScopes", "apiKeyRequired", "operationName")


def _method(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_method(**where(inputs))
    names = (*METHOD, "requestModels", "requestParameters", "requestValidatorId")
    return [found[name] for name in names]


@case(
    "aws:apigateway/method:Method",
    seen=_method,
    expected=lambda given: [
        "COGNITO_USER_POOLS",
        given["authorizerId"],
        ["pictures/write"],
        True,
        "upload",
        {"application/json": "Picture"},
        {"method.request.header.Idempotency-Key": True, "method.request.querystring.size": False},
        given["requestValidatorId"],
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("authorizerId", "operationName")},
        "authorization": "AWS_IAM",
        "authorizationScopes": [],
        "apiKeyRequired": False,
        "requestModels": {"application/json": "Empty", "image/png": "Empty"},
        "requestParameters": {"method.request.querystring.size": True},
    },
    replace={"httpMethod": "PUT"},
)
def method_case(world: World) -> dict[str, Any]:
    named = {**path(world), "httpMethod": "POST"}
    inside = {"restApi": named["restApi"]}
    pool = world.make("aws:cognito/userPool:UserPool").outputs["arn"]
    users = {"type": "COGNITO_USER_POOLS", "providerArns": [pool]}
    return {
        **named,
        "authorization": "COGNITO_USER_POOLS",
        "authorizerId": world.make("aws:apigateway/authorizer:Authorizer", **inside, **users).id,
        "authorizationScopes": ["pictures/write"],
        "apiKeyRequired": True,
        "operationName": "upload",
        "requestModels": {"application/json": model(world, named["restApi"])},
        "requestParameters": {
            "method.request.header.Idempotency-Key": True,
            "method.request.querystring.size": False,
        },
        "requestValidatorId": world.make("aws:apigateway/requestValidator:RequestValidator", **inside).id,
        "region": REGION,
    }


def _method_response(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_method_response(**where(inputs, "statusCode"))
    return [found["statusCode"], found["responseModels"], found["responseParameters"]]


@case(
    "aws:apigateway/methodResponse:MethodResponse",
    seen=_method_response,
    expected=lambda given: ["202", {"application/json": "Picture"}, {"method.response.header.Location": True}],
    update=lambda given: {
        **given,
        "responseModels": {"application/problem+json": "Error"},
        "responseParameters": {"method.response.header.Location": False, "method.response.header.Retry-After": True},
    },
    replace={"resourceId": "another"},
)
def method_response(world: World) -> dict[str, Any]:
    named = method(world)
    return {
        **named,
        "statusCode": "202",
        "responseModels": {"application/json": model(world, named["restApi"])},
        "responseParameters": {"method.response.header.Location": True},
        "region": REGION,
    }


def _integration(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_integration(**where(inputs))
    names = ("type", "uri", "credentials", "httpMethod", "passthroughBehavior", "timeoutInMillis")
    return [*(found[name] for name in names), found["requestParameters"], found["requestTemplates"]]


@case(
    "aws:apigateway/integration:Integration",
    seen=_integration,
    expected=lambda given: [
        "AWS",
        given["uri"],
        ROLE,
        "POST",
        "NEVER",
        1500,
        given["requestParameters"],
        given["requestTemplates"],
    ],
    update=lambda given: {
        **given,
        "uri": f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/others",
        "requestParameters": {"integration.request.header.X-Size": "method.request.querystring.size"},
        "requestTemplates": {"application/json": "Action=SendMessage", "text/plain": "$input.body"},
        "timeoutMilliseconds": 2000,
    },
    replace={"passthroughBehavior": "WHEN_NO_TEMPLATES"},
)
def integration(world: World) -> dict[str, Any]:
    return {
        **method(world, requestParameters={"method.request.querystring.size": False}),
        "type": "AWS",
        "uri": f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/pictures",
        "credentials": ROLE,
        "integrationHttpMethod": "POST",
        "passthroughBehavior": "NEVER",
        "requestParameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
        "timeoutMilliseconds": 1500,
        "region": REGION,
    }


def _integration_response(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_integration_response(**where(inputs, "statusCode"))
    return [found["selectionPattern"], found["responseParameters"], found["responseTemplates"]]


@case(
    "aws:apigateway/integrationResponse:IntegrationResponse",
    seen=_integration_response,
    expected=lambda given: [
        "5\\d{2}",
        {"method.response.header.Retry-After": "'1'"},
        {"application/json": '{"status": 503}'},
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "selectionPattern"},
        "responseParameters": {"method.response.header.Retry-After": "'2'"},
        "responseTemplates": {"application/json": '{"status": 500}'},
    },
    replace={"httpMethod": "PUT"},
)
def integration_response(world: World) -> dict[str, Any]:
    named = integrated(world)
    declared = {"statusCode": "503", "responseParameters": {"method.response.header.Retry-After": False}}
    world.make("aws:apigateway/methodResponse:MethodResponse", **named, **declared)
    return {
        **named,
        "statusCode": "503",
        "selectionPattern": "5\\d{2}",
        "responseParameters": {"method.response.header.Retry-After": "'1'"},
        "responseTemplates": {"application/json": '{"status": 503}'},
        "region": REGION,
    }


CASES = [api, resource, method_case, method_response, integration, integration_response]
