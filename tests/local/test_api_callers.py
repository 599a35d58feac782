"""Who gets into a deployed API: every other caller is refused with a problem document before anything is called."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.settings import Settings
from tests.local.door import Door
from tests.local.emulation import TRUST_ROOT, Workbench, allow, unique
from tests.local.problems import problem
from tests.local.program import Program
from tests.local.tokens import client_of, token_of

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("api-callers")]

SOURCE = """
import pulumi

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, ApiKey, Iam, Mock, Public, Route, Scopes

routes = [
    Route("GET", "/open", Mock(), Public("a test")),
    Route("GET", "/scoped", Mock(), Scopes("events/write", "events/admin")),
    Route("GET", "/signed", Mock(), Iam()),
    Route("GET", "/keyed", Mock(), ApiKey()),
]
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=routes))
pulumi.export("url", api.url)
pulumi.export("pool", api.users.pool.id)
pulumi.export("api", api.api.api.id)
"""


@dataclass(frozen=True)
class Api:
    """The deployed API and its user pool."""

    door: Door
    aws: Callable[..., Any]
    id: str
    pool: str

    def scoped(self, token: str) -> Any:
        return self.door.call("GET", "/scoped", headers={"Authorization": token} if token else {})

    def token(self, *, scope: str = "events/write", pool: str = "", **client: Any) -> str:
        """A token of a new client of this pool, or another."""
        of = pool or self.pool
        return token_of(self.door.settings, self.aws, of, client_of(self.aws, of, scope, **client), scope)


@pytest.fixture(scope="module")
def api(local_aws: Settings, aws: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    program = Program(tmp_path_factory.mktemp("programs") / "callers", local_aws)
    outputs = program.up(SOURCE)["outputs"]
    try:
        yield Api(Door(outputs["url"], local_aws), aws, outputs["api"], outputs["pool"])
    finally:
        program.destroy()


@pytest.fixture(scope="module")
def token(api: Api) -> str:
    return api.token()


def decoded(token: str, part: int) -> dict[str, Any]:
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_everybody_may_where_the_route_says_so(api: Api) -> None:
    assert api.door.call("GET", "/open").json() == {"ok": True}


@pytest.mark.parametrize("scope", ["events/write", "events/admin"])
def test_a_token_with_one_of_the_scopes_opens_the_route(api: Api, scope: str) -> None:
    token = api.token(scope=scope)
    assert api.scoped(token).json() == api.scoped(f"Bearer {token}").json() == {"ok": True}


def test_forged_tokens_are_refused(api: Api, token: str) -> None:
    head, claims, signature = token.split(".")
    forged = {
        "none": "",
        "nonsense": "x.y.z",
        "unsigned": f"{encoded({**decoded(token, 0), 'alg': 'none'})}.{claims}.",
        "other signature": f"{head}.{claims}.{signature[::-1]}",
        "more scopes": f"{head}.{encoded({**decoded(token, 1), 'scope': 'events/admin'})}.{signature}",
        "later expiry": f"{head}.{encoded({**decoded(token, 1), 'exp': 4_000_000_000})}.{signature}",
    }
    titles = {name: problem(api.scoped(bad), 401)["title"] for name, bad in forged.items()}
    assert set(titles.values()) == {"Say who you are"}


def test_another_pools_token_is_refused_although_it_has_the_scope(api: Api) -> None:
    users = api.aws("cognito-idp")
    pool = users.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    scopes = [{"ScopeName": "write", "ScopeDescription": "x"}]
    users.create_resource_server(UserPoolId=pool, Identifier="events", Name="events", Scopes=scopes)
    foreign = api.token(pool=pool)
    assert decoded(foreign, 1)["scope"] == "events/write"
    problem(api.scoped(foreign), 401)
    head, _, signature = foreign.split(".")
    renamed = encoded({**decoded(foreign, 1), "iss": decoded(api.token(), 1)["iss"]})
    problem(api.scoped(f"{head}.{renamed}.{signature}"), 401)


def test_a_token_of_the_pool_without_the_scope_is_refused(api: Api) -> None:
    scopes = [{"ScopeName": "read", "ScopeDescription": "x"}]
    api.aws("cognito-idp").create_resource_server(
        UserPoolId=api.pool, Identifier="reports", Name="reports", Scopes=scopes
    )
    problem(api.scoped(api.token(scope="reports/read")), 401)


def test_a_token_passes_until_it_expires(api: Api, eventually: Callable[..., Any]) -> None:
    short = api.token(AccessTokenValidity=3, TokenValidityUnits={"AccessToken": "seconds"})
    assert api.scoped(short).status == 200
    problem(eventually(lambda: (answer := api.scoped(short)).status != 200 and answer), 401)


def test_a_key_opens_the_route_of_keys_and_nothing_else_does(api: Api) -> None:
    keys = api.aws("apigateway").get_api_keys(includeValues=True, nameQuery="callers-local-api", limit=10)["items"]
    (key,) = keys
    other = api.aws("apigateway").create_api_key(name=unique("key"), enabled=True, value="of-no-usage-plan-0123456789")

    def keyed(**headers: str) -> Any:
        return api.door.call(
            "GET", "/keyed", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    assert keyed(x_api_key=key["value"]).json() == {"ok": True}
    for refused in (keyed(), keyed(x_api_key="guessed"), keyed(x_api_key=other["value"]), keyed(authorization="x")):
        assert problem(refused, 403)["title"] == "A valid key is needed"


def test_a_signed_request_passes_if_its_role_may_invoke_the_route(api: Api, bench: Workbench) -> None:
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{api.id}/v1/GET/signed"
    invoke = "execute-api:Invoke"
    assert signed(api, bench, allow([invoke], [arn])).json() == {"ok": True}
    assert problem(signed(api, bench), 403)["title"] == "You may not do this"
    problem(signed(api, bench, allow([invoke], [arn.replace("signed", "open")])), 403)
    forged = signed(api, bench, allow([invoke], [arn]), secret="x" * 40)
    assert problem(forged, 403)["title"] == "The signature is wrong"
    problem(api.door.call("GET", "/signed"), 404)


def signed(api: Api, bench: Workbench, *statements: dict[str, Any], secret: str = "") -> Any:
    """GET /signed by a role with these statements."""
    role = bench.role(*statements, trust=TRUST_ROOT)
    keys = api.aws("sts").assume_role(RoleArn=role, RoleSessionName="caller")["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], secret or keys["SecretAccessKey"], keys["SessionToken"])
    request = AWSRequest("GET", f"{api.door.url}/signed")
    SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    return api.door.call("GET", "/signed", headers=dict(request.headers.items()))
