"""What the stock server does otherwise than AWS in state machines, and with what they call.

A test that fails here after an upgrade of MiniStack means that its extension can go.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local import test_emulator_stock as stock_server
from tests.local.emulation import allow, unique
from tests.local.machines import Machines, task

pytestmark = pytest.mark.local

stock, aws, bench, as_allowed, bucket = (
    stock_server.stock,
    stock_server.aws,
    stock_server.bench,
    stock_server.as_allowed,
    stock_server.bucket,
)


@pytest.fixture
def machines(aws, bench, eventually):
    return Machines(aws, bench, eventually)


def test_state_runs_a_token_counts_twice_and_heartbeats_and_sizes_do_nothing(aws, machines, bench, eventually):
    url, _ = bench.queue()
    body = {"token": "{% $states.context.Task.Token %}"}
    ask = task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": url, "MessageBody": body}, HeartbeatSeconds=1)
    big = {"Type": "Pass", "Output": "{% $join([1..30000].('0123456789')) %}", "End": True}
    execution = machines.start(machines.make({"Ask": {**ask, "TimeoutSeconds": 3}}))
    sent = eventually(lambda: aws("sqs").receive_message(QueueUrl=url).get("Messages"))
    token = json.loads(sent[0]["Body"])["token"]

    assert machines.end(execution)["error"] == "States.Timeout"
    assert machines.run({"Big": big})["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="TaskDoesNotExist"):
        aws("stepfunctions").send_task_success(taskToken=token, output="{}")


def test_key_aliases_a_key_is_judged_by_the_alias_that_names_it(aws, as_allowed):
    kms = aws("kms")
    key = kms.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"]
    alias = f"alias/{unique('key')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    role = as_allowed("kms", allow(["kms:GenerateMac"], [key["Arn"]]))

    with pytest.raises(ClientError, match="AccessDenied"):
        role.generate_mac(KeyId=alias, Message=b"x", MacAlgorithm="HMAC_SHA_256")


def test_connections_have_no_secret_and_http_tasks_are_not_there(aws, machines):
    name = unique("connection")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "shown"}}
    arn = aws("events").create_connection(Name=name, AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    call = {"ApiEndpoint": "https://example.com/", "Method": "GET", "InvocationConfig": {"ConnectionArn": arn}}

    assert "SecretArn" not in aws("events").describe_connection(Name=name)
    assert arn.endswith(f"connection/{name}")
    assert machines.run({"Call": task("http:invoke", call)})["error"] == "States.Runtime"


def test_bedrock_models_are_whatever_they_are_called(aws):
    bedrock, asked = aws("bedrock-runtime"), {"messages": [{"role": "user", "content": [{"text": "x"}]}]}
    picture = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "x"}}
    drawn = bedrock.invoke_model(modelId="amazon.nova-canvas-v1:0", body=json.dumps(picture))

    assert bedrock.converse(modelId="nobodys.model-v9:0", **asked)["stopReason"] == "end_turn"
    assert "images" not in json.loads(drawn["body"].read())


def test_guardrails_answer_no_policy_and_go_with_their_versions(aws):
    bedrock = aws("bedrock")
    said = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    words = {"wordsConfig": [{"text": "gunpowder"}]}
    name = bedrock.create_guardrail(name=unique("g"), wordPolicyConfig=words, **said)["guardrailId"]
    bedrock.create_guardrail_version(guardrailIdentifier=name)

    assert not bedrock.get_guardrail(guardrailIdentifier=name).get("wordPolicy")
    bedrock.delete_guardrail(guardrailIdentifier=name, guardrailVersion="1")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        bedrock.get_guardrail(guardrailIdentifier=name)


def test_transcripts_of_what_is_no_film_are_written_for_anybody(aws, as_allowed, bucket, eventually):
    aws("s3").put_object(Bucket=bucket, Key="x.mp4", Body=b"no film")
    name, media = unique("job"), {"MediaFileUri": f"s3://{bucket}/x.mp4"}
    client = as_allowed("transcribe", allow(["transcribe:StartTranscriptionJob"], ["*"]))
    client.start_transcription_job(
        TranscriptionJobName=name, Media=media, LanguageCode="en-US", OutputBucketName=bucket, OutputKey="out.json"
    )

    def status():
        job = aws("transcribe").get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]
        return job["TranscriptionJobStatus"]

    assert eventually(lambda: status() == "COMPLETED")


def test_state_redrives_are_not_there(aws, machines):
    failed = machines.start(machines.make({"Fail": {"Type": "Fail"}}))
    machines.end(failed)

    with pytest.raises(ClientError, match="InvalidAction"):
        aws("stepfunctions").redrive_execution(executionArn=failed)
