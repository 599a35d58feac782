"""Encryption at rest."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import BUCKET, BUCKET_ENCRYPTION, KMS_KEY, QUEUE, STREAM, TOPIC

ALGORITHMS = {"AES256", "aws:kms", "aws:kms:dsse"}
KMS_ALIAS = "aws:kms/alias:Alias"


@rule(
    "encryption-at-rest",
    "Buckets, queues, streams and topics say how they are encrypted",
    severity=Severity.MEDIUM,
    on=resources(BUCKET, QUEUE, STREAM, TOPIC),
    judges={
        BUCKET_ENCRYPTION: ("bucket", "rules"),
        QUEUE: ("sqsManagedSseEnabled", "kmsMasterKeyId"),
        STREAM: ("encryptionType",),
        TOPIC: ("kmsMasterKeyId",),
    },
    why="A copy of a disk must be worth nothing; defaults differ by service and by age. Tables are always encrypted.",
    fix="Give the bucket an encryption configuration, the queue sqsManagedSseEnabled or a key, the stream KMS, "
    "the topic a key",
    page="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_rest_encrypt.html",
    same_as=(
        "cdk-nag AwsSolutions-SQS2",
        "checkov CKV_AWS_26",
        "checkov CKV_AWS_27",
        "checkov CKV_AWS_43",
        "prowler s3_bucket_default_encryption",
        "prowler sqs_queues_server_side_encryption_enabled",
        "prowler sns_topics_kms_encryption_at_rest_enabled",
    ),
    frameworks=("SEC08-BP02",),
    passes={f"{QUEUE} jobs": {"name": "jobs", "sqsManagedSseEnabled": True}},
    fails={f"{QUEUE} jobs": {"name": "jobs", "sqsManagedSseEnabled": False}},
    acceptable=True,
)
def encryption_at_rest(resource: Resource, context: Context) -> Iterator[str]:
    """Judge one bucket, queue, stream or topic."""
    if resource.type == BUCKET:
        yield from _bucket(resource, context.stack)
    elif resource.type == STREAM:
        if resource.known("encryptionType") != "KMS":
            yield "is not encrypted"
    elif resource.type == QUEUE and resource.given("sqsManagedSseEnabled") is True:
        return
    elif not _has_key(resource, context.stack):
        yield "has neither encryption by SQS nor a key" if resource.type == QUEUE else "has no key"


def _bucket(bucket: Resource, stack: Stack) -> Iterator[str]:
    rules = [
        rule_
        for configuration in stack.naming(bucket, BUCKET_ENCRYPTION, "bucket")
        for rule_ in configuration.known("rules") or ()
    ]
    used = {(rule_.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") for rule_ in rules}
    if not used & ALGORITHMS:
        yield "has no encryption configuration"


def _has_key(resource: Resource, stack: Stack) -> bool:
    try:
        return bool(resource.known("kmsMasterKeyId"))
    except UnknownValueError:
        return stack.named_by(resource, "kmsMasterKeyId", KMS_KEY, KMS_ALIAS) is not None
