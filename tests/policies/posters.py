"""The smallest stack that meets every rule of the pack: the fan-out pattern with one converter."""

from __future__ import annotations

import copy
import json
from typing import Any

from policies.framework.resources import UNKNOWN
from policies.framework.types import (
    BUCKET,
    BUCKET_ENCRYPTION,
    BUCKET_LIFECYCLE,
    BUCKET_NOTIFICATION,
    BUCKET_POLICY,
    DISTRIBUTION,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
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
from tests.policies.builders import (
    ACCOUNT,
    COMPUTED,
    PATTERN_TYPE,
    REGION,
    Record,
    allow,
    arn,
    grant,
    identity_text,
    policy_text,
    record,
    tls,
)

TAGS = {"project": "video", "stack": "test", "component": "posters", "owner": "media", "cost-centre": "42"}

EDGE = {
    "enabled": True,
    "defaultCacheBehavior": {
        "viewerProtocolPolicy": "redirect-to-https",
        "responseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    },
    "viewerCertificate": {"acmCertificateArn": "c", "minimumProtocolVersion": "TLSv1.2_2021"},
}


class Posters:
    """Uploads → topic → queue → function → renditions → distribution: one of each, and all rules hold.

    `first_preview` leaves unknown what AWS makes; otherwise the stack has been updated.
    """

    def __init__(self, *, first_preview: bool = False) -> None:
        distribution_arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
        self.awaited = {"posters-cdn.arn": UNKNOWN if first_preview else distribution_arn}
        self._filled = {"posters-cdn.arn": distribution_arn}
        self.grants = [
            grant(["s3:GetObject"], ["arn:aws:s3:::video-test-posters-uploads/uploads/*"]),
            grant(["s3:PutObject"], ["arn:aws:s3:::video-test-posters-renditions/thumb/*"]),
            grant(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [arn("sqs", "video-test-jobs")]
            ),
            grant(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                [arn("logs", "log-group:/aws/lambda/video-test-worker:*")],
            ),
            grant(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        ]
        self.statements: list[dict[str, Any]] = []
        self.accepted = [
            {"rule": "encryption-at-rest", "resource": f"{TOPIC}::posters-arrivals", "because": "S3 has no key for it"}
        ]
        self._records = [*self._buckets(), *self._topic(), *self._queues(), *self._function()]
        if first_preview:
            self._forget_what_aws_makes()

    def records(self) -> list[Record]:
        """All resources, the pattern with its ledger last."""
        outputs = {
            "grants": self.grants,
            "statements": self.statements,
            "awaited": self.awaited,
            "accepted": self.accepted,
        }
        pattern = record(PATTERN_TYPE, "posters", outputs)
        pattern |= {"urn": pattern["parent"], "inputs": {}, "parent": ""}
        return copy.deepcopy([*self._records, pattern])

    def change(self, type_: str, name: str, /, **props: Any) -> Posters:
        """Set properties of one resource; `None` takes one away."""
        (found,) = [each for each in self._records if each["type"] == type_ and each["name"] == name]
        for prop, value in props.items():
            for part in ("props", "inputs"):
                found[part][prop] = value
                if value is None:
                    del found[part][prop]
        return self

    def add(self, *records: Record) -> Posters:
        """Add resources beside the pattern's."""
        self._records += records
        return self

    def without(self, type_: str, name: str) -> Posters:
        """Take a resource away."""
        self._records = [each for each in self._records if (each["type"], each["name"]) != (type_, name)]
        return self

    def _policy(self, type_: str, name: str, target: dict[str, str], statements: list[dict[str, Any]]) -> Record:
        self.statements += [{"policy": f"{type_}::{name}", "page": "", **each} for each in statements]
        (prop, value), *_ = target.items()
        owner = {BUCKET_POLICY: BUCKET, QUEUE_POLICY: QUEUE, TOPIC_POLICY: TOPIC}[type_]
        props = {prop: value, "policy": policy_text(statements, self._filled)}
        made_of = {prop: f"{owner} {name}"}
        if "${" in json.dumps(statements):
            made_of["policy"] = f"{DISTRIBUTION} posters-cdn"
        return record(type_, name, props, made_of)

    def _buckets(self) -> list[Record]:
        return [
            *self._bucket("uploads"),
            *self._bucket(
                "renditions",
                allow(
                    "cloudfront.amazonaws.com",
                    "s3:GetObject",
                    "arn:aws:s3:::video-test-posters-renditions/*",
                    "${posters-cdn.arn}",
                ),
            ),
            record(DISTRIBUTION, "posters-cdn", {"arn": self._filled["posters-cdn.arn"], **EDGE, "tags": TAGS}),
        ]

    def _bucket(self, part: str, *statements: dict[str, Any]) -> list[Record]:
        name, bucket = f"posters-{part}", f"video-test-posters-{part}"
        whole = {"bucket": bucket}
        switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        default = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
        sweep = {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1}}
        everything = [tls("s3:*", f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"), *statements]
        return [
            record(BUCKET, name, {**whole, "arn": f"arn:aws:s3:::{bucket}", "tags": TAGS}),
            record(PUBLIC_ACCESS_BLOCK, name, {**whole, **dict.fromkeys(switches, True)}),
            record(BUCKET_ENCRYPTION, name, {**whole, "rules": [default]}),
            record(BUCKET_LIFECYCLE, name, {**whole, "rules": [sweep]}),
            self._policy(BUCKET_POLICY, name, whole, everything),
        ]

    def _topic(self) -> list[Record]:
        name, topic = "posters-arrivals", arn("sns", "video-test-arrivals")
        published = allow("s3.amazonaws.com", "sns:Publish", topic, "arn:aws:s3:::video-test-posters-uploads", ACCOUNT)
        target = {"topicArn": topic, "events": ["s3:ObjectCreated:*"], "filterPrefix": "uploads/"}
        notification = {"bucket": "video-test-posters-uploads", "topics": [target]}
        return [
            record(TOPIC, name, {"name": "video-test-arrivals", "arn": topic, "tags": TAGS}),
            self._policy(TOPIC_POLICY, name, {"arn": topic}, [tls("sns:Publish", topic), published]),
            record(BUCKET_NOTIFICATION, "posters-uploads", notification, {"topics": f"{TOPIC} {name}"}),
            record(
                SUBSCRIPTION,
                "posters-jobs",
                {
                    "topic": topic,
                    "protocol": "sqs",
                    "endpoint": arn("sqs", "video-test-jobs"),
                    "rawMessageDelivery": True,
                    "redrivePolicy": json.dumps({"deadLetterTargetArn": arn("sqs", "video-test-jobs-dlq")}),
                },
                {"topic": f"{TOPIC} {name}", "endpoint": f"{QUEUE} posters-jobs"},
            ),
        ]

    def _queues(self) -> list[Record]:
        jobs, dead = arn("sqs", "video-test-jobs"), arn("sqs", "video-test-jobs-dlq")
        delivered = allow("sns.amazonaws.com", "sqs:SendMessage", jobs, arn("sns", "video-test-arrivals"))
        return [
            self._queue(
                "jobs",
                visibilityTimeoutSeconds=180,
                messageRetentionSeconds=604800,
                redrivePolicy=json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 5}),
            ),
            self._policy(
                QUEUE_POLICY, "posters-jobs", {"queueUrl": _url("video-test-jobs")}, [tls("sqs:*", jobs), delivered]
            ),
            self._queue(
                "jobs-dlq",
                messageRetentionSeconds=1209600,
                redriveAllowPolicy=json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [jobs]}),
            ),
            self._policy(
                QUEUE_POLICY, "posters-jobs-dlq", {"queueUrl": _url("video-test-jobs-dlq")}, [tls("sqs:*", dead)]
            ),
            record(
                METRIC_ALARM,
                "posters-jobs-dlq",
                {
                    "name": "video-test-jobs-dlq",
                    "namespace": "AWS/SQS",
                    "metricName": "ApproximateNumberOfMessagesVisible",
                    "dimensions": {"QueueName": "video-test-jobs-dlq"},
                    "tags": TAGS,
                },
            ),
        ]

    def _queue(self, part: str, **props: Any) -> Record:
        name = f"video-test-{part}"
        common = {"name": name, "url": _url(name), "sqsManagedSseEnabled": True, "tags": TAGS}
        return record(QUEUE, f"posters-{part}", {**common, "arn": arn("sqs", name), **props})

    def _function(self) -> list[Record]:
        name, role = "posters-worker", "video-test-posters-worker"
        trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        role_arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        mapping = {
            "eventSourceArn": arn("sqs", "video-test-jobs"),
            "functionName": "video-test-worker",
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "scalingConfig": {"maximumConcurrency": 10},
            "tags": TAGS,
        }
        return [
            record(ROLE, name, {"name": role, "arn": role_arn, "assumeRolePolicy": trust, "tags": TAGS}),
            record(ROLE_POLICY, name, {"name": "ledger", "role": role, "policy": identity_text(self.grants)}),
            record(LOG_GROUP, name, {"name": "/aws/lambda/video-test-worker", "retentionInDays": 30, "tags": TAGS}),
            record(
                FUNCTION,
                name,
                {
                    "name": "video-test-worker",
                    "role": role_arn,
                    "runtime": "python3.13",
                    "architectures": ["arm64"],
                    "timeout": 30,
                    "tracingConfig": {"mode": "Active"},
                    "tags": TAGS,
                },
                {"role": f"{ROLE} {name}"},
            ),
            record(
                EVENT_SOURCE_MAPPING,
                name,
                mapping,
                {"eventSourceArn": f"{QUEUE} posters-jobs", "functionName": f"{FUNCTION} {name}"},
            ),
        ]

    def _forget_what_aws_makes(self) -> None:
        for each in self._records:
            for prop in COMPUTED:
                if prop not in each["props"] and prop != "policy":
                    each["props"][prop] = UNKNOWN
            for prop, value in each["props"].items():
                if prop in ("arn", "url") and each["type"] != TOPIC_POLICY:
                    each["props"][prop] = UNKNOWN
                    each["inputs"].pop(prop, None)
                elif each["propertyDependencies"].get(prop) and prop not in ("functionName", "bucket"):
                    each["props"][prop] = each["inputs"][prop] = _unknown_inside(value)


def _url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def _unknown_inside(value: Any) -> Any:
    """Unknown where it holds the ARN of another resource; a list stays a list, as the engine leaves it."""
    if isinstance(value, list):
        return [{key: UNKNOWN if key.endswith("Arn") else inner for key, inner in item.items()} for item in value]
    return UNKNOWN
