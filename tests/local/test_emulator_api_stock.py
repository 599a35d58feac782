"""What the stock server's REST APIs do otherwise than AWS: each extension of the API is still needed.

A test that fails here after an upgrade of MiniStack means that its extension can go.
"""

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local import backend, test_emulator_stock
from tests.local.emulation import TRUST_ROOT, allow, unique
from tests.local.rest_api import JSON, RestApi, mock
from tests.local.test_emulator_api_access import Pool

pytestmark = pytest.mark.local

stock, aws, bench = test_emulator_stock.stock, test_emulator_stock.aws, test_emulator_stock.bench
as_allowed = test_emulator_stock.as_allowed


@pytest.fixture
def api(aws, stock):
    return RestApi(aws, stock)


@pytest.fixture
def url():
    with backend.running() as url:
        yield url


def test_api_templates_are_sent_as_they_are(api):
    api.method("/x", mock(), responses={"200": {"responseTemplates": {JSON: "#if(true)$context.stage#end"}}})
    api.deploy()

    assert api.post("/x", {}).text == "#if(true)$context.stage#end"


def test_api_service_integrations_sqs_asks_no_role_and_kinesis_is_not_there(api, bench):
    _, arn = bench.queue()
    uri = "arn:aws:apigateway:us-east-1"
    send = {JSON: "Action=SendMessage&MessageBody=x"}
    role = bench.role()
    queue = f"{uri}:sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    api.method("/queue", {"type": "AWS", "uri": queue, "credentials": role, "requestTemplates": send})
    api.method("/stream", {"type": "AWS", "uri": f"{uri}:kinesis:action/PutRecord", "credentials": role})
    api.deploy()

    assert [api.post(path, {}).status_code for path in ("/queue", "/stream")] == [200, 504]


def test_api_lambda_integrations_need_no_permission_and_tell_the_error(api, bench):
    source = "def handler(event, context): raise KeyError('secret')"
    function = f"arn:aws:lambda:us-east-1:000000000000:function:{bench.function(source, bench.role())}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    api.method("/x", {"type": "AWS_PROXY", "uri": uri})
    api.deploy()

    assert "secret" in api.post("/x", {}).text


def test_api_http_proxy_loses_cookies(api, url):
    api.method("/x", {"type": "HTTP_PROXY", "uri": f"{url}/cookies"}, verb="GET")
    api.deploy()

    assert "set-cookie" not in api.call("GET", "/x").headers


def test_api_gateway_responses_and_request_validation_know_few_variables(api):
    template = '{"detail": "$context.error.validationErrorString", "method": "$context.httpMethod"}'
    api.client.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", responseTemplates={JSON: template}
    )
    api.method("/x", mock())
    api.deploy()

    assert api.call("GET", "/y").text == template


def test_api_hostnames_are_not_known(api, stock):
    api.method("/x", mock(), responses={"200": {"responseTemplates": {JSON: "found"}}})
    api.deploy()
    answer = requests.post(f"{stock.endpoint}/v1/x", json={}, headers={"Host": api.host}, timeout=10)

    assert answer.text != "found"


def test_api_iam_denials_are_past_the_gateway_responses(aws, api, bench):
    api.client.put_gateway_response(restApiId=api.id, responseType="ACCESS_DENIED", statusCode="418")
    api.method("/x", mock(), verb="GET", authorizationType="AWS_IAM")
    api.deploy()
    keys = aws("sts").assume_role(RoleArn=bench.role(trust=TRUST_ROOT), RoleSessionName="caller")["Credentials"]
    request = AWSRequest("GET", f"{api.settings.endpoint}/_aws/execute-api/{api.id}/v1/x")
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    SigV4Auth(credentials, "execute-api", api.settings.region).add_auth(request)

    assert api.call("GET", "/x", headers=dict(request.headers.items())).status_code == 403


def test_api_calls_have_bodies_of_any_size(api):
    api.method("/x", mock())
    api.deploy()

    assert api.call("POST", "/x", data=b"x" * (10 * 1024 * 1024 + 1)).status_code == 200


def test_api_access_logs_stay_empty(aws, api):
    group = unique("access")
    aws("logs").create_log_group(logGroupName=group)
    api.method("/x", mock())
    api.deploy()
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    api.patch(("/accessLogSettings/destinationArn", arn), ("/accessLogSettings/format", "$context.requestId"))
    api.post("/x", {})

    assert aws("logs").filter_log_events(logGroupName=group)["events"] == []


def test_api_user_pool_tokens_of_any_use_pass(aws, api):
    pool = Pool(aws)
    authorizer = api.client.create_authorizer(
        restApiId=api.id, name="users", type="COGNITO_USER_POOLS", providerARNs=[pool.arn]
    )["id"]
    api.method("/x", mock(), authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    api.deploy()

    assert api.post("/x", {}, headers={"Authorization": pool.access_token}).status_code == 200


def test_json_denials_have_the_status_of_another_protocol(as_allowed):
    nothing = allow(["sts:GetCallerIdentity"], ["*"])
    with pytest.raises(ClientError) as error:
        as_allowed("events", nothing).put_events(Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}"}])

    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_api_account_takes_a_role_that_is_not_there(aws):
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::000000000000:role/nobody"}
    assert aws("apigateway").update_account(patchOperations=[operation])["cloudwatchRoleArn"] == operation["value"]
