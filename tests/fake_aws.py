"""An S3 with conditional requests and an SQS, in memory, as far as the handlers use them; and the events they make."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
from botocore.exceptions import ClientError

from handlers.convert.branch import Branch

UPLOADS, RENDITIONS = "uploads-bucket", "renditions-bucket"
DEAD_LETTERS = "https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters"
CONTEXT = SimpleNamespace(
    function_name="converter",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:converter",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "converter",
    "SOURCE_PREFIX": "uploads/",
    "TARGET_BUCKET": RENDITIONS,
    "TARGET_PREFIX": "made/",
    "DEAD_LETTERS_URL": DEAD_LETTERS,
    "MAX_BYTES": "5000000",
    "MAX_PIXELS": "1000000",
    "WIDTH": "30",
    "HEIGHT": "20",
    "FIT": "cover",
    "FORMAT": "jpg",
    "QUALITY": "80",
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object in the fake."""

    body: bytes
    content_type: str = ""
    cache_control: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body + repr(self.metadata).encode()).hexdigest()}"'


def refusal(code: str, status: int, operation: str = "Operation") -> ClientError:
    """What boto3 raises."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # pyrefly: ignore


class FakeS3:
    """Objects by bucket and key. `interruptions` run before the next writes, one each: what others do meanwhile."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Stored] = {}
        self.interruptions: list[Callable[[], object]] = []
        self.writes = self.reads = self._events = 0
        self.may_list = True

    def upload(self, key: str, body: bytes) -> dict[str, Any]:
        """Put a source; the S3 event that announces it."""
        self.objects[UPLOADS, key] = Stored(body=body)
        self._events += 1
        # Sequencers grow, and differ in length: a longer one is a fraction between two shorter ones.
        sequencer = f"0062{self._events // 2:06X}" + ("80" if self._events % 2 else "")
        return event(key, body, sequencer)

    def rendition(self, key: str) -> Stored:
        return self.objects[RENDITIONS, key]

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        stored = self.objects.get((Bucket, Key))
        if stored is None:
            raise refusal("404", 404) if self.may_list else refusal("403", 403)
        return {"ETag": stored.etag, "Metadata": stored.metadata}

    def get_object(self, *, Bucket: str, Key: str, IfMatch: str) -> dict[str, Any]:
        self.reads += 1
        stored = self.objects.get((Bucket, Key))
        if stored is None:
            raise refusal("NoSuchKey", 404)
        if stored.etag != IfMatch:
            raise refusal("PreconditionFailed", 412)
        return {"Body": io.BytesIO(stored.body), "ContentLength": len(stored.body)}

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: io.BytesIO,
        ContentType: str,
        CacheControl: str,
        Metadata: dict[str, str],
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
    ) -> None:
        if self.interruptions:
            self.interruptions.pop(0)()
        there = self.objects.get((Bucket, Key))
        if IfMatch and there is None:
            raise refusal("NoSuchKey", 404)
        if (IfNoneMatch == "*" and there) or (IfMatch and there and there.etag != IfMatch):
            raise refusal("PreconditionFailed", 412)
        self.writes += 1
        self.objects[Bucket, Key] = Stored(
            body=Body.read(), content_type=ContentType, cache_control=CacheControl, metadata=Metadata
        )


class FakeSQS:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        assert QueueUrl == DEAD_LETTERS
        self.letters.append(json.loads(MessageBody))


def event(key: str, body: bytes, sequencer: str) -> dict[str, Any]:
    """An S3 event notification."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Post",
                "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
                "s3": {
                    "bucket": {"name": UPLOADS},
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": len(body),
                        "eTag": Stored(body=body).etag.strip('"'),
                        "sequencer": sequencer,
                    },
                },
            }
        ]
    }


def batch(*bodies: Any) -> dict[str, Any]:
    """What Lambda hands over from a queue."""
    return {
        "Records": [
            {"messageId": str(n), "eventSource": "aws:sqs", "body": body if isinstance(body, str) else json.dumps(body)}
            for n, body in enumerate(bodies)
        ]
    }


@dataclass
class Deployed:
    """A converter with its AWS."""

    module: Any
    s3: FakeS3
    sqs: FakeSQS

    def deliver(self, *bodies: Any) -> dict[str, Any]:
        return self.module.handler(batch(*bodies), CONTEXT)


def deploy(name: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Deployed:
    """Import the converter afresh with these variables, and put it before an empty AWS."""
    for variable, value in {**ENVIRONMENT, **environment}.items():
        monkeypatch.setenv(variable, value)
    sys.modules.pop(f"handlers.convert.{name}", None)
    module: Any = importlib.import_module(f"handlers.convert.{name}")
    s3, sqs = FakeS3(), FakeSQS()
    module.branch = Branch(module.branch.converter, module.settings, module.logger, s3, sqs)
    return Deployed(module, s3, sqs)
