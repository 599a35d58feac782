"""S3: single objects, such as the pages of a site."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from local.provider import archives
from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_list, tag_map

_GONE = ("NoSuchKey", "NoSuchBucket")
_CONTENT = ("source", "content", "contentBase64")
_HEADERS = {
    "cacheControl": "CacheControl",
    "contentDisposition": "ContentDisposition",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentType": "ContentType",
    "metadata": "Metadata",
    "serverSideEncryption": "ServerSideEncryption",
}


class BucketObjectv2(Resource):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""

    token = "aws:s3/bucketObjectv2:BucketObjectv2"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """One content, a key as it will be, and metadata that S3 gives back as it took it."""
        contents = [name for name in _CONTENT if inputs.get(name) is not None]
        if len(contents) > 1:
            yield Failure(contents[0], f"an object has one content, not {' and '.join(contents)}")
        if given(inputs, "key") and (inputs["key"].startswith(("/", "./")) or "//" in inputs["key"]):
            yield Failure("key", "the official provider drops leading and double slashes: write the key without")
        for name in inputs["metadata"] if given(inputs, "metadata") else ():
            if name != name.lower():
                yield Failure("metadata", f"Metadata must be lowercase only. Offending key: {name}")
        if given(inputs, "contentBase64"):
            try:
                base64.b64decode(inputs["contentBase64"], validate=True)
            except binascii.Error as error:
                yield Failure("contentBase64", f"is no base64: {error}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutObject."""
        _put(aws, inputs)
        return f"{inputs['bucket']}/{inputs['key']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """HeadObject and GetObjectTagging."""
        bucket, key = _place(id_, state)
        try:
            head = aws.client("s3").head_object(Bucket=bucket, Key=key)
            tags = aws.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            **{name: head.get(member) or None for name, member in _HEADERS.items()},
            "bucket": bucket,
            "key": key,
            "etag": head["ETag"].strip('"'),
            "bucketKeyEnabled": head.get("BucketKeyEnabled", False),
            "storageClass": head.get("StorageClass") or "STANDARD",
            "tags": tag_map(tags),
            "arn": f"arn:aws:s3:::{bucket}/{key}",
            "versionId": head.get("VersionId", ""),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutObject anew where more than tags changes, and PutObjectTagging."""
        if changed - {"tags", "forceDestroy"}:
            _put(aws, new)
        if "tags" in changed:
            # On AWS a new object has the tags that came with it; the local AWS keeps the old ones where none came.
            where = {"Bucket": new["bucket"], "Key": new["key"]}
            aws.client("s3").put_object_tagging(**where, Tagging={"TagSet": tag_list(new.get("tags"))})

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteObject; in a bucket with versions each of them."""
        bucket, key = _place(id_, state)
        s3 = aws.client("s3")
        try:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    if version["Key"] == key and version.get("VersionId") not in (None, "null"):
                        s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
            s3.delete_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


class BucketObject(BucketObjectv2):
    """The older type of the same. Its id is the key alone."""

    token = "aws:s3/bucketObject:BucketObject"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutObject."""
        _put(aws, inputs)
        return inputs["key"]


def _place(id_: str, state: Props) -> tuple[str, str]:
    """Bucket and key; an import has them in the id only."""
    if state.get("bucket") and state.get("key"):
        return state["bucket"], state["key"]
    bucket, _, key = id_.removeprefix("s3://").partition("/")
    return bucket, key


def _put(aws: Aws, inputs: Props) -> None:
    tags = urlencode(inputs.get("tags") or {})
    aws.client("s3").put_object(
        Bucket=inputs["bucket"],
        Key=inputs["key"],
        Body=_body(aws, inputs),
        **present(**{member: inputs.get(name) or None for name, member in _HEADERS.items()}),
        **({"Tagging": tags} if tags else {}),
    )


def _body(aws: Aws, inputs: Props) -> bytes:
    source: Any = inputs.get("source")
    if source is not None:
        return archives.asset_content(source, aws.clients.root)
    if inputs.get("contentBase64"):
        return base64.b64decode(inputs["contentBase64"])
    return (inputs.get("content") or "").encode()
