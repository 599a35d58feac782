"""What an ApiGatewayPattern registers, and what it refuses before it registers anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from components.api_gateway import (
    ApiGatewayPattern,
    ApiGatewayPatternArgs,
    ApiKey,
    Front,
    HttpProxy,
    Iam,
    Mock,
    Monolith,
    Public,
    Route,
    Scopes,
    SendToQueue,
    defaults,
)
from components.core.pattern import NotYet
from local.settings import REPO
from tests.components import Backends
from tests.recorder import Plan, record

EVERYBODY = Public("a test")
FRONT = Front(REPO / "tests" / "data" / "front")


def route(method: str = "GET", path: str = "/x", auth: Any = EVERYBODY, **more: Any) -> Route:
    return Route(method, path, Mock(), auth, **more)


def plan_of(**arguments: Any) -> Plan:
    return record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(**arguments)))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "there is neither a route nor a monolith"),
    ({"routes": [route(auth=None)]}, "GET /x: say who may call it"),
    ({"routes": [route(auth=Public(" "))]}, "GET /x: Public needs the reason"),
    ({"routes": [route(auth=Scopes("write"))]}, "scopes are written <resource server>/<scope>"),
    ({"routes": [route(auth=Scopes())]}, "scopes are written <resource server>/<scope>"),
    ({"routes": [route("FETCH")]}, "FETCH /x: the method is none of"),
    ({"routes": [route(path="x")]}, "GET x: the path isn't made of"),
    ({"routes": [route(path="/a b")]}, "GET /a b: the path isn't made of"),
    ({"routes": [route(path="/{rest+}/x")]}, "only the last part of the path can take the rest"),
    ({"routes": [route(path="/a/{x}"), route(path="/a/{y}/b")]}, "below /a there are {x} and {y}: give them one name"),
    ({"routes": [route(path="/{x}")], "monolith": Monolith("http://old")}, "below / there are {proxy+} and {x}"),
    ({"routes": [route(), route()]}, "2 routes are GET /x"),
    ({"routes": [route(rate=0)]}, "rate is within 0-10,000"),
    ({"routes": [route(auth=Iam())], "front": FRONT}, "signed for the API's own host, which CloudFront rewrites"),
    ({"routes": [route(auth=ApiKey())], "front": FRONT}, "the origin key takes the place of clients' keys"),
    ({"routes": [route()], "front": Front(Path("/nowhere"))}, "has no index.html"),
    ({"routes": [route()], "front": Front(FRONT.folder, also={"api": FRONT.folder})}, "the front's path 'api'"),
    ({"routes": [route()], "front": Front(FRONT.folder, also={"A b": FRONT.folder})}, "the front's path 'A b'"),
    ({"routes": [route()], "front": Front(FRONT.folder, also={"more": Path("/nowhere")})}, "/nowhere isn't there"),
    ({"monolith": Monolith("old.example.com")}, "is not http:// or https:// and a host"),
    ({"routes": [route()], "origin_key": "c"}, "origin_key='c' is neither 'a' nor 'b'"),
    ({"routes": [route()], "physical_name": "A_B"}, "physical_name('A_B')"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_wrong_arguments_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as refused:
        ApiGatewayPatternArgs(**arguments).check("api")
    assert 'ApiGatewayPattern("api")' in str(refused.value)


@pytest.mark.parametrize(
    "argument",
    [{"domain": "api.example.com"}, {"vpc_endpoint_id": "vpce-1"}, {"waf_arn": "arn:aws:wafv2:::x"}, {"cache_gb": 0.5}],
    ids=lambda argument: next(iter(argument)),
)
def test_what_is_to_come_is_refused_by_name(argument: dict[str, Any]) -> None:
    everything: dict[str, Any] = {"routes": [route()], **argument}
    with pytest.raises(NotYet, match="not available yet"):
        ApiGatewayPatternArgs(**everything).check("api")


def test_each_route_has_a_role_with_exactly_what_its_target_needs() -> None:
    plan = record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=Backends("backends").routes())))
    held = {
        grant["because"]: grant["actions"] for grant in plan.ledger("grants") if grant["because"].startswith("route ")
    }
    assert held == {
        "route POST /jobs": ["sqs:SendMessage"],
        "route POST /orders": ["sqs:SendMessage"],
        "route POST /sales": ["sqs:SendMessage"],
        "route POST /events": ["kinesis:PutRecord"],
        "route POST /news": ["events:PutEvents"],
        "route POST /work": ["states:StartExecution"],
        "route GET /look-up/{id}": ["states:StartSyncExecution"],
        "route GET /items/{id}": ["dynamodb:GetItem"],
        "route POST /forms": ["lambda:InvokeFunction"],
    }
    services = {g["service"] for g in plan.ledger("grants") if g["because"].startswith("route ")}
    assert services == {"apigateway.amazonaws.com"}


def test_no_function_stands_between_the_api_and_its_services() -> None:
    plan = record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=Backends("backends").routes())))
    through = [
        i for i in plan.of_type("aws:apigateway/integration:Integration") if ":lambda:" in i.inputs.get("uri", "")
    ]
    assert [one.name for one in through] == ["api-post-forms"]


def test_the_monolith_takes_what_no_route_claims_and_one_line_moves_a_path() -> None:
    def targets(plan: Plan) -> dict[str, Any]:
        return {i.name: i.inputs.get("uri") for i in plan.of_type("aws:apigateway/integration:Integration")}

    before = targets(plan_of(monolith=Monolith("http://old.example.com/")))
    assert before == {"api-any": "http://old.example.com/", "api-any-proxy": "http://old.example.com/{proxy}"}
    after = targets(plan_of(monolith=Monolith("http://old.example.com/"), routes=[route(path="/orders")]))
    assert after == {**before, "api-get-orders": None, "api-any-orders": "http://old.example.com/orders"}


def test_a_fifo_queue_needs_group_and_deduplication() -> None:
    def program() -> None:
        backends = Backends("backends")
        target = SendToQueue(queue=backends.fifo)
        with pytest.raises(ValueError, match="group and deduplication are for FIFO queues"):
            ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=[Route("POST", "/o", target, EVERYBODY)]))

    record(program)


def test_each_integration_has_one_answer_a_status() -> None:
    plan = record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=Backends("backends").routes())))
    for response in ("integrationResponse:IntegrationResponse", "methodResponse:MethodResponse"):
        made = plan.of_type(f"aws:apigateway/{response}")
        keys = [(one.name.rpartition("-")[0], one.inputs["statusCode"]) for one in made]
        assert len(keys) == len(set(keys)) > 10


def test_behind_a_front_every_method_requires_the_origin_key() -> None:
    plan = plan_of(routes=[route(), route(path="/y", auth=Scopes("a/b"))], front=FRONT)
    methods = plan.of_type("aws:apigateway/method:Method")
    assert len(methods) == 2
    assert all(method.inputs["apiKeyRequired"] for method in methods)
    assert len(plan.of_type("aws:apigateway/usagePlanKey:UsagePlanKey")) == 2
    (distribution,) = plan.of_type("aws:cloudfront/distribution:Distribution")
    (api,) = [origin for origin in distribution.inputs["origins"] if origin["originId"] == "api"]
    assert [header["name"] for header in api["customHeaders"]] == ["x-api-key"]


def test_a_backend_behind_a_proxy_never_sees_a_key_of_the_api() -> None:
    plan = plan_of(routes=[route()], monolith=Monolith("http://old"), front=FRONT)
    proxies = [one for one in plan.of_type("aws:apigateway/integration:Integration") if one.inputs["type"] != "MOCK"]
    assert proxies
    for proxy in proxies:
        assert proxy.inputs["requestParameters"]["integration.request.header.x-api-key"] == "'withheld'"


def test_a_monolith_takes_the_other_methods_and_all_other_paths() -> None:
    routes = [route("POST", "/orders"), route(path="/a/b/{id}"), route("ANY", "/all")]
    made = ApiGatewayPatternArgs(routes=routes, monolith=Monolith("http://old/")).all_routes()
    taken = {one.path: one.target.url for one in made if isinstance(one.target, HttpProxy)}
    paths = ("/", "/{proxy+}", "/orders", "/a", "/a/b", "/a/b/{id}")
    assert taken == {path: f"http://old{path}" for path in paths}


def test_who_claims_the_whole_root_leaves_the_monolith_its_other_methods() -> None:
    routes = [route("GET", "/{rest+}")]
    made = ApiGatewayPatternArgs(routes=routes, monolith=Monolith("http://old")).all_routes()
    assert [str(one) for one in made] == ["GET /{rest+}", "ANY /", "ANY /{rest+}"]


@pytest.mark.parametrize(("front", "prefix"), [(FRONT, "/api"), (None, "/v1")])
def test_a_monolith_is_told_below_which_path_it_is_found(front: Front | None, prefix: str) -> None:
    plan = plan_of(monolith=Monolith("http://old"), front=front)
    for proxy in plan.of_type("aws:apigateway/integration:Integration"):
        assert proxy.inputs["requestParameters"]["integration.request.header.X-Forwarded-Prefix"] == f"'{prefix}'"


@pytest.mark.parametrize("url", ["old.example.com", "ftp://old", "https://", "https://old/path", "https://me@old"])
def test_a_wrong_url_of_the_monolith_in_config_is_refused_with_the_keys_name(url: str) -> None:
    with pytest.raises(ValueError, match=r"config serviceful:monolithUrl: .* is not http:// or https://"):
        record(Monolith.of_stack, config={"serviceful:monolithUrl": url})


def test_without_the_config_key_there_is_no_monolith() -> None:
    made: list[Monolith | None] = []
    record(lambda: made.append(Monolith.of_stack()))
    record(lambda: made.append(Monolith.of_stack()), config={"serviceful:monolithUrl": "https://old.example.com"})
    assert made == [None, Monolith("https://old.example.com")]


def test_public_routes_stand_in_the_ledger_with_their_reason() -> None:
    plan = plan_of(routes=[route(auth=Public("anybody may look")), route(path="/y", auth=Scopes("a/b"))])
    accepted = [entry for entry in plan.ledger("accepted") if entry["rule"] == "auth-on-every-route"]
    assert [(entry["resource"], entry["because"]) for entry in accepted] == [
        ("aws:apigateway/method:Method::api-get-x", "anybody may look")
    ]


def test_a_changed_target_makes_a_new_deployment() -> None:
    def trigger(url: str) -> Any:
        plan = plan_of(routes=[Route("GET", "/x", HttpProxy(url=url), EVERYBODY)])
        return plan.one("aws:apigateway/deployment:Deployment", "api").inputs["triggers"]

    assert trigger("http://a") == trigger("http://a")
    assert trigger("http://a") != trigger("http://b")


def test_the_deployment_waits_for_every_method_and_answer() -> None:
    plan = record(lambda: ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=Backends("backends").routes())))
    waits = plan.dependencies_of(plan.one("aws:apigateway/deployment:Deployment", "api"))
    for type_ in (
        "method:Method",
        "integration:Integration",
        "integrationResponse:IntegrationResponse",
        "response:Response",
    ):
        assert {one.urn for one in plan.of_type(f"aws:apigateway/{type_}")} <= waits


def test_default_settings_are_what_the_page_says() -> None:
    table = (REPO / "docs" / "api-gateway.md").read_text().split("## Default settings", 1)[1].split("\n## ", 1)[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    values = {name: value for name, value in vars(defaults).items() if name.isupper()}
    assert said == {name: ", ".join(one) if isinstance(one, tuple) else str(one) for name, one in values.items()}
