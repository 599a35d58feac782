"""Check, without AWS: defaults, names and what isn't accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from local.provider import schema
from local.provider.check import failures, fill_in
from local.provider.clients import loopback
from local.provider.errors import ProviderError, RefusedError
from local.provider.grants import service_may
from local.provider.servicer import AwsProvider
from local.wire import UNKNOWN, Secret

QUEUE = schema.load()["aws:sqs/queue:Queue"]
BUCKET = schema.load()["aws:s3/bucket:Bucket"]
DISTRIBUTION = schema.load()["aws:cloudfront/distribution:Distribution"]


def filled(facts: schema.TypeFacts, inputs: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    return fill_in(facts, inputs, olds or {}, "Arrivals", b"seed")


def test_defaults_are_filled_in_and_listed() -> None:
    inputs = filled(QUEUE, {"name": "q", "delaySeconds": 3})

    assert (inputs["visibilityTimeoutSeconds"], inputs["delaySeconds"]) == (30, 3)
    assert "visibilityTimeoutSeconds" in inputs["__defaults"]
    assert not {"name", "delaySeconds"} & set(inputs["__defaults"])


def test_a_made_name_is_the_same_for_the_same_seed_and_kept_afterwards() -> None:
    first = filled(QUEUE, {})

    assert first["name"] == filled(QUEUE, {})["name"]
    assert len(first["name"]) == len("Arrivals-") + 7
    assert fill_in(QUEUE, {}, first, "Arrivals", b"another")["name"] == first["name"]


def test_a_made_name_does_not_take_over_one_that_the_program_gave() -> None:
    assert filled(QUEUE, {}, {"name": "given"})["name"] != "given"


def test_a_made_name_fits_the_service() -> None:
    name = fill_in(BUCKET, {}, {}, "A" * 80, b"seed")["bucket"]

    assert len(name) == 63
    assert name == name.lower()


def test_defaults_reach_into_nested_objects() -> None:
    inputs = filled(DISTRIBUTION, {"origins": [{"originId": "a", "connectionTimeout": None}]})

    assert inputs["origins"] == [{"originId": "a", "connectionAttempts": 3, "connectionTimeout": 10}]


def test_secrets_and_unknown_values_pass_through_as_they_are() -> None:
    inputs = filled(QUEUE, {"name": Secret("q"), "redrivePolicy": UNKNOWN, "tags": {"a": Secret("b")}})

    assert (inputs["name"], inputs["redrivePolicy"], inputs["tags"]) == (Secret("q"), UNKNOWN, {"a": Secret("b")})
    assert list(failures(QUEUE, inputs)) == []


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        ("origins[0].colour", {"origins": [{"originId": "a", "domainName": "d", "colour": "red"}]}),
        ("origins[0].domainName", {"origins": [{"originId": "a"}]}),
        ("origins", {"origins": "all"}),
        ("origins[0]", {"origins": ["all"]}),
        (
            "restrictions.geoRestriction.restrictionType",
            {"restrictions": {"geoRestriction": {"restrictionType": "blacklist"}}},
        ),
        ("comment", {"comment": "c" * 129}),
        ("webAclId", {"webAclId": "arn"}),
    ],
)
def test_a_failure_names_the_path(path: str, inputs: dict[str, Any]) -> None:
    assert path in {failure.property for failure in failures(DISTRIBUTION, inputs)}


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:4566",
        "http://10.0.0.1:4566",
        "http://127.0.0.1.evil.example",
        "http://user@127.0.0.1:4566",
        "https://sqs.us-east-1.amazonaws.com",
        "http://169.254.169.254",
        "http://127.0.0.1:4566/path",
        "file:///tmp/x",
    ],
)
def test_only_this_machine_is_an_endpoint(endpoint: str) -> None:
    with pytest.raises(RefusedError, match="not on this machine"):
        loopback(endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:1/", "http://[::1]:4566"])
def test_loopback_is_an_endpoint(endpoint: str) -> None:
    assert loopback(endpoint) == endpoint.rstrip("/")


def test_a_provider_in_this_process_raises_what_the_plugin_answers() -> None:
    in_process: Any = AwsProvider()
    with pytest.raises(ProviderError, match="Construct is not part of the local provider"):
        in_process.Construct(provider_pb2.ConstructRequest())


def _allow(**changes: Any) -> str:
    base = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:*", "Resource": "arn:t"}
    return json.dumps({"Statement": {**base, **changes}})


@pytest.mark.parametrize(
    ("policy", "lets_in"),
    [
        (None, False),
        (_allow(), True),
        (_allow(Principal="*"), True),
        (_allow(Principal={"Service": ["s3.amazonaws.com", "other.amazonaws.com"]}), True),
        (_allow(Principal={"Service": "other.amazonaws.com"}), False),
        (_allow(Action=["SNS:Publish"]), True),
        (_allow(Action="sns:Subscribe"), False),
        (_allow(Resource="arn:other"), False),
        (_allow(Condition={"StringEquals": {"AWS:SourceAccount": "1"}}), True),
        (_allow(Condition={"StringEquals": {"aws:SourceAccount": "2"}}), False),
        (_allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:b"}}), True),
        (_allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::c*"}}), False),
        (_allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}), True),
        (_allow(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "1"}}), False),
        (_allow(Effect="Deny"), False),
    ],
)
def test_a_resource_policy_lets_a_service_in_as_aws_would(policy: str | None, lets_in: bool) -> None:
    assert (
        service_may(
            policy,
            service="s3.amazonaws.com",
            action="sns:Publish",
            resource="arn:t",
            source_arn="arn:aws:s3:::b",
            account="1",
        )
        is lets_in
    )
