"""Whether an object is missing is told only to who may list the bucket there.

On AWS, GetObject and HeadObject of a key that isn't there answer 404 with s3:ListBucket and 403 without it
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html); a condition on s3:prefix is held against the key
(measured on AWS by others: https://github.com/ceph/ceph/pull/68577). The stock server always answers 404, so that a
function that handles "not there" works here and fails on AWS.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions
from ministack.services import s3

from local.emulator import frame
from local.emulator.frame import Server

NAME = "s3_missing_objects"


def install(server: Server) -> None:
    frame.require(NAME, s3, "_buckets")
    frame.replace(NAME, iam_actions, "s3_additional_checks", "method path headers body query_params", _with_list_bucket)
    frame.replace(NAME, iam_actions, "s3_access_point_resources", "resource_arn", _with_prefix)


class _Looked(str):
    """The ARN of a bucket in which `key` was looked for."""

    key: str


def _with_list_bucket(original: Any) -> Any:
    def s3_additional_checks(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> list:
        checks = list(original(method, path, headers, body, query_params))
        bucket, _, key = path.lstrip("/").partition("/")
        if method in ("GET", "HEAD") and key and "versionId" not in query_params and _is_missing(bucket, key):
            looked = _Looked(f"arn:aws:s3:::{bucket}")
            looked.key = key
            checks.append(("s3:ListBucket", looked))
        return checks

    return s3_additional_checks


def _with_prefix(original: Any) -> Any:
    def s3_access_point_resources(resource_arn: str) -> list:
        resources = original(resource_arn)
        if not isinstance(resource_arn, _Looked):
            return resources
        return [(arn, {**keys, "s3:prefix": resource_arn.key}) for arn, keys in resources]

    return s3_access_point_resources


def _is_missing(bucket: str, key: str) -> bool:
    stored = s3._buckets.get(bucket)
    return stored is not None and key not in stored["objects"]
