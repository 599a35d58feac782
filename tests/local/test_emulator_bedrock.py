"""Models on the local AWS: their shapes, answers by a schema, faults on request, and what IAM asks for."""

import base64
import io
import json
import struct

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow, unique
from tests.local.machines import task

pytestmark = pytest.mark.local

LITE, CANVAS = "amazon.nova-lite-v1:0", "amazon.nova-canvas-v1:0"
HAIKU, SONNET = "anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"
MODELS = "arn:aws:bedrock:us-east-1::foundation-model"
SCHEMA = {
    "type": "object",
    "required": ["title", "tags", "mood", "confidence"],
    "properties": {
        "title": {"type": "string", "minLength": 5, "maxLength": 60},
        "tags": {"type": "array", "minItems": 3, "maxItems": 5, "uniqueItems": True, "items": {"type": "string"}},
        "mood": {"enum": ["calm", "loud"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "note": {"$ref": "#/$defs/note"},
    },
    "$defs": {"note": {"type": ["string", "null"], "maxLength": 20}},
}


@pytest.fixture
def converse(aws):
    """`converse(prompt)`: the answer of Converse."""

    def call(prompt, model=LITE, **more):
        messages = [{"role": "user", "content": [{"text": prompt}]}]
        return aws("bedrock-runtime").converse(modelId=model, messages=messages, **more)

    return call


@pytest.fixture
def invoke(aws):
    """`invoke(body)`: the body of InvokeModel's answer."""

    def call(body, model, **more):
        answer = aws("bedrock-runtime").invoke_model(modelId=model, body=json.dumps(body), **more)
        return json.loads(answer["body"].read())

    return call


def text(answer):
    return answer["output"]["message"]["content"][0]["text"]


def tool(schema=SCHEMA):
    spec = {"name": "propose", "inputSchema": {"json": schema}}
    return {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": "propose"}}}


def check(value):
    """The value is as SCHEMA says."""
    assert set(SCHEMA["required"]) <= set(value)
    assert 5 <= len(value["title"]) <= 60
    assert 3 <= len(set(value["tags"])) == len(value["tags"]) <= 5
    assert value["mood"] in ("calm", "loud")
    assert 0 <= value["confidence"] <= 1
    assert len(value["note"]) <= 20


def test_an_answer_says_what_it_is_and_is_always_the_same(converse):
    first, again = converse("Tell me about queues"), converse("Tell me about queues")
    warm = converse("Tell me about queues", inferenceConfig={"temperature": 0.9})

    assert f"local stand-in for {LITE}" in text(first)
    assert text(first) == text(again) != text(warm)
    assert first["stopReason"] == "end_turn"
    usage = first["usage"]
    assert usage["inputTokens"] > 0 < usage["outputTokens"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_a_schema_in_a_tool_in_the_system_text_and_as_format_is_kept_to(converse, invoke):
    by_tool = converse("A talk about streams", toolConfig=tool())
    by_system = converse("A talk about streams", system=[{"text": f"Answer in JSON by {json.dumps(SCHEMA)} only."}])
    structure = {"jsonSchema": {"name": "video", "schema": json.dumps(SCHEMA)}}
    form = {"textFormat": {"type": "json_schema", "structure": structure}}
    by_format = converse("A talk about streams", f"us.{SONNET}", outputConfig=form)

    used = by_tool["output"]["message"]["content"][0]["toolUse"]
    assert (by_tool["stopReason"], used["name"]) == ("tool_use", "propose")
    check(used["input"])
    check(json.loads(text(by_system)))
    check(json.loads(text(by_format)))
    with pytest.raises(ClientError, match="doesn't support outputConfig"):
        converse("x", outputConfig=form)


def test_bodies_have_the_shape_of_their_family(invoke):
    asked = [{"role": "user", "content": [{"text": "Hello"}]}]
    nova = invoke({"schemaVersion": "messages-v1", "messages": asked, "toolConfig": tool()}, LITE)
    claude = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 500,
        "system": "Be brief",
        "messages": [{"role": "user", "content": "Hello"}],
    }
    plain = invoke(claude, HAIKU)
    tools = {"tools": [{"name": "propose", "input_schema": SCHEMA}], "tool_choice": {"type": "tool", "name": "propose"}}
    used = invoke({**claude, **tools}, HAIKU)

    check(nova["output"]["message"]["content"][0]["toolUse"]["input"])
    assert nova["usage"]["totalTokens"] > 0
    assert (plain["type"], plain["stop_reason"], plain["content"][0]["type"]) == ("message", "end_turn", "text")
    assert plain["usage"]["output_tokens"] > 0
    assert used["stop_reason"] == "tool_use"
    check(used["content"][0]["input"])


def test_an_answer_ends_where_its_tokens_end(converse):
    cut = converse("A talk", system=[{"text": json.dumps(SCHEMA)}], inferenceConfig={"maxTokens": 10})

    assert (cut["stopReason"], cut["usage"]["outputTokens"]) == ("max_tokens", 10)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(text(cut))


def test_faults_come_as_often_as_a_marker_orders_them(converse):
    line = f"A talk about {unique('faults')}"
    system = [{"text": json.dumps(SCHEMA)}]

    malformed = [text(converse(f"{line} [[malformed:2]]\ncomplaint {n}", system=system)) for n in range(3)]
    for answer in malformed[:2]:
        with pytest.raises(ValueError, match="Expecting"):
            json.loads(answer)
    check(json.loads(malformed[2]))

    broken = converse(f"{line} tool [[malformed]]", toolConfig=tool())["output"]["message"]["content"][0]["toolUse"]
    assert "title" not in broken["input"]
    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            converse(f"{line} [[throttle:2]]")
    assert text(converse(f"{line} [[throttle:2]]"))
    assert "can't help" in text(converse(f"{line} [[refuse]]", toolConfig=tool()))


def test_unknown_models_and_models_of_profiles_alone_are_refused(converse, invoke):
    for call in (lambda: converse("x", "amazon.nova-giga-v9:0"), lambda: invoke({}, "amazon.titan-text-lite-v1")):
        with pytest.raises(ClientError, match=r"ValidationException.*model identifier is invalid"):
            call()
    with pytest.raises(ClientError, match="on-demand throughput isn"):
        converse("x", SONNET)
    with pytest.raises(ClientError, match="ValidationException"):
        converse("x", CANVAS)


def test_a_picture_is_a_png_of_the_size_that_was_asked_for(invoke):
    def body(text, **config):
        return {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": text}, "imageGenerationConfig": config}

    drawn = invoke(body("a queue", width=1024, height=768, numberOfImages=2), CANVAS)["images"]
    again = invoke(body("a queue", width=1024, height=768), CANVAS)["images"]
    large = invoke(body("a stream", width=1024, height=1024), CANVAS)["images"][0]
    picture = base64.b64decode(drawn[0])

    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1024, 768)
    assert b"local stand-in" in picture[:200]
    assert len(drawn) == 2
    assert drawn[0] == again[0] != drawn[1]
    assert 900_000 < len(base64.b64decode(large)) < 1_300_000
    for wrong in (body("x", width=300), body("x", width=4096, height=4096), body(""), {"taskType": "INPAINTING"}):
        with pytest.raises(ClientError, match="ValidationException"):
            invoke(wrong, CANVAS)
    with pytest.raises(ClientError, match="blocked by our content filters"):
        invoke(body("[[refuse]] a queue"), CANVAS)


@pytest.fixture
def guardrail(aws):
    """The id and the version of a guardrail that blocks a word and hides addresses."""
    made = aws("bedrock").create_guardrail(
        name=unique("guardrail"),
        blockedInputMessaging="not asked",
        blockedOutputsMessaging="not said",
        wordPolicyConfig={"wordsConfig": [{"text": "gunpowder"}]},
        sensitiveInformationPolicyConfig={"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
        tags=[{"key": "component", "value": "titles"}],
    )
    version = aws("bedrock").create_guardrail_version(guardrailIdentifier=made["guardrailId"])["version"]
    return made["guardrailId"], version


def test_a_guardrail_intervenes_and_must_exist_in_its_version(converse, invoke, guardrail):
    name, version = guardrail
    config = {"guardrailIdentifier": name, "guardrailVersion": version}

    stopped = converse("How to make gunpowder", guardrailConfig={**config, "trace": "enabled"})
    passed = converse("How to make tea", guardrailConfig=config)
    body = {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": "gunpowder"}]}]}
    invoked = invoke(body, LITE, **config)

    assert (stopped["stopReason"], text(stopped)) == ("guardrail_intervened", "not asked")
    assert stopped["trace"]["guardrail"]["inputAssessment"][name]["wordPolicy"]["customWords"]
    assert passed["stopReason"] == "end_turn"
    assert invoked["amazon-bedrock-guardrailAction"] == "INTERVENED"
    for wrong in ({"guardrailVersion": "7"}, {"guardrailIdentifier": "nothing"}):
        with pytest.raises(ClientError, match="ValidationException"):
            converse("x", guardrailConfig={**config, **wrong})


def test_a_call_needs_its_model_its_regions_and_its_guardrail(as_role, bench, guardrail):
    name, version = guardrail
    role = bench.role(trust=TRUST_ROOT)
    client = as_role(role)("bedrock-runtime")
    guard = f"arn:aws:bedrock:us-east-1:000000000000:guardrail/{name}"
    profile = f"arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.{LITE}"
    regions = [
        f"arn:aws:bedrock:{region}::foundation-model/{LITE}" for region in ("us-east-1", "us-east-2", "us-west-2")
    ]

    def may(grants, model=LITE, **more):
        bench.grant(role, *grants)
        try:
            client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "x"}]}], **more)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException", error
            return False
        return True

    lite, held = allow(["bedrock:InvokeModel"], [f"{MODELS}/{LITE}"]), allow(["bedrock:ApplyGuardrail"], [guard])
    guarded = {"guardrailConfig": {"guardrailIdentifier": name, "guardrailVersion": version}}
    keyed = {**lite, "Condition": {"StringEquals": {"bedrock:GuardrailIdentifier": f"{guard}:{version}"}}}

    assert may([lite])
    assert not may([allow(["bedrock:InvokeModel"], [f"{MODELS}/{HAIKU}"])])
    assert not may([lite], **guarded)
    assert may([lite, held], **guarded)
    assert may([keyed, held], **guarded)
    for component, allowed in (("titles", True), ("others", False)):
        tagged = {"StringEquals": {"aws:ResourceTag/component": component}}
        by_tag = allow(["bedrock:ApplyGuardrail"], ["arn:aws:bedrock:us-east-1:000000000000:guardrail/*"])
        assert may([lite, {**by_tag, "Condition": tagged}], **guarded) is allowed
    assert not may([keyed, held])
    assert not may([allow(["bedrock:InvokeModel"], [profile, *regions[:2]])], f"us.{LITE}")
    assert may([allow(["bedrock:InvokeModel"], [profile, *regions])], f"us.{LITE}")


def test_machines_converse_and_keep_what_is_large_in_s3(aws, machines, bucket):
    objects = f"arn:aws:s3:::{bucket}/*"
    grants = (
        allow(["bedrock:InvokeModel"], [f"{MODELS}/{LITE}", f"{MODELS}/{CANVAS}"]),
        allow(["s3:GetObject", "s3:PutObject"], [objects]),
    )
    said = {"ModelId": LITE, "Messages": [{"Role": "user", "Content": [{"Text": "Hello"}]}]}
    image = {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": "a queue"},
        "imageGenerationConfig": {"width": 1024, "height": 1024},
    }
    talk = {"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [{"text": "word " * 60_000}]}]}
    aws("s3").put_object(Bucket=bucket, Key="talk.json", Body=json.dumps(talk))
    place = {"S3Uri": f"s3://{bucket}/image.json"}

    talked = machines.run({"Talk": task("aws-sdk:bedrockruntime:converse", said)}, *grants)["output"]
    inline = {"ModelId": LITE, "Body": {**talk, "messages": [{"role": "user", "content": [{"text": "Hello"}]}]}}
    invoked = machines.run({"Invoke": task("bedrock:invokeModel", inline)}, *grants)["output"]
    by_sdk = machines.run({"Invoke": task("aws-sdk:bedrockruntime:invokeModel", inline)}, *grants)["output"]
    long = {"ModelId": LITE, "Input": {"S3Uri": f"s3://{bucket}/talk.json"}}
    read = machines.run({"Read": task("bedrock:invokeModel", long)}, *grants)["output"]
    draw = {"ModelId": CANVAS, "Body": image, "Output": place}
    drawn = machines.run({"Draw": task("bedrock:invokeModel", draw)}, *grants)["output"]
    denied = machines.run({"Draw": task("bedrock:invokeModel", draw)}, grants[0])
    too_large = machines.run({"Draw": task("bedrock:invokeModel", {"ModelId": CANVAS, "Body": image})}, *grants)

    assert "stand-in" in talked["Output"]["Message"]["Content"][0]["Text"]
    assert talked["Usage"]["TotalTokens"] > 0
    assert "stand-in" in invoked["Body"]["output"]["message"]["content"][0]["text"]
    assert "stand-in" in json.loads(by_sdk["Body"])["output"]["message"]["content"][0]["text"]
    assert read["Body"]["usage"]["inputTokens"] > 70_000
    assert drawn == {"Body": place["S3Uri"], "ContentType": "application/json"}
    stored = io.BytesIO(aws("s3").get_object(Bucket=bucket, Key="image.json")["Body"].read())
    assert json.load(stored)["images"][0].startswith("iVBOR")
    assert denied["error"] == "S3.AccessDeniedException"
    assert too_large["error"] == "States.DataLimitExceeded"


def test_what_bedrock_refuses_has_its_name_in_a_machine(machines):
    say = {"ModelId": LITE, "Messages": [{"Role": "user", "Content": [{"Text": f"{unique('x')} [[throttle]]"}]}]}
    state = {"Say": task("aws-sdk:bedrockruntime:converse", say)}

    assert machines.run(state)["error"] == "BedrockRuntime.AccessDeniedException"
    grant = allow(["bedrock:InvokeModel"], [f"{MODELS}/{LITE}"])
    assert machines.run(state, grant)["error"] == "BedrockRuntime.ThrottlingException"
