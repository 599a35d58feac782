"""The plugin as the engine drives it: the executable as a child, and the protocol over gRPC."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from local.provider.servicer import VERSION
from local.settings import Settings
from local.wire import UNKNOWN, Archive, Asset, Secret, from_struct, to_struct
from tests.local.provider_cases import ASSUMED_BY_LAMBDA, unique
from tests.local.provider_driver import PLUGIN, Driver, State, configure, plugin

pytestmark = pytest.mark.local
QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(scope="module")
def stub(local_aws: Settings) -> Iterator[Any]:
    with plugin(local_aws.endpoint) as made:
        yield made


@pytest.fixture
def engine(stub: Any) -> Iterator[Driver]:
    made = configure(stub, region="us-east-1")
    yield made
    made.clean_up()


def failure(error: pytest.ExceptionInfo[grpc.RpcError]) -> tuple[grpc.StatusCode, str]:
    return error.value.code(), error.value.details() or ""


def test_it_says_what_it_is_before_it_is_configured(stub: Any) -> None:
    hands = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))

    assert stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
    assert (hands.accept_secrets, hands.accept_resources) == (True, True)
    assert json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema) == {"name": "aws", "version": VERSION}


def test_it_does_not_outlive_the_engine(eventually: Any) -> None:
    engine = (
        "import subprocess, sys\n"
        "plugin = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)\n"
        "print(plugin.stdout.readline())\n"
    )
    ended = subprocess.run([sys.executable, "-c", engine, str(PLUGIN)], capture_output=True, text=True, check=True)
    port = int(ended.stdout)

    eventually(lambda: not _listens(port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Parameterize", provider_pb2.ParameterizeRequest()),
        ("Call", provider_pb2.CallRequest()),
        ("Construct", provider_pb2.ConstructRequest()),
        ("GetMapping", provider_pb2.GetMappingRequest()),
        ("GetMappings", provider_pb2.GetMappingsRequest()),
    ],
)
def test_the_rest_of_the_protocol_is_refused_by_name(stub: Any, method: str, request_: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        getattr(stub, method)(request_)

    assert failure(error)[0] is grpc.StatusCode.UNIMPLEMENTED
    assert failure(error)[1].startswith(f"{method} is not part of the local provider")


def test_a_configuration_for_elsewhere_is_refused(stub: Any) -> None:
    config = {
        "region": "us-east-1",
        "profile": "production",
        "endpoints": json.dumps([{"sqs": "https://sqs.us-east-1.amazonaws.com"}]),
        "allowedAccountIds": json.dumps(["123456789012"]),
    }
    answer = stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(config)))

    assert {row.property for row in answer.failures} == {"profile", "endpoints.sqs", "allowedAccountIds"}
    with pytest.raises(grpc.RpcError) as error:
        stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(config)))
    assert failure(error)[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_only_another_region_makes_another_provider(stub: Any) -> None:
    def diff(**news: Any) -> Any:
        old = to_struct({"region": "us-east-1", "version": "7.51.0"})
        return stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=old, news=to_struct(news)))

    assert list(diff(region="eu-west-1", version="7.51.0").replaces) == ["region"]
    assert list(diff(region="us-east-1", version="7.51.1").replaces) == []
    assert list(diff(region="us-east-1", version="7.51.1").diffs) == ["version"]


@pytest.mark.parametrize(
    "endpoint", ["http://10.0.0.1:4566", "https://sqs.us-east-1.amazonaws.com", "http://127.0.0.1@evil.example"]
)
def test_an_endpoint_that_is_not_on_this_machine_is_refused(endpoint: str) -> None:
    with plugin(endpoint) as stub, pytest.raises(grpc.RpcError) as error:
        configure(stub)

    assert failure(error)[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert "not on this machine" in failure(error)[1]


def test_the_machines_own_aws_settings_are_not_read(local_aws: Settings, tmp_path: Any) -> None:
    config = tmp_path / "config"
    config.write_text("[profile production]\nendpoint_url = http://10.0.0.1\nregion = eu-west-1\n")
    with plugin(
        local_aws.endpoint,
        AWS_PROFILE="production",
        AWS_CONFIG_FILE=str(config),
        AWS_ACCESS_KEY_ID="AKIAREAL",
        AWS_ENDPOINT_URL_STS="http://10.0.0.1",
        HTTP_PROXY="http://10.0.0.1:3128",
        AWS_REGION="us-east-1",
    ) as stub:
        engine = configure(stub)

        assert engine.invoke("aws:index/getRegion:getRegion")["region"] == "us-east-1"
        assert engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "000000000000"


def test_invokes_answer_what_the_official_provider_does(engine: Driver) -> None:
    assert engine.invoke("aws:index/getPartition:getPartition") == {
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "partition": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    }
    with pytest.raises(grpc.RpcError) as error:
        engine.invoke("aws:s3/getBucket:getBucket")
    assert failure(error) == (
        grpc.StatusCode.UNIMPLEMENTED,
        "the function aws:s3/getBucket:getBucket is not available locally",
    )


def test_a_type_that_is_not_there_is_refused_by_name(engine: Driver) -> None:
    with pytest.raises(grpc.RpcError) as error:
        engine.of("aws:ec2/instance:Instance").check({})

    assert failure(error)[0] is grpc.StatusCode.UNIMPLEMENTED
    assert "aws:ec2/instance:Instance is not available locally" in failure(error)[1]


def test_the_life_of_a_queue(engine: Driver, aws: Any) -> None:
    queue = engine.of(QUEUE)
    inputs = {"name": unique("life"), "visibilityTimeoutSeconds": 60}

    planned = queue.preview(inputs)
    assert (planned["arn"], planned["url"], planned["name"]) == (UNKNOWN, UNKNOWN, inputs["name"])

    state = queue.create(inputs)
    assert state.outputs["arn"] == f"arn:aws:sqs:us-east-1:000000000000:{inputs['name']}"

    aws("sqs").set_queue_attributes(QueueUrl=state.id, Attributes={"VisibilityTimeout": "61"})
    drifted = queue.read(state)
    assert (drifted.inputs["visibilityTimeoutSeconds"], drifted.outputs["visibilityTimeoutSeconds"]) == (61, 61)
    assert list(queue.diff(drifted, inputs).diffs) == ["visibilityTimeoutSeconds"]

    later = {**inputs, "visibilityTimeoutSeconds": UNKNOWN}
    assert queue.diff(state, later).changes == provider_pb2.DiffResponse.DIFF_SOME
    assert queue.update(state, later, preview=True)["visibilityTimeoutSeconds"] is UNKNOWN
    queue.update(state, {**inputs, "visibilityTimeoutSeconds": 62})
    assert state.outputs["visibilityTimeoutSeconds"] == 62

    queue.delete(state)
    assert queue.read(state).id == ""


def test_a_resource_can_be_imported_by_its_id_alone(engine: Driver) -> None:
    queue = engine.of(QUEUE)
    made = queue.create({"name": unique("import"), "tags": {"owner": "me"}})

    found = engine.provider.Read(provider_pb2.ReadRequest(**queue.about, id=made.id))

    inputs = from_struct(found.inputs)
    assert (inputs["name"], inputs["tags"]) == (made.inputs["name"], {"owner": "me"})
    assert not queue.diff(made, inputs).detailedDiff


def test_a_secret_stays_secret_in_every_output(engine: Driver, aws: Any) -> None:
    function = engine.of(FUNCTION)
    role = engine.of("aws:iam/role:Role").create({"assumeRolePolicy": ASSUMED_BY_LAMBDA})
    code = Archive(assets={"a.py": Asset(text="handler = print")})
    inputs = {
        "role": role.outputs["arn"],
        "runtime": "python3.13",
        "handler": "a.handler",
        "code": code,
        "environment": {"variables": {"TOKEN": Secret("hush-hush"), "MODE": "fast"}},
        "description": Secret("classified"),
        "tags": {"owner": Secret("somebody")},
    }

    assert function.preview(inputs)["environment"]["variables"]["TOKEN"] == Secret("hush-hush")
    state = function.create(inputs)
    read = function.read(state)

    for outputs in (state.outputs, read.outputs):
        assert outputs["environment"] == {"variables": {"TOKEN": Secret("hush-hush"), "MODE": "fast"}}
        assert outputs["description"] == Secret("classified")
        assert outputs["tags"] == outputs["tagsAll"] == {"owner": Secret("somebody")}
    assert read.inputs["description"] == Secret("classified")
    variables = aws("lambda").get_function_configuration(FunctionName=state.id)["Environment"]["Variables"]
    assert variables["TOKEN"] == "hush-hush"


def test_a_secret_name_makes_what_holds_it_secret(engine: Driver) -> None:
    name = unique("secret")
    state = engine.of("aws:sns/topic:Topic").create({"name": Secret(name)})

    assert state.outputs["name"] == Secret(name)
    assert state.outputs["arn"] == Secret(f"arn:aws:sns:us-east-1:000000000000:{name}")


def test_a_refusal_does_not_tell_the_secret(engine: Driver) -> None:
    checked = engine.of(QUEUE).check({"name": Secret("not a name!"), "redrivePolicy": Secret("no json")})

    assert checked.failures.keys() == {"name", "redrivePolicy"}
    assert "not a name" not in str(checked.failures) and "no json" not in str(checked.failures)


def test_a_bundle_is_compared_by_its_bytes(engine: Driver, tmp_path: Any) -> None:
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(b"PK one")
    function = engine.of(FUNCTION)
    inputs = {
        "name": "compared",
        "role": "arn:aws:iam::000000000000:role/r",
        "runtime": "python3.13",
        "handler": "a.b",
        "code": Archive(path=str(bundle)),
    }
    outputs = function.preview(inputs)
    assert len(outputs["code"].hash) == 64
    state = State("compared", function.accepted(inputs), {**outputs, "code": Archive(hash=outputs["code"].hash)})

    assert "code" not in function.diff(state, inputs).diffs
    bundle.write_bytes(b"PK two")
    assert "code" in function.diff(state, inputs).diffs
    planned = function.update(state, inputs, preview=True)
    assert planned["lastModified"] is UNKNOWN


def test_half_a_resource_is_reported_with_its_id(engine: Driver, aws: Any) -> None:
    table = engine.of("aws:dynamodb/table:Table")
    inputs = {
        "name": unique("half"),
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "k",
        "attributes": [{"name": "k", "type": "S"}],
        "ttl": {"enabled": True, "attributeName": "t" * 256},
    }

    with pytest.raises(grpc.RpcError) as error:
        table.create(inputs)

    trailing: Any = error.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == inputs["name"]
    assert "was made but is not ready" in detail.reasons[0]

    half = State(detail.id, from_struct(detail.inputs), from_struct(detail.properties))
    whole = {**inputs, "ttl": {"enabled": True, "attributeName": "expires"}}
    assert "ttl" in table.diff(half, whole).diffs
    table.update(half, whole)
    assert half.outputs["ttl"] == {"enabled": True, "attributeName": "expires"}
    table.delete(half)
