"""S3: buckets."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, tag_list, tag_map

GONE = ("NoSuchBucket",)
_DELETED_AT_ONCE = 1000
_HOSTED_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
}
"""Hosted zones of S3's endpoints: https://docs.aws.amazon.com/general/latest/gr/s3.html"""


class Bucket(Resource):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"""

    token = "aws:s3/bucket:Bucket"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateBucket; one that is there already is refused; see the facts' note."""
        name = inputs["bucket"]
        if exists(aws, name):
            code = "BucketAlreadyExists" if aws.region == "us-east-1" else "BucketAlreadyOwnedByYou"
            raise RefusedError(f"{code}: the bucket {name} exists; import it or take another name")
        place: Props = {}
        if aws.region != "us-east-1":
            place["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
        aws.client("s3").create_bucket(Bucket=name, **place)
        return name

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Tags are a call of their own."""
        if inputs.get("tags"):
            _tag(aws, id_, inputs.get("tags"))

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """HeadBucket, GetBucketLocation and GetBucketTagging."""
        if not exists(aws, id_):
            return None
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: no constraint is us-east-1
        region = aws.client("s3").get_bucket_location(Bucket=id_).get("LocationConstraint") or "us-east-1"
        return {
            "bucket": id_,
            "arn": f"arn:aws:s3:::{id_}",
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{id_}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "region": region,
            "hostedZoneId": _HOSTED_ZONES.get(region),
            "tags": _tags(aws, id_),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutBucketTagging replaces all tags."""
        if "tags" in changed:
            _tag(aws, id_, new.get("tags"))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteBucket; with forceDestroy its objects first, all their versions."""
        if not exists(aws, id_):
            return
        if state.get("forceDestroy"):
            empty(aws, id_)
        try:
            aws.client("s3").delete_bucket(Bucket=id_)
        except ClientError as error:
            if not is_missing(error, GONE):
                raise


def exists(aws: Aws, name: str) -> bool:
    """HeadBucket."""
    try:
        aws.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if is_missing(error, GONE):
            return False
        raise
    return True


def empty(aws: Aws, name: str) -> None:
    """Remove every version, delete marker and object. Raises RefusedError for one that can't be removed."""
    s3 = aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        _remove(s3, name, [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in versions])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        _remove(s3, name, [{"Key": entry["Key"]} for entry in page.get("Contents", [])])


def _remove(s3: Any, bucket: str, objects: list[dict[str, str]]) -> None:
    for start in range(0, len(objects), _DELETED_AT_ONCE):
        batch = {"Objects": objects[start : start + _DELETED_AT_ONCE], "Quiet": True}
        refused = s3.delete_objects(Bucket=bucket, Delete=batch).get("Errors", [])
        if refused:
            first = refused[0]
            raise RefusedError(f"{len(refused)} objects of {bucket} stay: {first.get('Key')}: {first.get('Message')}")


def _tags(aws: Aws, bucket: str) -> dict[str, str]:
    try:
        return tag_map(aws.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        if is_missing(error, ("NoSuchTagSet", "NoSuchTagSetError")):
            return {}
        raise


def _tag(aws: Aws, bucket: str, tags: dict[str, str] | None) -> None:
    s3 = aws.client("s3")
    if tags:
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(tags)})
    else:
        s3.delete_bucket_tagging(Bucket=bucket)
