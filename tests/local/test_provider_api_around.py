"""What AWS refuses of users, pages and alarms and the local AWS takes: the provider refuses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.provider.errors import ProviderError
from tests.local.provider_cases import World, unique
from tests.local.provider_cases_api_front import ALARM, REWRITE
from tests.local.provider_cases_edge import distribution
from tests.local.provider_driver import Driver

pytestmark = pytest.mark.local
CLIENT = {"userPoolId": "p", "name": "c", "allowedOauthFlowsUserPoolClient": True, "allowedOauthScopes": ["openid"]}


def board(**widget: Any) -> dict[str, Any]:
    return {"dashboardName": "board", "dashboardBody": json.dumps({"widgets": [widget]})}


@pytest.mark.parametrize(
    ("token", "inputs", "property_"),
    [
        ("aws:cognito/userPool:UserPool", {"mfaConfiguration": "ON"}, "mfaConfiguration"),
        ("aws:cognito/userPool:UserPool", {"schemas": []}, "schemas"),
        ("aws:cognito/userPoolDomain:UserPoolDomain", {"domain": "my-cognito", "userPoolId": "p"}, "domain"),
        (
            "aws:cognito/userPoolClient:UserPoolClient",
            {**CLIENT, "allowedOauthFlows": ["client_credentials"]},
            "generateSecret",
        ),
        (
            "aws:cognito/userPoolClient:UserPoolClient",
            {**CLIENT, "generateSecret": True, "allowedOauthFlows": ["client_credentials", "code"]},
            "allowedOauthFlows",
        ),
        ("aws:cognito/userPoolClient:UserPoolClient", {**CLIENT, "allowedOauthFlows": ["code"]}, "callbackUrls"),
        ("aws:cognito/userPoolClient:UserPoolClient", {**CLIENT, "accessTokenValidity": 25}, "accessTokenValidity"),
        (
            "aws:cloudfront/function:Function",
            {"code": "x" * 10_241, "runtime": "cloudfront-js-2.0"},
            "code",
        ),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "key": "/k"}, "key"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "key": "k", "metadata": {"A": "b"}}, "metadata"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"bucket": "b", "key": "k", "source": "index.html"}, "source"),
        ("aws:cloudwatch/dashboard:Dashboard", board(type="picture"), "dashboardBody"),
        ("aws:cloudwatch/dashboard:Dashboard", board(type="text", properties={}, width=25), "dashboardBody"),
        ("aws:cloudwatch/dashboard:Dashboard", board(type="alarm", properties={"alarms": []}), "dashboardBody"),
        (
            "aws:cloudwatch/dashboard:Dashboard",
            board(type="metric", properties={"metrics": [["A", "B"]]}),
            "dashboardBody",
        ),
        (
            "aws:cloudwatch/dashboard:Dashboard",
            board(type="metric", properties={"region": "us-east-1"}),
            "dashboardBody",
        ),
        (
            "aws:cloudwatch/dashboard:Dashboard",
            board(type="metric", properties={"region": "us-east-1", "metrics": [["A", "B", "Name"]]}),
            "dashboardBody",
        ),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {**ALARM, "statistic": "Sum", "period": 45}, "period"),
        (
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            {**ALARM, "statistic": "Sum", "datapointsToAlarm": 4},
            "datapointsToAlarm",
        ),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", ALARM, "statistic"),
    ],
)
def test_check_answers_what_is_wrong_around_an_api(
    provider: Driver, token: str, inputs: dict[str, Any], property_: str
) -> None:
    assert property_ in provider.of(token).check(inputs).failures


def test_a_scope_that_no_resource_server_has_is_refused(world: World) -> None:
    pool = world.make("aws:cognito/userPool:UserPool").id
    flow = {"allowedOauthFlows": ["client_credentials"], "allowedOauthFlowsUserPoolClient": True}

    with pytest.raises(ProviderError, match="Invalid scope requested: pictures/read"):
        world.make(
            "aws:cognito/userPoolClient:UserPoolClient",
            userPoolId=pool,
            generateSecret=True,
            allowedOauthScopes=["pictures/read"],
            **flow,
        )


def test_a_protected_pool_and_one_with_a_domain_are_not_deleted(provider: Driver, world: World) -> None:
    kind = provider.of("aws:cognito/userPool:UserPool")
    state = kind.create({"deletionProtection": "ACTIVE"})

    with pytest.raises(ProviderError, match="deletion protection is activated"):
        kind.delete(state)
    kind.update(state, {"deletionProtection": "INACTIVE"})
    world.make("aws:cognito/userPoolDomain:UserPoolDomain", domain=unique("pictures"), userPoolId=state.id)
    with pytest.raises(ProviderError, match="has a domain configured"):
        kind.delete(state)


def test_a_function_at_the_edge_is_published_before_it_is_used_and_stays_while_it_is(
    provider: Driver, world: World
) -> None:
    kind = provider.of("aws:cloudfront/function:Function", unique("edge"))
    state = kind.create({"code": REWRITE, "runtime": "cloudfront-js-2.0", "publish": False})
    association = {"eventType": "viewer-request", "functionArn": state.outputs["arn"]}
    inputs = distribution.inputs(world)
    behavior = {**inputs["defaultCacheBehavior"], "functionAssociations": [association]}
    used = {**inputs, "defaultCacheBehavior": behavior}

    with pytest.raises(ProviderError, match="InvalidFunctionAssociation"):
        world.make(distribution.token, **used)
    kind.update(state, {"code": REWRITE, "runtime": "cloudfront-js-2.0"})
    world.make(distribution.token, **used)
    with pytest.raises(ProviderError, match="FunctionInUse"):
        kind.delete(state)


def test_an_alarm_that_exists_is_not_written_over(world: World) -> None:
    alarm = {**ALARM, "name": unique("alarm"), "statistic": "Sum"}
    world.make("aws:cloudwatch/metricAlarm:MetricAlarm", **alarm)

    with pytest.raises(ProviderError, match="already exists"):
        world.make("aws:cloudwatch/metricAlarm:MetricAlarm", **alarm)


def test_an_alarm_tells_only_what_is_in_its_region(world: World) -> None:
    alarm = {**ALARM, "name": unique("alarm"), "statistic": "Sum"}
    with pytest.raises(ProviderError, match="Invalid region eu-west-1"):
        world.make(
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            **{**alarm, "alarmActions": ["arn:aws:sns:eu-west-1:000000000000:alarms"]},
        )


@pytest.mark.parametrize(
    ("origin", "property_"),
    [
        ({"originPath": "prod"}, "originPath"),
        ({"originPath": "/prod/"}, "originPath"),
        ({"customHeaders": [{"name": "Host", "value": "a"}]}, "customHeaders"),
        ({"customOriginConfig": None}, "domainName"),
    ],
)
def test_an_origin_that_cloudfront_refuses_is_refused(
    provider: Driver, world: World, origin: dict[str, Any], property_: str
) -> None:
    inputs = distribution.inputs(world)
    bucket, api = inputs["origins"]
    changed = {name: value for name, value in {**api, **origin}.items() if value is not None}

    failures = provider.of(distribution.token).check({**inputs, "origins": [bucket, changed]}).failures

    assert f"origins[1].{property_}" in failures
