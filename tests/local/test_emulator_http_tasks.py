"""HTTP Tasks and connections on the local AWS: what is sent, what comes back, and what the role needs."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.local import third_party
from tests.local.conftest import free_port
from tests.local.emulation import allow, unique
from tests.local.machines import task

pytestmark = pytest.mark.local

MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:*"


@pytest.fixture
def api():
    with third_party.running() as running:
        yield running


@pytest.fixture
def connect(aws):
    """`connect(kind, parameters)` makes a connection; returns its ARN and what a role needs to use it, one by one."""

    def make(kind, parameters):
        name = unique("connection")
        arn = aws("events").create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)[
            "ConnectionArn"
        ]
        secret = f"arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/{name}/*"
        return arn, [
            allow(["states:InvokeHTTPEndpoint"], [MACHINES]),
            allow(["events:RetrieveConnectionCredentials"], [arn]),
            allow(["secretsmanager:DescribeSecret"], [secret]),
            allow(["secretsmanager:GetSecretValue"], [secret]),
        ]

    return make


@pytest.fixture
def keyed(connect):
    return connect("API_KEY", {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k3y"}})


def call(arn, url, method="GET", **more):
    return {"Call": task("http:invoke", http(arn, url, method, **more))}


def http(arn, url, method="GET", **more):
    return {"ApiEndpoint": url, "Method": method, "InvocationConfig": {"ConnectionArn": arn}, **more}


def test_an_api_is_called_with_the_key_and_its_answer_is_the_result(api, machines, keyed):
    arn, grants = keyed
    more = {"Headers": {"X-Mine": "1", "x-key": "mine"}, "QueryParameters": {"q": ["a b", "c"], "n": 1}}

    done = machines.run(call(arn, f"{api.url}/echo", "POST", RequestBody={"title": "é"}, **more), *grants)["output"]

    seen = done["ResponseBody"]
    assert (done["StatusCode"], done["StatusText"]) == (200, "OK")
    assert done["Headers"]["content-type"] == ["application/json"]
    assert (seen["method"], json.loads(seen["body"])) == ("POST", {"title": "é"})
    assert parse_qs(urlsplit(seen["path"]).query) == {"q": ["a b", "c"], "n": ["1"]}
    headers = seen["headers"]
    assert (headers["x-key"], headers["x-mine"]) == ("k3y", "1")
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "Amazon|StepFunctions|HttpInvoke|us-east-1"


def test_each_of_the_four_grants_is_needed(api, machines, keyed):
    arn, grants = keyed

    for missing, error in enumerate(["States.Permissions", *["Events.ConnectionResource.AccessDenied"] * 3]):
        left = [grant for index, grant in enumerate(grants) if index != missing]
        assert machines.run(call(arn, f"{api.url}/echo"), *left)["error"] == error
    assert not api.requests
    assert machines.run(call(arn, f"{api.url}/echo"), *grants)["status"] == "SUCCEEDED"


def test_a_role_can_be_held_to_one_address_and_method(api, machines, keyed):
    arn, (_, *grants) = keyed
    held = {
        "StringEquals": {"states:HTTPMethod": "POST"},
        "StringLike": {"states:HTTPEndpoint": f"{api.url}/videos/*"},
    }
    grants.append(allow(["states:InvokeHTTPEndpoint"], [MACHINES], Condition=held))

    assert machines.run(call(arn, f"{api.url}/videos/1", "POST"), *grants)["status"] == "SUCCEEDED"
    assert machines.run(call(arn, f"{api.url}/videos/1", "DELETE"), *grants)["error"] == "States.Permissions"
    assert machines.run(call(arn, f"{api.url}/users/1", "POST"), *grants)["error"] == "States.Permissions"


def test_a_password_is_sent_and_what_the_connection_adds_wins(api, machines, connect):
    added = {
        "HeaderParameters": [{"Key": "X-Tenant", "Value": "theirs"}],
        "QueryStringParameters": [{"Key": "version", "Value": "2"}],
        "BodyParameters": [{"Key": "account", "Value": "7", "IsValueSecret": True}],
    }
    basic = {"BasicAuthParameters": {"Username": "me", "Password": "pa:ss"}, "InvocationHttpParameters": added}
    arn, grants = connect("BASIC", basic)
    more = {"Headers": {"x-tenant": "mine"}, "QueryParameters": {"version": "1"}, "RequestBody": {"account": 1, "a": 2}}

    seen = machines.run(call(arn, f"{api.url}/echo", "PUT", **more), *grants)["output"]["ResponseBody"]

    assert seen["headers"]["authorization"] == "Basic " + base64.b64encode(b"me:pa:ss").decode()
    assert seen["headers"]["x-tenant"] == "theirs"
    assert seen["path"] == "/echo?version=2"
    assert json.loads(seen["body"]) == {"account": "7", "a": 2}


@pytest.fixture
def oauth(api, connect):
    def make(secret="s3cret"):
        parameters = {
            "ClientParameters": {"ClientID": "me", "ClientSecret": secret},
            "AuthorizationEndpoint": f"{api.url}/token",
            "HttpMethod": "POST",
            "OAuthHttpParameters": {"BodyParameters": [{"Key": "grant_type", "Value": "client_credentials"}]},
        }
        return connect("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": parameters})

    return make


def test_a_token_is_fetched_once_and_again_when_it_does_not_count_any_more(api, machines, oauth):
    arn, grants = oauth()
    machine = machines.make(call(arn, f"{api.url}/guarded"), *grants)

    first, second = machines.end(machines.start(machine)), machines.end(machines.start(machine))
    fetched = api.tokens
    api.revoke()
    third = machines.end(machines.start(machine))

    assert [first["status"], second["status"], third["status"]] == ["SUCCEEDED"] * 3
    assert (fetched, api.tokens) == (1, 3)


def test_a_refused_client_has_no_token(api, machines, oauth):
    arn, grants = oauth("wrong")

    ended = machines.run(call(arn, f"{api.url}/guarded"), *grants)

    assert ended["error"] == "Events.ConnectionResource.InvalidConnectionState"
    assert "wrong" not in json.dumps(ended, default=str)


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_a_status_is_an_error_that_can_be_caught_by_its_number(api, machines, keyed, status):
    arn, grants = keyed
    catch = [{"ErrorEquals": [f"States.Http.StatusCode.{status}"], "Output": "{% $states.errorOutput %}", "Next": "C"}]
    states = {
        "Call": task("http:invoke", http(arn, f"{api.url}/status/{status}"), Catch=catch),
        "C": {"Type": "Pass", "End": True},
    }

    caught = machines.run(states, *grants)["output"]

    assert caught["Error"] == f"States.Http.StatusCode.{status}"
    assert json.loads(caught["Cause"]) == {"answered": status}


def test_who_does_not_answer_is_a_socket_error(machines, keyed):
    arn, grants = keyed

    ended = machines.run(call(arn, f"http://127.0.0.1:{free_port()}/"), *grants)

    assert ended["error"] == "States.Http.Socket"


def test_plain_http_goes_to_this_machine_alone(machines, keyed):
    arn, grants = keyed

    assert machines.run(call(arn, "http://example.com/"), *grants)["error"] == "States.Runtime"
    assert machines.run(call(arn, "ftp://127.0.0.1/"), *grants)["error"] == "States.Runtime"


def test_text_is_taken_as_text_and_a_picture_not_at_all(api, machines, keyed):
    arn, grants = keyed

    assert machines.run(call(arn, f"{api.url}/text"), *grants)["output"]["ResponseBody"] == "plain"
    assert machines.run(call(arn, f"{api.url}/picture"), *grants)["error"] == "States.Runtime"


@pytest.mark.parametrize(
    ("style", "tags"),
    [
        ({}, "tags[0]=a%26b&tags[1]=c"),
        ({"ArrayFormat": "REPEAT"}, "tags=a%26b&tags=c"),
        ({"ArrayFormat": "COMMAS"}, "tags=a%26b,c"),
        ({"ArrayFormat": "BRACKETS"}, "tags[]=a%26b&tags[]=c"),
    ],
)
def test_a_form_is_encoded_as_asked(api, machines, keyed, style, tags):
    arn, grants = keyed
    transform = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": style}
    body = {"tags": ["a&b", "c"], "address": {"city": "Zürich"}}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    states = call(arn, f"{api.url}/echo", "POST", RequestBody=body, Headers=headers, Transform=transform)

    seen = machines.run(states, *grants)["output"]["ResponseBody"]

    assert seen["body"] == f"{tags}&address[city]=Z%C3%BCrich"


def test_a_connection_shows_no_secret(aws, connect):
    basic = {"BasicAuthParameters": {"Username": "me", "Password": "hidden"}}
    added = {"HeaderParameters": [{"Key": "X-Key", "Value": "hidden", "IsValueSecret": True}]}
    arn, _ = connect("BASIC", {**basic, "InvocationHttpParameters": added})
    name = arn.split("/")[1]

    shown = aws("events").describe_connection(Name=name)
    secret = aws("secretsmanager").get_secret_value(SecretId=shown["SecretArn"])
    aws("events").delete_connection(Name=name)

    assert "hidden" not in json.dumps(shown, default=str)
    assert shown["AuthParameters"]["BasicAuthParameters"] == {"Username": "me"}
    assert secret["Name"].startswith(f"events!connection/{name}/")
    assert "hidden" in secret["SecretString"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws("secretsmanager").get_secret_value(SecretId=shown["SecretArn"])


def test_a_deauthorized_or_missing_connection_calls_nothing(api, aws, machines, keyed):
    arn, grants = keyed
    aws("events").deauthorize_connection(Name=arn.split("/")[1])

    refused = machines.run(call(arn, f"{api.url}/echo"), *grants)
    missing = machines.run(call(f"{arn}0", f"{api.url}/echo"), *grants)

    assert refused["error"] == "Events.ConnectionResource.InvalidConnectionState"
    assert missing["error"] == "Events.ConnectionResource.ResourceNotFound"
    assert not api.requests
