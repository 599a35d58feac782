"""Files in a bucket, as pages are served: with their type, and cached as long as is safe."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import pulumi
import pulumi_aws as aws

from .bucket import Bucket
from .pattern import Pattern

HOUR = "public, max-age=3600"
REVALIDATE = "no-cache"


def upload(owner: Pattern, bucket: Bucket, folder: Path, below: str = "") -> None:
    """Put every file of `folder` into `bucket`, under keys that begin with `below`; hidden files are left out."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        key = below + file.relative_to(folder).as_posix()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        aws.s3.BucketObjectv2(
            owner.tree_name(f"page-{key}"),
            bucket=bucket.bucket.bucket,
            key=key,
            source=pulumi.FileAsset(str(file)),
            content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            cache_control=REVALIDATE if kind == "text/html" else HOUR,
            tags=owner.tags,
            opts=owner.child(),
        )
