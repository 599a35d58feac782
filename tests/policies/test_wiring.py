"""Rules that follow wires: at the first preview by dependency and computed ARN, after the update by value."""

from __future__ import annotations

import json

import pytest

from policies.framework.types import (
    BUCKET,
    BUCKET_ENCRYPTION,
    BUCKET_NOTIFICATION,
    BUCKET_POLICY,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    KMS_KEY,
    LOG_GROUP,
    METRIC_ALARM,
    PUBLIC_ACCESS_BLOCK,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    SUBSCRIPTION,
    TOPIC,
    TOPIC_POLICY,
)
from policies.rules.subjects import document
from tests.policies.builders import UNKNOWN, arn, record, urn_of, violations
from tests.policies.posters import Posters

both_times = pytest.mark.parametrize("first_preview", [True, False], ids=["first preview", "after the update"])
JOBS, DEAD = arn("sqs", "video-test-jobs"), arn("sqs", "video-test-jobs-dlq")


def rules(posters: Posters) -> set[str]:
    """The rules that the stack violates."""
    return {each.rule for each in violations(posters.records())}


BREAKS = {
    "tls: bucket": (lambda p: p.without(BUCKET_POLICY, "posters-uploads"), {"tls-only", "ledger-statements"}),
    "tls: topic": (lambda p: p.without(TOPIC_POLICY, "posters-arrivals"), {"tls-only", "ledger-statements"}),
    "tls: queue": (lambda p: p.without(QUEUE_POLICY, "posters-jobs-dlq"), {"tls-only", "ledger-statements"}),
    "encryption: bucket": (lambda p: p.without(BUCKET_ENCRYPTION, "posters-uploads"), {"encryption-at-rest"}),
    "encryption: queue": (
        lambda p: p.change(QUEUE, "posters-jobs", sqsManagedSseEnabled=False),
        {"encryption-at-rest"},
    ),
    "public access": (lambda p: p.without(PUBLIC_ACCESS_BLOCK, "posters-renditions"), {"s3-public-access-block"}),
    "dead letters: none": (lambda p: p.change(QUEUE, "posters-jobs", redrivePolicy=""), {"queue-dead-letters"}),
    "dead letters: of another stack": (
        lambda p: p.change(
            QUEUE,
            "posters-jobs",
            redrivePolicy=json.dumps({"deadLetterTargetArn": arn("sqs", "x"), "maxReceiveCount": 3}),
        ),
        {"queue-dead-letters"},
    ),
    "dead letters: to itself": (
        lambda p: p.change(
            QUEUE, "posters-jobs", redrivePolicy=json.dumps({"deadLetterTargetArn": JOBS, "maxReceiveCount": 3})
        ),
        {"queue-dead-letters", "dead-letter-queue-guarded", "dead-letter-queue-alarm"},
    ),
    "dead letters: nobody is told": (
        lambda p: p.without(METRIC_ALARM, "posters-jobs-dlq"),
        {"dead-letter-queue-alarm"},
    ),
    "dead letters: told of their age": (
        lambda p: p.change(METRIC_ALARM, "posters-jobs-dlq", metricName="ApproximateAgeOfOldestMessage"),
        {"dead-letter-queue-alarm"},
    ),
    "dead letters: at once": (
        lambda p: p.change(
            QUEUE, "posters-jobs", redrivePolicy=json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": "1"})
        ),
        {"queue-dead-letters"},
    ),
    "dead letters: of anybody": (
        lambda p: p.change(QUEUE, "posters-jobs-dlq", redriveAllowPolicy=""),
        {"dead-letter-queue-guarded"},
    ),
    "dead letters: too short": (
        lambda p: p.change(QUEUE, "posters-jobs-dlq", messageRetentionSeconds=3600),
        {"dead-letter-queue-retention"},
    ),
    "visibility": (
        lambda p: p.change(QUEUE, "posters-jobs", visibilityTimeoutSeconds=179),
        {"queue-visibility-timeout"},
    ),
    "visibility: longer timeout": (
        lambda p: p.change(FUNCTION, "posters-worker", timeout=31),
        {"queue-visibility-timeout"},
    ),
    "visibility: batching window": (
        lambda p: p.change(EVENT_SOURCE_MAPPING, "posters-worker", maximumBatchingWindowInSeconds=1),
        {"queue-visibility-timeout"},
    ),
    "partial batches": (
        lambda p: p.change(EVENT_SOURCE_MAPPING, "posters-worker", functionResponseTypes=[]),
        {"queue-partial-batches"},
    ),
    "retention": (lambda p: p.change(LOG_GROUP, "posters-worker", retentionInDays=0), {"log-retention"}),
    "log group": (
        lambda p: p.change(LOG_GROUP, "posters-worker", name="/aws/lambda/video-test-old"),
        {"function-log-group"},
    ),
    "tags": (lambda p: p.change(ROLE, "posters-worker", tags={"project": "video"}), {"tags"}),
    "inline policy": (lambda p: p.change(TOPIC, "posters-arrivals", policy="{}"), {"resource-policy-apart"}),
    "inline policy: unknown": (
        lambda p: p.change(TOPIC, "posters-arrivals", policy=UNKNOWN),
        {"resource-policy-apart"},
    ),
}


@both_times
@pytest.mark.parametrize("case", BREAKS)
def test_one_break_is_found_by_the_rules_it_breaks(case, first_preview):
    break_, expected = BREAKS[case]
    assert rules(break_(Posters(first_preview=first_preview))) == expected


@both_times
def test_a_role_used_twice_is_found(first_preview):
    posters = Posters(first_preview=first_preview)
    (worker,) = [each for each in posters.records() if each["type"] == FUNCTION]
    copy = {**worker, "name": "twin", "urn": urn_of(FUNCTION, "twin"), "props": {**worker["props"], "name": "twin"}}
    (found,) = violations(posters.add(copy).records(), "iam-one-principal-one-role")
    assert "posters-worker, twin" in found.message


def test_a_wire_that_leads_nowhere_known_cant_be_judged():
    posters = Posters().change(EVENT_SOURCE_MAPPING, "posters-worker", eventSourceArn=UNKNOWN)
    (mapping,) = [each for each in posters._records if each["type"] == EVENT_SOURCE_MAPPING]
    mapping["propertyDependencies"] = {}
    expected = {"queue-visibility-timeout", "queue-dead-letters", "queue-partial-batches", "s3-no-notification-loop"}
    assert expected <= rules(posters)


def test_a_policy_that_may_be_of_any_queue_leaves_both_in_doubt():
    posters = Posters().change(QUEUE_POLICY, "posters-jobs", queueUrl=UNKNOWN)
    (policy,) = [each for each in posters._records if (each["type"], each["name"]) == (QUEUE_POLICY, "posters-jobs")]
    policy["propertyDependencies"] = {"queueUrl": [urn_of(QUEUE, "posters-jobs"), urn_of(QUEUE, "posters-jobs-dlq")]}
    (found,) = violations(posters.records(), "tls-only")
    assert "cannot be judged: queueUrl" in found.message


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Action": "sqs:SendMessage"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceAccount": "1"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["false", "true"]}}},
        {"Condition": {}},
        {"Resource": DEAD},
    ],
)
def test_a_denial_that_leaves_somebody_out_isnt_tls_only(statement):
    body = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": JOBS,
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    posters = Posters().change(QUEUE_POLICY, "posters-jobs", policy=json.dumps(document(body)))
    assert violations(posters.records(), "tls-only") == []
    posters.change(QUEUE_POLICY, "posters-jobs", policy=json.dumps(document({**body, **statement})))
    assert violations(posters.records(), "tls-only")


def test_a_key_made_in_the_stack_encrypts():
    posters = Posters(first_preview=True).add(record(KMS_KEY, "key", {"arn": UNKNOWN}))
    posters.accepted = []
    posters.change(TOPIC, "posters-arrivals", kmsMasterKeyId=UNKNOWN)
    (topic,) = [each for each in posters._records if each["type"] == TOPIC]
    assert violations(posters.records(), "encryption-at-rest")
    topic["propertyDependencies"]["kmsMasterKeyId"] = [urn_of(KMS_KEY, "key")]
    assert violations(posters.records(), "encryption-at-rest") == []


@both_times
@pytest.mark.parametrize(
    ("written", "loops"),
    [
        ("video-test-posters-uploads/uploads/*", True),
        ("video-test-posters-uploads/*", True),
        ("video-test-posters-uploads/up*", True),
        ("*", True),
        ("video-test-posters-uploads/uploads/small/*", True),
        ("video-test-posters-uploads/thumb/*", False),
        ("video-test-posters-uploads-2/uploads/*", False),
    ],
)
def test_a_loop_is_followed_over_topic_and_queue(written, loops, first_preview):
    body = {
        "Effect": "Allow",
        "Action": "S3:putobject",
        "Resource": f"arn:aws:s3:::{written}" if written != "*" else "*",
    }
    posters = Posters(first_preview=first_preview)
    posters.change(ROLE_POLICY, "posters-worker", policy=json.dumps(document(body)))
    assert ("s3-no-notification-loop" in rules(posters)) == loops


def test_a_loop_is_found_where_the_bucket_calls_the_function_or_fills_the_queue():
    function_arn = arn("lambda", "function:video-test-worker")
    body = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::video-test-posters-uploads/*"}
    for target in (
        {"lambdaFunctions": [{"lambdaFunctionArn": function_arn}]},
        {"queues": [{"queueArn": JOBS}]},
    ):
        posters = Posters().change(BUCKET_NOTIFICATION, "posters-uploads", topics=None, **target)
        posters.change(ROLE_POLICY, "posters-worker", policy=json.dumps(document(body)))
        assert violations(posters.records(), "s3-no-notification-loop")


def test_a_topic_that_feeds_nobody_of_the_stack_makes_no_loop():
    posters = Posters().change(SUBSCRIPTION, "posters-jobs", endpoint="ops@example.com", protocol="email")
    assert violations(posters.records(), "s3-no-notification-loop") == []


def test_a_mapping_of_a_foreign_queue_is_judged_by_what_it_holds_itself():
    posters = Posters().change(EVENT_SOURCE_MAPPING, "posters-worker", eventSourceArn=arn("sqs", "elsewhere"))
    posters.change(EVENT_SOURCE_MAPPING, "posters-worker", functionResponseTypes=[])
    assert rules(posters) == {"queue-partial-batches"}
    posters.change(EVENT_SOURCE_MAPPING, "posters-worker", eventSourceArn=arn("dynamodb", "table/t/stream/1"))
    assert rules(posters) == set()


def test_a_function_may_name_its_own_log_group():
    posters = Posters().change(LOG_GROUP, "posters-worker", name="/video/test/worker")
    assert rules(posters) == {"function-log-group"}
    posters.change(FUNCTION, "posters-worker", loggingConfig={"logGroup": "/video/test/worker"})
    assert rules(posters) == set()


def test_a_bucket_named_by_aws_cant_be_compared_with_its_policy():
    posters = Posters().change(BUCKET, "posters-uploads", bucket=UNKNOWN, arn=None)
    assert "tls-only" in rules(posters)


def test_a_redrive_policy_may_be_a_resource_beside_the_queue():
    posters = Posters()
    redrive = next(each for each in posters.records() if each["name"] == "posters-jobs" and each["type"] == QUEUE)
    text = redrive["props"]["redrivePolicy"]
    posters.change(QUEUE, "posters-jobs", redrivePolicy=None)
    assert rules(posters) == {"queue-dead-letters"}
    beside = record("aws:sqs/redrivePolicy:RedrivePolicy", "r", {"queueUrl": "video-test-jobs", "redrivePolicy": text})
    assert rules(posters.add(beside)) == set()


def test_an_older_type_name_hides_no_bucket():
    old = record("aws:s3/bucketV2:BucketV2", "old", {"bucket": "old", "tags": {}})
    found = {each.rule for each in violations([old])}
    assert {"s3-public-access-block", "tls-only", "encryption-at-rest", "tags"} <= found
