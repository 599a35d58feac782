"""What calls of DynamoDB and S3 are done to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .calls import Call, Computed, Target, Targets, at
from .definition import Expression

_STATEMENT = re.compile(
    r'\s*(SELECT|INSERT|UPDATE|DELETE)\b(?:.*?\bFROM\b|\s+INTO)?\s+"?([\w.-]+)"?(?:\."([\w.-]+)")?', re.I | re.S
)


def table(call: Call) -> Iterator[Target]:
    """The table, or its index."""
    arn = call.arn("dynamodb", "table/", call.name("TableName"))
    index = call.find("IndexName")
    yield Target(f"{arn}/index/{index}" if index else arn)


def tables_of_batch(call: Call) -> Iterator[Target]:
    """The tables that `RequestItems` has as keys."""
    for name in call.find("RequestItems") or {}:
        yield Target(call.arn("dynamodb", "table/", name))


def tables_of_transaction(operation: str) -> Targets:
    """The tables of the items that a transaction gets, puts, updates, deletes or checks."""

    def targets(call: Call) -> Iterator[Target]:
        for item in call.rows("TransactItems"):
            if operation in item:
                yield from table(call.within(item[operation]))

    return targets


def table_of_statement(verb: str, *, listed: str = "") -> Targets:
    """The table of a PartiQL statement, or of those in the list `listed`, that begin with `verb`.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
    """

    def targets(call: Call) -> Iterator[Target]:
        for each in [call.within(row) for row in call.rows(listed)] if listed else [call]:
            statement = each.text("Statement")
            parts = _STATEMENT.match(statement)
            if parts is None:
                raise ValueError(f"{call.integration} has a statement that names no table: {statement}")
            if parts[1].upper() == verb:
                arn = call.names.arn("dynamodb", f"table/{parts[2]}")
                yield Target(f"{arn}/index/{parts[3]}" if parts[3] else arn)

    return targets


def bucket(call: Call) -> Iterator[Target]:
    """The bucket itself."""
    yield from at(call.names.arn("s3", call.name("Bucket")))


def listing(call: Call) -> Iterator[Target]:
    """The bucket, for keys that begin with the prefix."""
    prefix = call.find("Prefix")
    arn = call.names.arn("s3", call.name("Bucket"))
    yield Target(arn, {"StringLike": {"s3:prefix": (f"{prefix}*",)}}) if prefix else Target(arn)


def s3_object(holder: str = "", *, key: str = "Key", versioned: bool | None = None) -> Targets:
    """The object that `Bucket` and `key` name, at the top or in `holder`; none when the holder is missing.

    `versioned` takes only calls with, or without, a version: reading one is another action.
    """

    def targets(call: Call) -> Iterator[Target]:
        inside = call.find(holder) if holder else call.arguments
        if inside is None:
            return
        if isinstance(inside, Expression):
            raise Computed(holder or "everything")
        found = call.within(inside)
        if versioned is None or versioned is ("VersionId" in found.arguments):
            yield _in_bucket(call, found.name("Bucket"), lambda: found.name(key))

    return targets


def _in_bucket(call: Call, bucket: str, key: Callable[[], str]) -> Target:
    """An object of a bucket that is known, whether or not its key is."""
    arn = call.names.arn("s3", f"{bucket}/")
    try:
        return Target(arn + key())
    except Computed as computed:
        raise Computed(str(computed), within=arn) from None


def s3_uri(path: str) -> Targets:
    """The object that `s3://bucket/key` names; none when it is missing, or another kind of address."""

    def targets(call: Call) -> Iterator[Target]:
        address = call.find(path) or ""
        if address.startswith("s3://"):
            yield Target(call.names.arn("s3", address.removeprefix("s3://")))

    return targets


def copied(call: Call) -> Iterator[Target]:
    """The object that is copied: `bucket/key`."""
    yield Target(call.names.arn("s3", call.name("CopySource").lstrip("/")))


def below_prefix(call: Call) -> Iterator[Target]:
    """Every object that a Map may write below its prefix."""
    prefix = (call.find("Prefix") or "").rstrip("/")
    yield Target(call.names.arn("s3", "/".join(part for part in (call.name("Bucket"), prefix, "*") if part)))


def transcript(call: Call) -> Iterator[Target]:
    """Where a transcription job writes: `OutputKey`, or the job's name; none for a bucket of Transcribe's own.

    https://docs.aws.amazon.com/transcribe/latest/APIReference/API_StartTranscriptionJob.html
    """
    bucket = call.find("OutputBucketName")
    if bucket is not None:
        yield _in_bucket(call, bucket, lambda: _transcripts_key(call))


def _transcripts_key(call: Call) -> str:
    key = call.find("OutputKey") or f"{call.name('TranscriptionJobName')}.json"
    if key.endswith("/"):  # the job's name is added
        raise Computed("OutputKey")
    return key
