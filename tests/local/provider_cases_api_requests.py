"""Cases of API Gateway: what requests are held against, who may send them, and how they are refused."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import World, case, unique
from tests.local.provider_cases_api import REGION, rest_api

ANOTHER_API = {"restApi": "another"}
SCHEMA = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["title"]}


def _model(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_model(restApiId=inputs["restApi"], modelName=inputs["name"])
    return [found["id"] == id_, found["contentType"], found["description"], json.loads(found["schema"])]


@case(
    "aws:apigateway/model:Model",
    seen=_model,
    expected=lambda given: [True, "application/json", "A picture", SCHEMA],
    update=lambda given: {**given, "description": "A poster", "schema": json.dumps({**SCHEMA, "required": []})},
    replace={"name": "Another"},
)
def model(world: World) -> dict[str, Any]:
    return {
        "restApi": rest_api(world).id,
        "name": "Picture",
        "contentType": "application/json",
        "description": "A picture",
        "schema": json.dumps(SCHEMA),
        "region": REGION,
    }


def _validator(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_request_validator(restApiId=inputs["restApi"], requestValidatorId=id_)
    return [found["name"], found["validateRequestBody"], found["validateRequestParameters"]]


@case(
    "aws:apigateway/requestValidator:RequestValidator",
    seen=_validator,
    expected=lambda given: [given["name"], True, True],
    update=lambda given: {**given, "name": unique("renamed"), "validateRequestParameters": False},
    replace=ANOTHER_API,
)
def request_validator(world: World) -> dict[str, Any]:
    both = {"validateRequestBody": True, "validateRequestParameters": True}
    return {"restApi": rest_api(world).id, "name": unique("validator"), **both, "region": REGION}


def _gateway_response(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_gateway_response(restApiId=inputs["restApiId"], responseType="BAD_REQUEST_BODY")
    return [found["statusCode"], found["responseParameters"], found["responseTemplates"], found["defaultResponse"]]


@case(
    "aws:apigateway/response:Response",
    seen=_gateway_response,
    expected=lambda given: ["422", given["responseParameters"], given["responseTemplates"], False],
    update=lambda given: {**given, "statusCode": "400", "responseTemplates": {"application/json": "{}"}},
    replace={"responseType": "THROTTLED"},
)
def gateway_response(world: World) -> dict[str, Any]:
    return {
        "restApiId": rest_api(world).id,
        "responseType": "BAD_REQUEST_BODY",
        "statusCode": "422",
        "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        "responseTemplates": {"application/json": '{"id": "$context.requestId"}'},
        "region": REGION,
    }


def _authorizer(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_authorizer(restApiId=inputs["restApi"], authorizerId=id_)
    names = ("name", "type", "providerARNs", "identitySource", "authorizerResultTtlInSeconds")
    return [found[name] for name in names]


def _with_second_pool(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "name": unique("renamed"), "providerArns": given["providerArns"][1:]}


@case(
    "aws:apigateway/authorizer:Authorizer",
    seen=_authorizer,
    expected=lambda given: [
        given["name"],
        "COGNITO_USER_POOLS",
        given["providerArns"],
        "method.request.header.X-Token",
        60,
    ],
    update=lambda given: {
        **_with_second_pool(given),
        "identitySource": "method.request.header.Authorization",
        "authorizerResultTtlInSeconds": 0,
    },
    replace=ANOTHER_API,
)
def authorizer(world: World) -> dict[str, Any]:
    return {
        "restApi": rest_api(world).id,
        "name": unique("users"),
        "type": "COGNITO_USER_POOLS",
        "providerArns": [world.make("aws:cognito/userPool:UserPool").outputs["arn"] for _ in range(2)],
        "identitySource": "method.request.header.X-Token",
        "authorizerResultTtlInSeconds": 60,
        "region": REGION,
    }


CASES = [model, request_validator, gateway_response, authorizer]
