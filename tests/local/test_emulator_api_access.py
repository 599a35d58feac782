"""Who may call a REST API, by Cognito or IAM, and what its access log tells."""

import base64
import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local.emulation import TRUST_ROOT, allow, unique
from tests.local.rest_api import JSON, RestApi, mock

pytestmark = pytest.mark.local

SIGN_IN_SCOPE = "aws.cognito.signin.user.admin"


class Pool:
    """A user pool with one signed-in user."""

    def __init__(self, aws, **client_settings):
        cognito, password = aws("cognito-idp"), "Secret-1234"
        self.arn = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Arn"]
        pool = {"UserPoolId": self.arn.rsplit("/", 1)[-1]}
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        client = cognito.create_user_pool_client(**pool, ClientName="test", ExplicitAuthFlows=flows, **client_settings)
        client_id = client["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(**pool, Username="ann", MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**pool, Username="ann", Password=password, Permanent=True)
        signed_in = cognito.admin_initiate_auth(
            **pool,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": password},
        )["AuthenticationResult"]
        self.id_token, self.access_token = signed_in["IdToken"], signed_in["AccessToken"]


@pytest.fixture(scope="module")
def pool(aws):
    return Pool(aws)


@pytest.fixture(scope="module")
def api(aws, local_aws, pool):
    api = RestApi(aws, local_aws)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="users",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool.arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    users = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer, "verb": "GET"}
    shown = {"200": {"responseTemplates": {JSON: '{"sub": "$context.authorizer.claims.sub"}'}}}
    api.method("/signed-in", mock(), responses=shown, **users)
    api.method("/scoped", mock(), responses=shown, authorizationScopes=[SIGN_IN_SCOPE], **users)
    api.method("/other", mock(), responses=shown, authorizationScopes=["orders/write"], **users)
    api.deploy()
    return api


def decoded(token, part):
    encoded = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


def encoded(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def changed(token, **claims):
    head, _, signature = token.split(".")
    return f"{head}.{encoded({**decoded(token, 1), **claims})}.{signature}"


def get(api, path, token):
    return api.call("GET", path, headers={"Authorization": token} if token else {})


def test_an_id_token_passes_with_its_claims(api, pool):
    for token in (pool.id_token, f"Bearer {pool.id_token}"):
        answer = get(api, "/signed-in", token)
        assert (answer.status_code, answer.json()) == (200, {"sub": decoded(pool.id_token, 1)["sub"]})


def test_a_scope_opens_the_method_to_the_access_token_that_has_it(api, pool):
    assert get(api, "/scoped", pool.access_token).status_code == 200


@pytest.mark.parametrize("path", ["/signed-in", "/scoped"])
def test_forged_expired_and_other_pools_tokens_are_refused(aws, api, pool, path):
    kind = "id_token" if path == "/signed-in" else "access_token"
    token, other = getattr(pool, kind), getattr(Pool(aws), kind)
    head, claims, signature = token.split(".")
    unsigned = f"{encoded({'alg': 'none', 'kid': decoded(token, 0)['kid']})}.{claims}."
    refused = {
        "none": "",
        "nonsense": "x",
        "unsigned": unsigned,
        "another signature": f"{head}.{claims}.{signature[::-1]}",
        "claims changed": changed(token, sub="someone"),
        "expiry changed": changed(token, exp=4_000_000_000),
        "another pool": other,
        "issuer changed": changed(other, iss=decoded(token, 1)["iss"]),
    }
    answers = {name: get(api, path, bad) for name, bad in refused.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(refused, 401)
    assert {answer.text for answer in answers.values()} == {'{"message":"Unauthorized"}'}


def test_a_token_passes_until_it_expires(aws, local_aws, eventually):
    seconds = {"AccessToken": "seconds", "IdToken": "seconds"}
    short = Pool(aws, AccessTokenValidity=2, IdTokenValidity=2, TokenValidityUnits=seconds)
    api = RestApi(aws, local_aws)
    authorizer = api.client.create_authorizer(
        restApiId=api.id, name="short", type="COGNITO_USER_POOLS", providerARNs=[short.arn]
    )["id"]
    api.method("/x", mock(), verb="GET", authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    api.deploy()

    assert get(api, "/x", short.id_token).status_code == 200
    assert eventually(lambda: get(api, "/x", short.id_token).status_code == 401)


def test_a_token_of_the_wrong_use_or_without_the_scope_is_refused(api, pool):
    assert get(api, "/signed-in", pool.access_token).status_code == 401
    assert get(api, "/scoped", pool.id_token).status_code == 401
    assert get(api, "/other", pool.access_token).status_code == 401


@pytest.fixture
def call_signed(aws, bench):
    """`call_signed(api, statement, …)`: call GET /x as a role with these statements."""

    def call(api, *statements, tamper=False):
        session = aws("sts").assume_role(RoleArn=bench.role(*statements, trust=TRUST_ROOT), RoleSessionName="caller")
        keys = session["Credentials"]
        secret = "x" if tamper else keys["SecretAccessKey"]
        request = AWSRequest("GET", f"{api.settings.endpoint}/_aws/execute-api/{api.id}/v1/x")
        credentials = Credentials(keys["AccessKeyId"], secret, keys["SessionToken"])
        SigV4Auth(credentials, "execute-api", api.settings.region).add_auth(request)
        return api.call("GET", "/x", headers=dict(request.headers.items()))

    return call


def test_iam_lets_the_caller_in_who_may_invoke_the_method(aws, local_aws, call_signed):
    api = RestApi(aws, local_aws)
    caller = {"200": {"responseTemplates": {JSON: "$context.identity.userArn"}}}
    api.method("/x", mock(), verb="GET", authorizationType="AWS_IAM", responses=caller)
    api.deploy()
    allowed = call_signed(api, allow(["execute-api:Invoke"], [api.arn("GET", "/x")]))
    denied = call_signed(api, allow(["execute-api:Invoke"], [api.arn("POST", "/x")]))
    forged = call_signed(api, allow(["execute-api:Invoke"], ["*"]), tamper=True)

    assert (allowed.status_code, allowed.text.rsplit("/", 1)[-1]) == (200, "caller")
    hidden = api.arn("GET", "/x").replace(":000000000000:", ":********0000:")
    assert (denied.status_code, denied.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert f"is not authorized to perform: execute-api:Invoke on resource: {hidden}" in denied.json()["Message"]
    assert (forged.status_code, forged.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")


def test_denials_of_iam_go_through_the_gateway_responses(aws, local_aws, call_signed):
    api = RestApi(aws, local_aws)
    api.method("/x", mock(), verb="GET", authorizationType="AWS_IAM")
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        responseTemplates={JSON: '{"kind": "$context.error.responseType", "instance": "$context.requestId"}'},
        responseParameters={"gatewayresponse.header.content-type": "'application/problem+json'"},
    )
    api.deploy()
    refused = [call_signed(api), call_signed(api, tamper=True)]

    assert [answer.json()["kind"] for answer in refused] == ["ACCESS_DENIED", "INVALID_SIGNATURE"]
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert [answer.json()["instance"] for answer in refused] == [a.headers["x-amzn-requestid"] for a in refused]


@pytest.fixture
def logged(aws, local_aws):
    """`logged(format)`: an API whose stage logs in this format, and what reads its log."""

    def api(line):
        group = f"/test/{unique('access')}"
        aws("logs").create_log_group(logGroupName=group)
        api = RestApi(aws, local_aws)
        api.method("/items/{id}", mock(), verb="GET", responses={"200": {"responseTemplates": {JSON: "four"}}})
        api.method("/keyed", mock(), verb="GET", apiKeyRequired=True)
        api.deploy()
        arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
        api.patch(("/accessLogSettings/destinationArn", arn), ("/accessLogSettings/format", line))
        return api, lambda: [e["message"] for e in aws("logs").filter_log_events(logGroupName=group)["events"]]

    return api


def test_each_call_is_one_line_of_the_access_log(logged):
    api, lines = logged(
        '{"id": "$context.requestId", "ip": "$context.identity.sourceIp", "method": "$context.httpMethod", '
        '"resource": "$context.resourcePath", "status": $context.status, "length": $context.responseLength, '
        '"latency": $context.responseLatency, "sub": "$context.authorizer.claims.sub", '
        '"error": "$context.error.message", "kind": "$context.error.responseType", '
        '"integration": "$context.integration.status"}'
    )
    answers = [api.call("GET", "/items/7"), api.call("GET", "/keyed"), api.call("GET", "/nowhere")]
    told = [json.loads(line) for line in lines()]

    assert [line["id"] for line in told] == [answer.headers["x-amzn-requestid"] for answer in answers]
    assert [line["status"] for line in told] == [200, 403, 403]
    assert [line["resource"] for line in told] == ["/items/{id}", "/keyed", "-"]
    assert [line["kind"] for line in told] == ["-", "INVALID_API_KEY", "MISSING_AUTHENTICATION_TOKEN"]
    first = told[0]
    assert (first["ip"], first["method"], first["length"], first["integration"]) == ("127.0.0.1", "GET", 4, "200")
    assert (first["sub"], first["error"]) == ("-", "-")
    assert first["latency"] >= 0
