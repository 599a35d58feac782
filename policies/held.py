"""What AWS holds for one resource: each policy that grants something on it, or to it. All calls only read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from .framework.resources import Resource
from .framework.types import (
    ATTACHMENT,
    BUCKET,
    BUCKET_POLICY,
    EVENT_BUS,
    FUNCTION,
    FUNCTION_URL,
    KMS_GRANT,
    KMS_KEY,
    LAMBDA_PERMISSION,
    QUEUE,
    QUEUE_POLICY,
    REST_API,
    ROLE,
    ROLE_POLICY,
    STREAM,
    TABLE,
    TOPIC,
    TOPIC_POLICY,
)
from .iam.documents import parse

SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
_BY_AWS: Final = "__default_policy_ID"
"""The Id of the policy that SNS gives a topic: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""

ABSENT: Final = frozenset(
    {
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "PolicyNotFoundException",
        "ResourceNotFoundException",
    }
)


_KEY_POLICY: Final = "aws:kms/keyPolicy:KeyPolicy"
_API_POLICY: Final = "aws:apigateway/restApiPolicy:RestApiPolicy"
_BUS_POLICY: Final = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
_TABLE_POLICY: Final = "aws:dynamodb/resourcePolicy:ResourcePolicy"
_STREAM_POLICY: Final = "aws:kinesis/resourcePolicy:ResourcePolicy"
_SECRET_POLICY: Final = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type


@dataclass(frozen=True)
class Held:
    """A document that AWS holds for a resource."""

    type: str
    mark: str
    """Tells it from others of its type on the same resource."""

    props: Mapping[str, Any]


Get = Callable[[str], Any]


def _role(role: Resource, get: Get) -> Iterator[Held]:
    iam, name = get("iam"), role.known("name")
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    yield Held(ROLE, "", {"assumeRolePolicy": _text(trust)})
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for inline in page["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=inline)["PolicyDocument"]
            yield Held(ROLE_POLICY, inline, {"role": name, "name": inline, "policy": _text(document)})
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for attached in page["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            yield Held(ATTACHMENT, arn, {"role": name, "policyArn": arn, "policy": _text(document)})


def _function(function: Resource, get: Get) -> Iterator[Held]:
    """Its own policy and URL, and those of its versions and aliases, which are resources of their own.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    lambda_, name = get("lambda"), function.known("name")
    versions = lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    aliases = lambda_.get_paginator("list_aliases").paginate(FunctionName=name)
    numbers = [one["Version"] for page in versions for one in page["Versions"] if one["Version"] != "$LATEST"]
    for qualifier in ("", *numbers, *(one["Name"] for page in aliases for one in page["Aliases"])):
        for statement in _statements_on(lambda_, name, qualifier):
            yield Held(LAMBDA_PERMISSION, statement.get("Sid", ""), _permission(name, qualifier, statement))
    for page in lambda_.get_paginator("list_function_url_configs").paginate(FunctionName=name):
        for url in page["FunctionUrlConfigs"]:
            yield Held(FUNCTION_URL, "", {"functionName": name, "authorizationType": url["AuthType"]})


def _statements_on(lambda_: Any, name: str, qualifier: str) -> list[dict[str, Any]]:
    try:
        policy = lambda_.get_policy(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return []
        raise
    return list(json.loads(policy)["Statement"])


def _permission(function: str, qualifier: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement as the permission that adds it: AddPermission can say no more.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    (parsed,) = parse({"Statement": [statement]})
    keys = {key.lower(): values[0] for tests in parsed.conditions.values() for key, values in tests.items()}
    sources = {prop: keys.get(key.lower()) for prop, key in _CONDITIONS_OF_PERMISSIONS.items()}
    (principal, *_), *_ = parsed.principals.values()
    return {
        "function": function,
        "statementId": parsed.sid,
        "action": parsed.actions[0],
        "principal": principal,
        "qualifier": qualifier or None,
        **sources,
    }


def _key(key: Resource, get: Get) -> Iterator[Held]:
    """The policy where it isn't the one that the key was made with, and grants.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    kms, id_ = get("kms"), key.known("keyId")
    policy = kms.get_key_policy(KeyId=id_, PolicyName="default")["Policy"]
    if _meaning(policy) != _meaning(key.known("policy")):
        yield Held(_KEY_POLICY, "", {"keyId": id_, "policy": policy})
    for page in kms.get_paginator("list_grants").paginate(KeyId=id_):
        for grant in page["Grants"]:
            props = {"keyId": id_, "granteePrincipal": grant["GranteePrincipal"], "operations": grant["Operations"]}
            props["grantId"] = grant["GrantId"]
            yield Held(KMS_GRANT, grant["GrantId"], props)


def _one(type_: str, prop: str, address: str, read: Callable[[Any, Any], Any], service: str) -> Any:
    """A reader of a resource that has at most one policy."""

    def reader(owner: Resource, get: Get) -> Iterator[Held]:
        named = owner.known(address)
        policy = read(get(service), named)
        if policy and policy != "{}":
            yield Held(type_, "", {prop: named, "policy": _text(policy)})

    return reader


def _topic_policy(sns: Any, arn: str) -> str:
    policy = sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy", "")
    return "" if _BY_AWS in policy else policy


def _queue_policy(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return answer.get("Attributes", {}).get("Policy", "")


def _api_policy(apigateway: Any, arn: str) -> str:
    """API Gateway answers it with escaped quotes: https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html"""
    api = apigateway.get_rest_api(restApiId=arn.rsplit("/", 1)[-1])
    return api.get("policy", "").replace('\\"', '"')


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _meaning(policy: str) -> set[Any]:
    return {statement.meaning() for statement in parse(policy)}


_CONDITIONS_OF_PERMISSIONS: Final = {
    "sourceArn": "aws:SourceArn",
    "sourceAccount": "aws:SourceAccount",
    "principalOrgId": "aws:PrincipalOrgID",
    "functionUrlAuthType": "lambda:FunctionUrlAuthType",
    "eventSourceToken": "lambda:EventSourceToken",
}

NAMED_BY: Final = {
    ROLE_POLICY: ("role", ROLE),
    ATTACHMENT: ("role", ROLE),
    LAMBDA_PERMISSION: ("function", FUNCTION),
    FUNCTION_URL: ("functionName", FUNCTION),
    QUEUE_POLICY: ("queueUrl", QUEUE),
    TOPIC_POLICY: ("arn", TOPIC),
    BUCKET_POLICY: ("bucket", BUCKET),
    _KEY_POLICY: ("keyId", KMS_KEY),
    KMS_GRANT: ("keyId", KMS_KEY),
    _API_POLICY: ("restApiId", REST_API),
    _BUS_POLICY: ("eventBusName", EVENT_BUS),
    _TABLE_POLICY: ("resourceArn", TABLE),
    _STREAM_POLICY: ("resourceArn", STREAM),
    _SECRET_POLICY: ("secretArn", SECRET),
}
"""Policy → the property that names what it speaks for, and that one's type."""

MARKED_BY: Final = {
    ROLE_POLICY: "name",
    ATTACHMENT: "policyArn",
    LAMBDA_PERMISSION: "statementId",
    KMS_GRANT: "grantId",
}

READERS: Final[dict[str, Callable[[Resource, Get], Iterator[Held]]]] = {
    ROLE: _role,
    FUNCTION: _function,
    KMS_KEY: _key,
    QUEUE: _one(QUEUE_POLICY, "queueUrl", "url", _queue_policy, "sqs"),
    TOPIC: _one(TOPIC_POLICY, "arn", "arn", _topic_policy, "sns"),
    BUCKET: _one(BUCKET_POLICY, "bucket", "bucket", lambda s3, name: s3.get_bucket_policy(Bucket=name)["Policy"], "s3"),
    REST_API: _one(_API_POLICY, "restApiId", "arn", _api_policy, "apigateway"),
    EVENT_BUS: _one(
        _BUS_POLICY,
        "eventBusName",
        "name",
        lambda events, name: events.describe_event_bus(Name=name).get("Policy"),
        "events",
    ),
    TABLE: _one(
        _TABLE_POLICY,
        "resourceArn",
        "arn",
        lambda dynamodb, arn: dynamodb.get_resource_policy(ResourceArn=arn)["Policy"],
        "dynamodb",
    ),
    STREAM: _one(
        _STREAM_POLICY,
        "resourceArn",
        "arn",
        lambda kinesis, arn: kinesis.get_resource_policy(ResourceARN=arn)["Policy"],
        "kinesis",
    ),
    SECRET: _one(
        _SECRET_POLICY,
        "secretArn",
        "arn",
        lambda secrets, arn: secrets.get_resource_policy(SecretId=arn).get("ResourcePolicy"),
        "secretsmanager",
    ),
}
