"""CloudFront: functions at the edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import PARTITION, Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, tag_list, tag_map
from local.provider.services.cloudfront import tag

_GONE = ("NoSuchFunctionExists",)
_RUNTIME_OF_STORES = "cloudfront-js-2.0"
_LARGEST = 10_240
"""Bytes: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""


class Function(Resource):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html"""

    token = "aws:cloudfront/function:Function"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The largest function, and the one store that it may have.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-associate.html
        """
        if given(inputs, "code") and len(inputs["code"].encode()) > _LARGEST:
            yield Failure("code", f"a function has at most {_LARGEST} bytes")
        stores = inputs.get("keyValueStoreAssociations")
        if isinstance(stores, list) and len(stores) > 1:
            yield Failure("keyValueStoreAssociations", "a function has at most one key value store")
        if stores and given(inputs, "runtime") and inputs["runtime"] != _RUNTIME_OF_STORES:
            yield Failure("runtime", f"a function with a key value store needs {_RUNTIME_OF_STORES}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateFunction; a name that exists is refused by AWS."""
        tags = {"Tags": {"Items": tag_list(inputs["tags"])}} if inputs.get("tags") else {}
        _edge(aws).create_function(Name=inputs["name"], **_sent(inputs), **tags)
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """PublishFunction: what is not published serves nobody."""
        if inputs["publish"]:
            _publish(aws, id_)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeFunction of both stages, GetFunction for the code, and ListTagsForResource."""
        found = _describe(aws, id_, "DEVELOPMENT")
        if found is None:
            return None
        summary, live = found["FunctionSummary"], _describe(aws, id_, "LIVE")
        arn = summary["FunctionMetadata"]["FunctionARN"]
        stores = summary["FunctionConfig"].get("KeyValueStoreAssociations") or {}
        code = _edge(aws).get_function(Name=id_, Stage="DEVELOPMENT")["FunctionCode"].read().decode()
        return {
            "name": summary["Name"],
            "code": code,
            "comment": summary["FunctionConfig"].get("Comment") or None,
            "runtime": summary["FunctionConfig"]["Runtime"],
            "keyValueStoreAssociations": [row["KeyValueStoreARN"] for row in stores.get("Items") or []] or None,
            "tags": tag_map(_edge(aws).list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])),
            "arn": arn,
            "etag": found["ETag"],
            "liveStageEtag": live["ETag"] if live else "",
            "status": summary["Status"],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateFunction of the version that is there, then PublishFunction."""
        if changed & {"code", "comment", "runtime", "keyValueStoreAssociations"}:
            etag = _edge(aws).describe_function(Name=id_, Stage="DEVELOPMENT")["ETag"]
            _edge(aws).update_function(Name=id_, IfMatch=etag, **_sent(new))
        if new["publish"]:
            _publish(aws, id_)
        if "tags" in changed:
            arn = arn_of(aws, id_)
            tag(_edge(aws), arn, old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteFunction; AWS refuses while a distribution uses it."""
        found = _describe(aws, id_, "DEVELOPMENT")
        if found is None:
            return
        user = next(_users(aws, arn_of(aws, id_)), None)
        if user:
            raise RefusedError(f"FunctionInUse: the distribution {user} uses the function {id_}")
        _edge(aws).delete_function(Name=id_, IfMatch=found["ETag"])


def arn_of(aws: Aws, name: str) -> str:
    """The function's ARN; CloudFront is global."""
    return f"arn:{PARTITION}:cloudfront::{aws.account}:function/{name}"


def refuse_unpublished(aws: Aws, arn: str) -> None:
    """Raise RefusedError for a function that a distribution can't use: it is not there, or not published."""
    if _describe(aws, arn.rsplit("/", 1)[-1], "LIVE") is None:
        raise RefusedError(f"InvalidFunctionAssociation: {arn} is no function that is published to the LIVE stage")


def _edge(aws: Aws) -> Any:
    return aws.client("cloudfront")


def _describe(aws: Aws, name: str, stage: str) -> Props | None:
    try:
        return _edge(aws).describe_function(Name=name, Stage=stage)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _publish(aws: Aws, name: str) -> None:
    etag = _edge(aws).describe_function(Name=name, Stage="DEVELOPMENT")["ETag"]
    _edge(aws).publish_function(Name=name, IfMatch=etag)


def _users(aws: Aws, arn: str) -> Iterator[str]:
    for page in _edge(aws).get_paginator("list_distributions").paginate():
        for row in page["DistributionList"].get("Items", []):
            config = _edge(aws).get_distribution_config(Id=row["Id"])["DistributionConfig"]
            behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]
            for behavior in behaviors:
                for association in behavior.get("FunctionAssociations", {}).get("Items", []):
                    if association["FunctionARN"] == arn:
                        yield row["Id"]


def _sent(inputs: Props) -> Props:
    stores = [{"KeyValueStoreARN": arn} for arn in inputs.get("keyValueStoreAssociations") or []]
    config = {"Comment": inputs.get("comment") or "", "Runtime": inputs["runtime"]}
    if stores:
        config["KeyValueStoreAssociations"] = {"Quantity": len(stores), "Items": stores}
    return {"FunctionCode": inputs["code"].encode(), "FunctionConfig": config}
