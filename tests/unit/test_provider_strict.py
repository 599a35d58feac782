"""Calls held against the service models, without any server."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
import regex
from botocore.model import Shape

from local.provider.strict import UNREADABLE_PATTERNS, compiled, problems_of

SERVICES = [
    *("apigateway", "cloudwatch", "cognito-idp"),
    *("cloudfront", "dynamodb", "events", "iam", "kinesis", "lambda", "logs", "pipes", "s3", "scheduler", "sns", "sqs"),
    *("stepfunctions", "sts"),
]


def shape(service: str, name: str) -> Shape:
    found = botocore.session.get_session().get_service_model(service).operation_model(name).input_shape
    assert found is not None
    return found


def problems(service: str, name: str, **params: Any) -> list[str]:
    return list(problems_of(params, shape(service, name), ""))


def test_every_pattern_can_be_checked_but_for_those_that_are_listed() -> None:
    unreadable = set()
    for service in SERVICES:
        model = botocore.session.get_session().get_service_model(service)
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            try:
                compiled(pattern or "")
            except regex.error:
                unreadable.add(pattern)

    assert unreadable == UNREADABLE_PATTERNS


@pytest.mark.parametrize(
    ("service", "name", "params", "found"),
    [
        ("iam", "GetRole", {}, ["RoleName is missing"]),
        ("iam", "GetRole", {"RoleName": 1}, ["RoleName must be a text"]),
        ("iam", "GetRole", {"RoleName": "r", "Colour": "red"}, ["Colour is unknown to AWS"]),
        (
            "iam",
            "GetRole",
            {"RoleName": ""},
            ["RoleName has 0 characters, at least 1", r"RoleName must match [\w+=,.@-]+"],
        ),
        ("iam", "UpdateRole", {"RoleName": "r", "MaxSessionDuration": 1}, ["MaxSessionDuration is 1, at least 3600"]),
        ("iam", "UpdateRole", {"RoleName": "r", "MaxSessionDuration": True}, ["MaxSessionDuration must be a number"]),
        ("sqs", "TagQueue", {"QueueUrl": "u", "Tags": ["a"]}, ["Tags must be a map"]),
        ("sqs", "UntagQueue", {"QueueUrl": "u", "TagKeys": "a"}, ["TagKeys must be a list"]),
        (
            "s3",
            "PutBucketTagging",
            {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k"}]}},
            ["Tagging.TagSet[0].Value is missing"],
        ),
        ("s3", "PutBucketTagging", {"Bucket": "b", "Tagging": []}, ["Tagging must be a structure"]),
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f", "ZipFile": 1}, ["ZipFile must be bytes"]),
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f", "Publish": "yes"}, ["Publish must be true or false"]),
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f", "ZipFile": b"zip", "Publish": True}, []),
    ],
)
def test_a_call_is_refused_for_what_the_model_says(
    service: str, name: str, params: dict[str, Any], found: list[str]
) -> None:
    assert problems(service, name, **params) == found


def test_a_key_of_a_map_is_held_to_its_pattern() -> None:
    variables = {"Environment": {"Variables": {"1st": "x"}}}

    assert "key '1st' must match" in problems("lambda", "UpdateFunctionConfiguration", FunctionName="f", **variables)[0]


def test_no_value_is_quoted() -> None:
    secret = "hush hush"

    assert secret not in str(problems("iam", "GetRole", RoleName=secret))


def test_a_token_that_botocore_makes_is_not_missing() -> None:
    needs = shape("lambda", "CreateFunction")

    assert list(problems_of({}, needs, "", {"FunctionName", "Role", "Code"})) == []
