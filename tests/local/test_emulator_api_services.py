"""Integrations of the type AWS: the call of each service, in the name of the integration's role."""

import json

import pytest
from botocore.exceptions import ClientError

from local.prove import decisions
from tests.local.emulation import TRUST_LAMBDA, allow, unique
from tests.local.rest_api import JSON, TRUST_GATEWAY, RestApi

pytestmark = pytest.mark.local

ARN = "arn:aws:apigateway:us-east-1"
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
JSON_11 = {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"}
SEND = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
BY_STATUS = {
    "200": {"selectionPattern": "2\\d{2}"},
    "400": {"selectionPattern": "400"},
    "403": {"selectionPattern": "403"},
    "502": {},
}


@pytest.fixture(scope="module")
def api(aws, local_aws):
    return RestApi(aws, local_aws, binaryMediaTypes=["image/*"])


@pytest.fixture
def serve(api, bench):
    """`serve(uri, template, statement, …)`: a path with this integration, deployed; returns the path and the role."""

    def served(uri, template, *statements, responses=None, verb="POST", path=None, **integration):
        path = path or f"/{unique('path')}"
        role = bench.role(*statements, trust=TRUST_GATEWAY)
        settings = {"type": "AWS", "uri": f"{ARN}:{uri}", "credentials": role, **integration}
        if template is not None:
            settings["requestTemplates"] = {JSON: template}
        api.method(path, settings, verb=verb, responses=responses or BY_STATUS)
        api.deploy()
        return path, role

    return served


def received(aws, url):
    return aws("sqs").receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages", [])


def test_a_message_is_sent_and_the_answer_is_json(aws, api, bench, serve):
    url, arn = bench.queue()
    uri = f"sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    path, _ = serve(uri, SEND, allow(["sqs:SendMessage"], [arn]), requestParameters=FORM)

    answer = api.post(path, {"a": "ä & b"})
    (message,) = received(aws, url)

    assert answer.status_code == 200
    result = answer.json()["SendMessageResponse"]["SendMessageResult"]
    assert (result["MessageId"], result["MD5OfMessageBody"]) == (message["MessageId"], message["MD5OfBody"])
    assert result["SequenceNumber"] is None
    assert answer.json()["SendMessageResponse"]["ResponseMetadata"]["RequestId"]
    assert json.loads(message["Body"]) == {"a": "ä & b"}


def test_a_message_to_a_fifo_queue_has_its_group_and_the_request_as_deduplication_id(aws, api, bench, serve):
    name = f"{unique('queue')}.fifo"
    url = aws("sqs").create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    template = f"{SEND}&MessageGroupId=$input.path('$.order')&MessageDeduplicationId=$context.requestId"
    statement = allow(["sqs:SendMessage"], [f"arn:aws:sqs:us-east-1:000000000000:{name}"])
    responses = {
        "202": {"responseTemplates": {JSON: "$input.path('$.SendMessageResponse.SendMessageResult.SequenceNumber')"}}
    }
    path, _ = serve(f"sqs:path/000000000000/{name}", template, statement, requestParameters=FORM, responses=responses)

    answer = api.post(path, {"order": "o-1"})
    (message,) = received(aws, url)

    assert (answer.status_code, message["Attributes"]["MessageGroupId"]) == (202, "o-1")
    assert answer.text == message["Attributes"]["SequenceNumber"]
    assert message["Attributes"]["MessageDeduplicationId"] == answer.headers["x-amzn-requestid"]


def test_a_role_without_the_action_gets_the_services_refusal(aws, api, bench, serve):
    url, arn = bench.queue()
    uri = f"sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    path, role = serve(uri, SEND, requestParameters=FORM)

    refused = api.post(path, {})
    bench.grant(role, allow(["sqs:SendMessage"], [arn]))
    accepted = api.post(path, {})

    assert (refused.status_code, refused.json()["Error"]["Code"]) == (403, "AccessDenied")
    assert accepted.status_code == 200
    assert len(received(aws, url)) == 1


def test_a_path_of_sqs_without_the_forms_content_type_names_no_operation(api, bench, serve):
    _, arn = bench.queue()
    uri = f"sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    path, _ = serve(uri, SEND, allow(["sqs:SendMessage"], [arn]))
    answer = api.post(path, {})

    assert answer.status_code == 403
    assert answer.json()["Error"]["Message"] == "Unable to determine service/operation name to be authorized"


def test_an_action_of_sqs_takes_its_parameters_from_the_query_string(aws, api, bench, serve):
    url, arn = bench.queue()
    parameters = {
        "integration.request.querystring.QueueUrl": f"'{url}'",
        "integration.request.querystring.MessageBody": "method.request.body",
    }
    path, _ = serve("sqs:action/SendMessage", None, allow(["sqs:SendMessage"], [arn]), requestParameters=parameters)

    assert api.post(path, {"a": 1}).status_code == 200
    assert json.loads(received(aws, url)[0]["Body"]) == {"a": 1}


def test_records_are_put_into_a_stream(aws, api, serve):
    stream = unique("stream")
    aws("kinesis").create_stream(StreamName=stream, ShardCount=1)
    arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{stream}"
    one = (
        f'{{"StreamName": "{stream}", "Data": "$util.base64Encode($input.body)", '
        '"PartitionKey": "$input.path(\'$.key\')"}'
    )
    many = (
        f'{{"StreamName": "{stream}", "Records": [#foreach($r in $input.path("$.records"))'
        '{"Data": "$util.base64Encode($r.data)", "PartitionKey": "$r.key"}#if($foreach.hasNext),#end#end]}'
    )
    put, _ = serve("kinesis:action/PutRecord", one, allow(["kinesis:PutRecord"], [arn]), requestParameters=JSON_11)
    batch, _ = serve("kinesis:action/PutRecords", many, allow(["kinesis:PutRecords"], [arn]), requestParameters=JSON_11)
    denied, _ = serve("kinesis:action/PutRecord", one, allow(["kinesis:PutRecords"], [arn]), requestParameters=JSON_11)

    assert api.post(put, {"key": "k"}).json()["SequenceNumber"]
    records = [{"key": "a", "data": "1"}, {"key": "b", "data": "2"}]
    assert api.post(batch, {"records": records}).json()["FailedRecordCount"] == 0
    assert api.post(denied, {"key": "k"}).json()["__type"].endswith("AccessDeniedException")
    shard = {"StreamName": stream, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = aws("kinesis").get_shard_iterator(**shard)["ShardIterator"]
    stored = [record["Data"] for record in aws("kinesis").get_records(ShardIterator=iterator)["Records"]]
    assert [json.loads(stored[0]), *stored[1:]] == [{"key": "k"}, b"1", b"2"]


def test_an_item_is_read_and_a_missing_one_becomes_404(aws, api, serve):
    table = unique("table")
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    aws("dynamodb").create_table(
        TableName=table, KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST"
    )
    aws("dynamodb").put_item(TableName=table, Item={"id": {"S": "x 1"}, "title": {"S": 'The "A"'}})
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    template = f'{{"TableName": "{table}", "Key": {{"id": {{"S": "$util.escapeJavaScript($input.params("id"))"}}}}}}'
    response = (
        "#set($item = $input.path('$.Item'))#if($item == \"\")#set($context.responseOverride.status = 404)"
        '{"title": "none"}#else{"title": $input.json("$.Item.title.S")}#end'
    )
    responses = {
        "200": {"selectionPattern": "200", "responseTemplates": {JSON: response}},
        "502": {"responseTemplates": {JSON: '{"title": "failed"}'}},
    }

    def read(*statements):
        path = f"/{unique('items')}"
        serve("dynamodb:action/GetItem", template, *statements, responses=responses, verb="GET", path=f"{path}/{{id}}")
        return [api.call("GET", f"{path}/{item}") for item in ("x%201", "y")]

    found, missing = read(allow(["dynamodb:GetItem"], [arn]))
    assert (found.status_code, found.json()) == (200, {"title": 'The "A"'})
    assert (missing.status_code, missing.json()) == (404, {"title": "none"})
    denied, _ = read(allow(["dynamodb:PutItem"], [arn]))
    assert (denied.status_code, denied.json()) == (502, {"title": "failed"})


def test_events_are_put_on_a_bus_only_with_their_target_header(aws, api, bench, serve):
    bus = unique("bus")
    arn = aws("events").create_event_bus(Name=bus)["EventBusArn"]
    template = (
        f'{{"Entries": [{{"Source": "shop", "DetailType": "ordered", "EventBusName": "{bus}", '
        '"Detail": "$util.escapeJavaScript($input.body).replaceAll("\\\\\'", "\'")"}]}'
    )
    target = {**JSON_11, "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'"}
    put = allow(["events:PutEvents"], [arn])
    path, _ = serve("events:action/PutEvents", template, put, requestParameters=target)
    without, _ = serve("events:action/PutEvents", template, put, requestParameters=JSON_11)
    denied, _ = serve("events:action/PutEvents", template, requestParameters=target)

    assert api.post(path, {"it's": 1}).json()["FailedEntryCount"] == 0
    assert api.post(without, {}).status_code == 400
    refused = api.post(denied, {})
    assert (refused.status_code, refused.json()["__type"].rsplit("#")[-1]) == (400, "AccessDeniedException")


def test_executions_are_started_and_express_ones_answer(aws, api, bench, serve):
    machines = {}
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    for kind in ("STANDARD", "EXPRESS"):
        role = bench.role(trust={"Service": "states.amazonaws.com"})
        machines[kind] = aws("stepfunctions").create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=role, type=kind
        )["stateMachineArn"]
    escaped = '$util.escapeJavaScript($input.body).replaceAll("\\\\\'", "\'")'

    def template(kind):
        return f'{{"stateMachineArn": "{machines[kind]}", "input": "{escaped}"}}'

    start, _ = serve(
        "states:action/StartExecution", template("STANDARD"), allow(["states:StartExecution"], [machines["STANDARD"]])
    )
    sync = allow(["states:StartSyncExecution"], [machines["EXPRESS"]])
    run, _ = serve("states:action/StartSyncExecution", template("EXPRESS"), sync)
    denied, _ = serve("states:action/StartSyncExecution", template("EXPRESS"))

    assert api.post(start, {"a": 1}).json()["executionArn"].startswith("arn:aws:states:")
    ended = api.post(run, {"it's": 1}).json()
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"it's": 1})
    assert api.post(denied, {}).status_code == 400


def test_a_notification_is_published(aws, api, bench, serve):
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    parameters = {
        "integration.request.querystring.TopicArn": f"'{topic}'",
        "integration.request.querystring.Message": "method.request.body",
    }
    publish = allow(["sns:Publish"], [topic])
    path, role = serve("sns:action/Publish", None, publish, requestParameters=parameters)

    assert api.post(path, {"a": 1}).json()["PublishResponse"]["PublishResult"]["MessageId"]
    bench.grant(role)
    assert (api.post(path, {}).status_code, api.post(path, {}).json()["Error"]["Code"]) == (403, "AuthorizationError")


def test_objects_are_written_and_read_with_their_bytes(aws, api, serve):
    bucket, picture = unique("bucket"), bytes(range(256))
    aws("s3").create_bucket(Bucket=bucket)
    objects, path = [f"arn:aws:s3:::{bucket}/*"], f"/{unique('files')}/{{key}}"
    key = {"integration.request.path.key": "method.request.path.key"}
    content = {"integration.request.header.Content-Type": "method.request.header.Content-Type"}
    passed = {"method.response.header.Content-Type": "integration.response.header.Content-Type"}
    responses = {"200": {"selectionPattern": "200", "responseParameters": passed}, "403": {}}
    at = {"path": path, "responses": responses}
    uri = f"s3:path/{bucket}/{{key}}"
    put, get = allow(["s3:PutObject"], objects), allow(["s3:GetObject"], objects)
    serve(uri, None, put, verb="PUT", requestParameters={**key, **content}, integrationHttpMethod="PUT", **at)
    serve(uri, None, get, verb="GET", requestParameters=key, integrationHttpMethod="GET", **at)
    url = path.replace("{key}", "a%20b.png")

    assert api.call("PUT", url, data=picture, headers={"Content-Type": "image/png"}).status_code == 200
    assert aws("s3").get_object(Bucket=bucket, Key="a b.png")["Body"].read() == picture
    read = api.call("GET", url, headers={"Accept": "image/png"})
    assert (read.content, read.headers["content-type"]) == (picture, "image/png")
    assert api.call("GET", path.replace("{key}", "none")).status_code == 403


def test_overrides_and_stage_variables_reach_the_service(aws, api, bench, serve):
    url, arn = bench.queue()
    template = (
        '#set($context.requestOverride.header.Content-Type = "application/x-www-form-urlencoded")'
        "Action=SendMessage&MessageBody=$stageVariables.colour"
    )
    path, _ = serve("sqs:path/000000000000/${stageVariables.queue}", template, allow(["sqs:SendMessage"], [arn]))
    api.deploy("blue", variables={"queue": arn.rsplit(":", 1)[-1], "colour": "blue"})

    assert api.post(path, {}, stage="blue").status_code == 200
    assert received(aws, url)[0]["Body"] == "blue"


def test_an_integration_without_a_role_is_refused(api, aws):
    with pytest.raises(ClientError, match="Role ARN must be specified for AWS integrations"):
        api.method("/no-role", {"type": "AWS", "uri": f"{ARN}:sqs:path/000000000000/x"})


def test_a_role_that_does_not_trust_the_gateway_answers_500(api, bench):
    _, arn = bench.queue()
    role = bench.role(allow(["sqs:SendMessage"], [arn]), trust=TRUST_LAMBDA)
    api.method("/untrusting", {"type": "AWS", "uri": f"{ARN}:sqs:path/000000000000/x", "credentials": role})
    api.deploy()
    answer = api.post("/untrusting", {})

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})


def test_a_status_that_no_response_takes_answers_500(api, bench, serve):
    _, arn = bench.queue()
    uri = f"sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    path, _ = serve(uri, SEND, requestParameters=FORM, responses={"200": {"selectionPattern": "200"}})

    assert (api.post(path, {}).status_code, api.post(path, {}).json()) == (500, {"message": "Internal server error"})


def test_the_decisions_name_the_integrations_role(api, bench, serve, local_aws):
    _, arn = bench.queue()
    uri = f"sqs:path/000000000000/{arn.rsplit(':', 1)[-1]}"
    path, role = serve(uri, SEND, allow(["sqs:SendMessage"], [arn]), requestParameters=FORM)
    api.post(path, {})

    decision = next(d for d in decisions.since(local_aws, 0) if (d.resource, d.action) == (arn, "sqs:SendMessage"))
    assert decision.principal.split("/")[-2] == role.rsplit("/", 1)[-1]
    assert decision.allowed
