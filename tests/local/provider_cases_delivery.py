"""Cases of S3, Lambda and CloudFront."""

from __future__ import annotations

import json
from typing import Any

from local.wire import Archive, Asset
from tests.local.provider_cases import ACCOUNT, CODE, TAGS, World, case, document, unique

ANOTHER_BUCKET = {"bucket": "another-bucket"}


def _tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in rows}


@case(
    "aws:s3/bucket:Bucket",
    seen=lambda aws, name, inputs: _tags(aws("s3").get_bucket_tagging(Bucket=name)["TagSet"]),
    expected=lambda given: TAGS,
    update=lambda given: {**given, "tags": {"owner": "me"}, "forceDestroy": False},
    replace=ANOTHER_BUCKET,
)
def bucket(world: World) -> dict[str, Any]:
    return {"bucket": unique("bucket"), "forceDestroy": True, "region": "us-east-1", "tags": TAGS}


@case(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    seen=lambda aws, name, inputs: aws("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
    expected=lambda given: {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    update=lambda given: {**given, "blockPublicPolicy": False},
    replace=ANOTHER_BUCKET,
)
def public_access_block(world: World) -> dict[str, Any]:
    flags = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"]
    return {"bucket": world.bucket(), "skipDestroy": False, "region": "us-east-1", **dict.fromkeys(flags, True)}


def _encryption(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    return [found["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], found["BucketKeyEnabled"]]


@case(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    seen=_encryption,
    expected=lambda given: ["AES256", True],
    update=lambda given: {
        **given,
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}],
    },
    replace=ANOTHER_BUCKET,
)
def encryption(world: World) -> dict[str, Any]:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": True}
    return {"bucket": world.bucket(), "rules": [rule], "region": "us-east-1"}


@case(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    seen=lambda aws, name, inputs: aws("s3").get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"],
    expected=lambda given: [{"ObjectOwnership": "BucketOwnerEnforced"}],
    update=lambda given: {**given, "rule": {"objectOwnership": "ObjectWriter"}},
    replace=ANOTHER_BUCKET,
)
def ownership(world: World) -> dict[str, Any]:
    return {"bucket": world.bucket(), "rule": {"objectOwnership": "BucketOwnerEnforced"}, "region": "us-east-1"}


@case(
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    seen=lambda aws, name, inputs: aws("s3").get_bucket_cors(Bucket=name)["CORSRules"],
    expected=lambda given: [
        {
            "ID": "front",
            "AllowedHeaders": ["*"],
            "AllowedMethods": ["POST"],
            "AllowedOrigins": ["https://front.example.com"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 600,
        }
    ],
    update=lambda given: {
        **given,
        "corsRules": [{"allowedMethods": ["PUT"], "allowedOrigins": ["https://other.example.com"]}],
    },
    replace=ANOTHER_BUCKET,
)
def cors(world: World) -> dict[str, Any]:
    rule = {
        "id": "front",
        "allowedHeaders": ["*"],
        "allowedMethods": ["POST"],
        "allowedOrigins": ["https://front.example.com"],
        "exposeHeaders": ["ETag"],
        "maxAgeSeconds": 600,
    }
    return {"bucket": world.bucket(), "corsRules": [rule], "region": "us-east-1"}


def _lifecycle(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    rules = aws("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return [{key: rule[key] for key in rule if key != "Prefix"} for rule in rules]


@case(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    seen=_lifecycle,
    expected=lambda given: [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "thumb/", "ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 1000}},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "Expiration": {"Days": 30},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2},
        },
        {
            "ID": "markers",
            "Status": "Disabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
    ],
    update=lambda given: {**given, "rules": given["rules"][:1]},
    replace=ANOTHER_BUCKET,
)
def lifecycle(world: World) -> dict[str, Any]:
    old = {
        "id": "old",
        "status": "Enabled",
        "filter": {"prefix": "thumb/", "objectSizeGreaterThan": 10, "objectSizeLessThan": 1000},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
        "expiration": {"days": 30},
        "noncurrentVersionExpiration": {"noncurrentDays": 7, "newerNoncurrentVersions": 2},
    }
    markers = {"id": "markers", "status": "Disabled", "expiration": {"expiredObjectDeleteMarker": True}}
    return {
        "bucket": world.bucket(),
        "rules": [old, markers],
        "transitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        "region": "us-east-1",
    }


@case(
    "aws:s3/bucketPolicy:BucketPolicy",
    seen=lambda aws, name, inputs: json.loads(aws("s3").get_bucket_policy(Bucket=name)["Policy"]),
    expected=lambda given: json.loads(given["policy"]),
    update=lambda given: {**given, "policy": given["policy"].replace("s3:GetObject", "s3:PutObject")},
    replace=ANOTHER_BUCKET,
)
def bucket_policy(world: World) -> dict[str, Any]:
    name = world.bucket()
    reader = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": ["s3:GetObject"]}
    return {
        "bucket": name,
        "policy": document({**reader, "Resource": [f"arn:aws:s3:::{name}/*"]}),
        "region": "us-east-1",
    }


def _notification(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("s3").get_bucket_notification_configuration(Bucket=name)
    rows = [*found["TopicConfigurations"], *found["QueueConfigurations"]]
    targets = [row.get("TopicArn") or row.get("QueueArn") for row in rows]
    filters = [{rule["Name"].lower(): rule["Value"] for rule in row["Filter"]["Key"]["FilterRules"]} for row in rows]
    return [targets, [row["Id"] for row in rows], [row["Events"] for row in rows], filters, sorted(found)[:1]]


@case(
    "aws:s3/bucketNotification:BucketNotification",
    seen=_notification,
    expected=lambda given: [
        [given["topics"][0]["topicArn"], given["queues"][0]["queueArn"]],
        ["arrivals", "removals"],
        [["s3:ObjectCreated:*"], ["s3:ObjectRemoved:*"]],
        [{"prefix": "uploads/", "suffix": ".png"}] * 2,
        ["EventBridgeConfiguration"],
    ],
    update=lambda given: {**given, "topics": [{**given["topics"][0], "filterSuffix": ".jpg"}]},
    replace=ANOTHER_BUCKET,
)
def notification(world: World) -> dict[str, Any]:
    name = world.bucket()
    filters = {"filterPrefix": "uploads/", "filterSuffix": ".png"}
    topic = {"topicArn": world.topic_for(name), "events": ["s3:ObjectCreated:*"], "id": "arrivals", **filters}
    queue = {"queueArn": world.queue_for(name), "events": ["s3:ObjectRemoved:*"], "id": "removals", **filters}
    return {"bucket": name, "eventbridge": True, "topics": [topic], "queues": [queue], "region": "us-east-1"}


def _function(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("lambda").get_function(FunctionName=name)
    about = found["Configuration"]
    plain = ["Role", "Runtime", "Handler", "Description", "MemorySize", "Timeout", "Architectures", "PackageType"]
    return {
        **{name: about[name] for name in plain},
        "variables": about["Environment"]["Variables"],
        "storage": about["EphemeralStorage"]["Size"],
        "tracing": about["TracingConfig"]["Mode"],
        "logging": about["LoggingConfig"],
        "reserved": found["Concurrency"]["ReservedConcurrentExecutions"],
        "tags": found["Tags"],
    }


@case(
    "aws:lambda/function:Function",
    seen=_function,
    expected=lambda given: {
        "Role": given["role"],
        "Runtime": "python3.13",
        "Handler": "handlers.handler",
        "Description": "Does the job",
        "MemorySize": 256,
        "Timeout": 20,
        "Architectures": ["arm64"],
        "PackageType": "Zip",
        "variables": {"TARGET": "here"},
        "storage": 1024,
        "tracing": "Active",
        "logging": {
            "LogFormat": "JSON",
            "ApplicationLogLevel": "INFO",
            "SystemLogLevel": "WARN",
            "LogGroup": "/tests/job",
        },
        "reserved": 5,
        "tags": TAGS,
    },
    update=lambda given: {
        **given,
        "code": Archive(assets={"handlers.py": Asset(text="def handler(event, context):\n    return 2\n")}),
        "sourceCodeHash": "2",
        "environment": {"variables": {"TARGET": "there"}},
        "memorySize": 512,
        "reservedConcurrentExecutions": -1,
        "tags": {"owner": "me"},
    },
    replace={"name": "another"},
)
def function(world: World) -> dict[str, Any]:
    return {
        "name": unique("function"),
        "role": world.role().outputs["arn"],
        "runtime": "python3.13",
        "handler": "handlers.handler",
        "code": CODE,
        "sourceCodeHash": "1",
        "packageType": "Zip",
        "architectures": ["arm64"],
        "description": "Does the job",
        "memorySize": 256,
        "timeout": 20,
        "environment": {"variables": {"TARGET": "here"}},
        "ephemeralStorage": {"size": 1024},
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {
            "logFormat": "JSON",
            "applicationLogLevel": "INFO",
            "systemLogLevel": "WARN",
            "logGroup": "/tests/job",
        },
        "reservedConcurrentExecutions": 5,
        "skipDestroy": False,
        "region": "us-east-1",
        "tags": TAGS,
    }


def _mapping(aws: Any, uuid: str, inputs: dict[str, Any]) -> Any:
    found = aws("lambda").get_event_source_mapping(UUID=uuid)
    tags = aws("lambda").list_tags(Resource=f"arn:aws:lambda:us-east-1:{ACCOUNT}:event-source-mapping:{uuid}")["Tags"]
    plain = ["EventSourceArn", "BatchSize", "State", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds"]
    nested = [found["ScalingConfig"]["MaximumConcurrency"], found["FilterCriteria"]["Filters"]]
    return [[found[name] for name in plain], *nested, found["FunctionArn"].rsplit(":", 1)[-1], tags]


@case(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    seen=_mapping,
    expected=lambda given: [
        [given["eventSourceArn"], 20, "Enabled", ["ReportBatchItemFailures"], 1],
        4,
        [{"Pattern": '{"body": {"kind": ["picture"]}}'}],
        given["functionName"],
        TAGS,
    ],
    update=lambda given: {**given, "batchSize": 5, "scalingConfig": {"maximumConcurrency": 3}, "enabled": False},
    replace={"eventSourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:another"},
)
def mapping(world: World) -> dict[str, Any]:
    return {
        "eventSourceArn": world.queue(visibilityTimeoutSeconds=60).outputs["arn"],
        "functionName": world.function(timeout=10),
        "batchSize": 20,
        "enabled": True,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "maximumBatchingWindowInSeconds": 1,
        "scalingConfig": {"maximumConcurrency": 4},
        "filterCriteria": {"filters": [{"pattern": '{"body": {"kind": ["picture"]}}'}]},
        "region": "us-east-1",
        "tags": TAGS,
    }


CASES = [
    bucket,
    public_access_block,
    encryption,
    cors,
    ownership,
    lifecycle,
    bucket_policy,
    notification,
    function,
    mapping,
]
