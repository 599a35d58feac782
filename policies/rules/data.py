"""What holds data: it can be brought back, and nobody deletes it by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.types import BUCKET, BUCKET_LIFECYCLE, KMS_KEY, SECRET, STREAM, TABLE, USER_POOL

DEFAULT_STREAM_H = 24
"""Kinesis's default: https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html"""
DEFAULT_KEPT_DAYS = 30
"""How long secrets and keys wait by default before they go."""


@rule(
    "table-recovery",
    "Every table can be brought back to any second of the last weeks",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(TABLE),
    judges={TABLE: ("pointInTimeRecovery",)},
    why="A bad release writes nonsense for an hour before anybody sees it; without recovery it stays.",
    fix="Set pointInTimeRecovery.enabled",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
    same_as=("cdk-nag AwsSolutions-DDB3", "checkov CKV_AWS_28", "prowler dynamodb_tables_pitr_enabled"),
    frameworks=("REL09-BP01", "REL09-BP03"),
    passes={f"{TABLE} items": {"name": "items", "pointInTimeRecovery": {"enabled": True}}},
    fails={f"{TABLE} items": {"name": "items"}},
)
def table_recovery(table: Resource, _: Context) -> Iterator[str]:
    """Judge one table."""
    if (table.known("pointInTimeRecovery") or {}).get("enabled") is not True:
        yield "has no point-in-time recovery"


@rule(
    "table-on-demand",
    "A table takes what comes, and costs nothing while nothing comes",
    severity=Severity.LOW,
    scope=Scope.RESOURCE,
    on=resources(TABLE),
    judges={TABLE: ("billingMode",)},
    why="Provisioned capacity refuses a burst, and is paid for at night.",
    fix="Set billingMode to PAY_PER_REQUEST",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
    same_as=("checkov CKV2_AWS_16", "prowler dynamodb_table_autoscaling_enabled"),
    frameworks=("REL07-BP01", "COST09-BP03"),
    passes={f"{TABLE} items": {"name": "items", "billingMode": "PAY_PER_REQUEST"}},
    fails={f"{TABLE} items": {"name": "items", "readCapacity": 5, "writeCapacity": 5}},
)
def table_on_demand(table: Resource, _: Context) -> Iterator[str]:
    """Judge one table. By default capacity is provisioned."""
    mode = table.known("billingMode") or "PROVISIONED"
    if mode != "PAY_PER_REQUEST":
        yield f"has {mode.lower()} capacity"


@rule(
    "deletion-protection",
    "What holds data is not deleted by mistake",
    severity=Severity.HIGH,
    on=resources(TABLE, BUCKET, USER_POOL, SECRET, KMS_KEY),
    judges={
        TABLE: ("deletionProtectionEnabled",),
        BUCKET: ("forceDestroy",),
        USER_POOL: ("deletionProtection",),
        SECRET: ("recoveryWindowInDays",),
        KMS_KEY: ("deletionWindowInDays",),
    },
    why="A renamed component, a wrong stack at the prompt, or a replacement takes the data with it.",
    fix="Turn protection on (serviceful:protectData is the stack's setting); a stack that is thrown away accepts it in "
    "the ledger",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",
    same_as=(
        "prowler dynamodb_table_deletion_protection_enabled",
        "prowler cognito_user_pool_deletion_protection_enabled",
    ),
    frameworks=("REL09-BP01", "SEC08-BP04"),
    passes={f"{TABLE} items": {"name": "items", "deletionProtectionEnabled": True}},
    fails={f"{TABLE} items": {"name": "items", "deletionProtectionEnabled": False}},
    options={"days": Option(7, "Days in which a deleted secret or key can be had back, at least",
                            {"type": "number", "minimum": 7, "maximum": 30})},
    acceptable=True,
)  # fmt: skip
def deletion_protection(holder: Resource, context: Context) -> Iterator[str]:
    """Judge one table, bucket, user pool, secret or key."""
    if holder.type == TABLE and holder.given("deletionProtectionEnabled") is not True:
        yield "can be deleted at once"
    elif holder.type == BUCKET and holder.given("forceDestroy"):
        yield "is deleted with all its objects"
    elif holder.type == USER_POOL and holder.given("deletionProtection") != "ACTIVE":
        yield "can be deleted at once"
    elif holder.type in (SECRET, KMS_KEY):
        days = holder.given("recoveryWindowInDays" if holder.type == SECRET else "deletionWindowInDays")
        days = DEFAULT_KEPT_DAYS if days is None else days
        if days < context.options["days"]:
            yield f"is gone for good {days:g} days after it is deleted"


@rule(
    "stream-retention",
    "A stream keeps its records as long as the stack asks",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(STREAM),
    judges={STREAM: ("retentionPeriod",)},
    why="What reads the stream may stand still over a weekend; what is older than the retention is lost to it.",
    fix="Raise retentionPeriod",
    page="https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html",
    same_as=("prowler kinesis_stream_data_retention_period",),
    frameworks=("REL09-BP01",),
    passes={f"{STREAM} log": {"name": "log", "retentionPeriod": 168}},
    fails={f"{STREAM} log": {"name": "log", "retentionPeriod": 1}},
    options={"hours": Option(24, "Hours that records are kept, at least", {"type": "number", "minimum": 24})},
)
def stream_retention(stream: Resource, context: Context) -> Iterator[str]:
    """Judge one stream."""
    hours = stream.known("retentionPeriod")
    hours = DEFAULT_STREAM_H if hours is None else hours
    if hours < context.options["hours"]:
        yield f"keeps records for {hours:g} h, and {context.options['hours']:g} are asked for"


def _swept(**rule_: object) -> Example:
    rules = [{"id": "sweep", "status": "Enabled", **rule_}]
    return {
        f"{BUCKET} uploads": {"bucket": "uploads"},
        f"{BUCKET_LIFECYCLE} uploads": {"bucket": "uploads", "rules": rules},
    }


@rule(
    "s3-unfinished-uploads",
    "Parts of an upload that never ended go after some days",
    severity=Severity.LOW,
    on=resources(BUCKET),
    judges={BUCKET_LIFECYCLE: ("bucket", "rules")},
    why="They are paid for, hold somebody's data, and no listing shows them.",
    fix="Add a BucketLifecycleConfiguration that aborts incomplete multipart uploads of all keys",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html",
    same_as=("checkov CKV_AWS_300", "checkov CKV2_AWS_61", "prowler s3_bucket_lifecycle_enabled"),
    frameworks=("COST04-BP05", "SEC07-BP04"),
    passes=_swept(abortIncompleteMultipartUpload={"daysAfterInitiation": 1}),
    fails=_swept(expiration={"days": 30}),
    options={"days": Option(7, "Days that they stay, at most", {"type": "number", "minimum": 1})},
)
def unfinished_uploads(bucket: Resource, context: Context) -> Iterator[str]:
    """Judge one bucket by its life cycle."""
    rules = [
        each
        for configuration in context.stack.naming(bucket, BUCKET_LIFECYCLE, "bucket")
        for each in configuration.known("rules") or ()
        if each.get("status") == "Enabled" and _of_all_keys(each.get("filter"), each.get("prefix"))
    ]
    days = [(each.get("abortIncompleteMultipartUpload") or {}).get("daysAfterInitiation") for each in rules]
    kept = min((each for each in days if each), default=None)
    if kept is None:
        yield "keeps the parts of uploads that never ended"
    elif kept > context.options["days"]:
        yield f"keeps the parts of uploads that never ended for {kept:g} days"


def _of_all_keys(filter_: dict[str, object] | None, prefix: object) -> bool:
    return not prefix and not any(value for value in (filter_ or {}).values())
