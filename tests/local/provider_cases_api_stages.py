"""Cases of API Gateway: stages, keys and plans."""

from __future__ import annotations

import json
from typing import Any

from tests.local.provider_cases import ACCOUNT, TAGS, World, case, document, unique
from tests.local.provider_cases_api import REGION, integrated

LOG = json.dumps({"id": "$context.requestId", "status": "$context.status"})


def _arn(path_: str) -> str:
    return f"arn:aws:apigateway:{REGION}::/{path_}"


def _log_group(name: str) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def deployment_of(world: World, named: dict[str, str], **inputs: Any) -> str:
    return world.make("aws:apigateway/deployment:Deployment", restApi=named["restApi"], **inputs).id


def staged(world: World) -> dict[str, str]:
    """An API with a mock at POST /pictures, and its stage."""
    named = integrated(world)
    stage = {"restApi": named["restApi"], "stageName": "prod"}
    world.make("aws:apigateway/stage:Stage", **stage, deployment=deployment_of(world, named))
    return stage


def _deployment(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    return aws("apigateway").get_deployment(restApiId=inputs["restApi"], deploymentId=id_)["description"]


@case(
    "aws:apigateway/deployment:Deployment",
    seen=_deployment,
    expected=lambda given: "First",
    update=lambda given: {**given, "description": "Second"},
    replace={"triggers": {"routes": "2"}},
)
def deployment(world: World) -> dict[str, Any]:
    api = integrated(world)["restApi"]
    return {"restApi": api, "description": "First", "triggers": {"routes": "1"}, "region": REGION}


def _stage(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    api, name = inputs["restApi"], inputs["stageName"]
    found = aws("apigateway").get_stage(restApiId=api, stageName=name)
    names = ("deploymentId", "description", "variables", "tracingEnabled", "accessLogSettings")
    tags = aws("apigateway").get_tags(resourceArn=_arn(f"restapis/{api}/stages/{name}"))["tags"]
    return [*(found[key] for key in names), tags]


@case(
    "aws:apigateway/stage:Stage",
    seen=_stage,
    expected=lambda given: [
        given["deployment"],
        "Production",
        {"backend": "blue", "size": "2"},
        True,
        {"destinationArn": _log_group("/api"), "format": LOG},
        TAGS,
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("description", "accessLogSettings")},
        "variables": {"backend": "green"},
        "xrayTracingEnabled": False,
        "tags": {"owner": "me"},
    },
    replace={"stageName": "test"},
)
def stage(world: World) -> dict[str, Any]:
    named = integrated(world)
    return {
        "restApi": named["restApi"],
        "stageName": "prod",
        "deployment": deployment_of(world, named),
        "description": "Production",
        "accessLogSettings": {"destinationArn": _log_group("/api"), "format": LOG},
        "variables": {"backend": "blue", "size": "2"},
        "xrayTracingEnabled": True,
        "cacheClusterEnabled": False,
        "region": REGION,
        "tags": TAGS,
    }


def _method_settings(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_stage(restApiId=inputs["restApi"], stageName=inputs["stageName"])
    settings = found["methodSettings"]["pictures/POST"]
    names = ("metricsEnabled", "loggingLevel", "dataTraceEnabled", "throttlingBurstLimit", "throttlingRateLimit")
    return [settings[name] for name in names]


@case(
    "aws:apigateway/methodSettings:MethodSettings",
    seen=_method_settings,
    expected=lambda given: [True, "ERROR", True, 20, 10.5],
    update=lambda given: {
        **given,
        "settings": {"metricsEnabled": False, "throttlingBurstLimit": 4, "throttlingRateLimit": 2},
    },
    replace={"methodPath": "*/*"},
)
def method_settings(world: World) -> dict[str, Any]:
    settings = {
        "metricsEnabled": True,
        "loggingLevel": "ERROR",
        "dataTraceEnabled": True,
        "throttlingBurstLimit": 20,
        "throttlingRateLimit": 10.5,
    }
    return {**staged(world), "methodPath": "pictures/POST", "settings": settings, "region": REGION}


def _api_key(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_api_key(apiKey=id_, includeValue=True)
    tags = aws("apigateway").get_tags(resourceArn=_arn(f"apikeys/{id_}"))["tags"]
    return [found["name"], found["description"], found["enabled"], found["value"], tags]


@case(
    "aws:apigateway/apiKey:ApiKey",
    seen=_api_key,
    expected=lambda given: [given["name"], "Of the origin", True, given["value"], TAGS],
    update=lambda given: {**given, "description": "Of a client", "enabled": False, "tags": {"owner": "me"}},
    replace={"value": "another-value-of-a-key"},
)
def api_key(world: World) -> dict[str, Any]:
    return {
        "name": unique("key"),
        "description": "Of the origin",
        "enabled": True,
        "value": f"a-key-that-is-long-enough-{unique('x')}",
        "region": REGION,
        "tags": TAGS,
    }


def _usage_plan(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_usage_plan(usagePlanId=id_)
    tags = aws("apigateway").get_tags(resourceArn=_arn(f"usageplans/{id_}"))["tags"]
    return [*(found[name] for name in ("name", "description", "apiStages", "quota", "throttle")), tags]


@case(
    "aws:apigateway/usagePlan:UsagePlan",
    seen=_usage_plan,
    expected=lambda given: [
        given["name"],
        "Clients",
        [
            {
                "apiId": given["apiStages"][0]["apiId"],
                "stage": "prod",
                "throttle": {"/pictures/POST": {"burstLimit": 2, "rateLimit": 1.5}},
            }
        ],
        {"limit": 1000, "offset": 2, "period": "WEEK"},
        {"burstLimit": 20, "rateLimit": 10.0},
        TAGS,
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "quotaSettings"},
        "name": unique("renamed"),
        "apiStages": [
            {
                **given["apiStages"][0],
                "throttles": [{"path": "/pictures/POST", "burstLimit": 4, "rateLimit": 3}],
            }
        ],
        "throttleSettings": {"burstLimit": 40, "rateLimit": 20},
        "tags": {"owner": "me"},
    },
)
def usage_plan(world: World) -> dict[str, Any]:
    stage_ = staged(world)
    throttles = [{"path": "/pictures/POST", "burstLimit": 2, "rateLimit": 1.5}]
    return {
        "name": unique("plan"),
        "description": "Clients",
        "apiStages": [{"apiId": stage_["restApi"], "stage": "prod", "throttles": throttles}],
        "quotaSettings": {"limit": 1000, "offset": 2, "period": "WEEK"},
        "throttleSettings": {"burstLimit": 20, "rateLimit": 10},
        "region": REGION,
        "tags": TAGS,
    }


def _usage_plan_key(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("apigateway").get_usage_plan_key(usagePlanId=inputs["usagePlanId"], keyId=id_)
    return [found["id"], found["type"]]


@case(
    "aws:apigateway/usagePlanKey:UsagePlanKey",
    seen=_usage_plan_key,
    expected=lambda given: [given["keyId"], "API_KEY"],
    replace={"keyId": "another"},
)
def usage_plan_key(world: World) -> dict[str, Any]:
    return {
        "keyId": world.make("aws:apigateway/apiKey:ApiKey").id,
        "keyType": "API_KEY",
        "usagePlanId": world.make("aws:apigateway/usagePlan:UsagePlan").id,
        "region": REGION,
    }


LOGS_ANYTHING = {
    "Effect": "Allow",
    "Action": [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    ],
    "Resource": "*",
}
ASSUMED_BY_GATEWAY = document(
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "apigateway.amazonaws.com"}}
)


def log_role(world: World) -> str:
    role = world.make("aws:iam/role:Role", assumeRolePolicy=ASSUMED_BY_GATEWAY)
    world.make("aws:iam/rolePolicy:RolePolicy", role=role.id, policy=document(LOGS_ANYTHING))
    return role.outputs["arn"]


@case(
    "aws:apigateway/account:Account",
    seen=lambda aws, id_, inputs: aws("apigateway").get_account()["cloudwatchRoleArn"],
    expected=lambda given: given["cloudwatchRoleArn"],
    update=lambda given: {**given, "cloudwatchRoleArn": ""},
)
def account(world: World) -> dict[str, Any]:
    return {"cloudwatchRoleArn": log_role(world), "region": REGION}


CASES = [
    account,
    deployment,
    stage,
    method_settings,
    api_key,
    usage_plan,
    usage_plan_key,
]
