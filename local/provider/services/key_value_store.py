"""CloudFront: key value stores, and single keys in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.key_value_stores import SERVICE
from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_list, tag_map
from local.provider.services.cloudfront import tag

LONGEST_KEY, LONGEST_VALUE = 512, 1024
"""Bytes: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

_GONE = ("EntityNotFound", "ResourceNotFoundException")
_WRITING = threading.Lock()
"""Each write changes the store's ETag, so this provider's own come one after the other."""


class KeyValueStore(Resource):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateKeyValueStore.html"""

    token = "aws:cloudfront/keyValueStore:KeyValueStore"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateKeyValueStore; a name that exists is refused by AWS."""
        tags = {"Items": tag_list(inputs["tags"])} if inputs.get("tags") else None
        sent = present(Name=inputs["name"], Comment=inputs.get("comment"), Tags=tags)
        return _edge(aws).create_key_value_store(**sent)["KeyValueStore"]["Id"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it can be used."""
        aws.wait_until(
            lambda: _describe(aws, inputs["name"])["KeyValueStore"]["Status"] == "READY",
            f"the key value store {inputs['name']}",
        )

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeKeyValueStore, which knows it by name, and ListTagsForResource."""
        try:
            found = _describe(aws, state["name"])
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        store = found["KeyValueStore"]
        if store["Id"] != id_:
            return None
        tags = _edge(aws).list_tags_for_resource(Resource=store["ARN"])["Tags"].get("Items", [])
        return {
            "name": store["Name"],
            "comment": store.get("Comment") or None,
            "arn": store["ARN"],
            "etag": found["ETag"],
            "lastModifiedTime": store["LastModifiedTime"].isoformat(),
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateKeyValueStore of the version that is there."""
        found = _describe(aws, new["name"])
        if "comment" in changed:
            _edge(aws).update_key_value_store(Name=new["name"], Comment=new.get("comment") or "", IfMatch=found["ETag"])
        if "tags" in changed:
            arn = found["KeyValueStore"]["ARN"]
            tag(_edge(aws), arn, old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteKeyValueStore, with all that is in it; AWS refuses while a function uses it."""
        try:
            _edge(aws).delete_key_value_store(Name=state["name"], IfMatch=_describe(aws, state["name"])["ETag"])
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


class Key(Resource):
    """https://docs.aws.amazon.com/cloudfront-keyvaluestore/latest/APIReference/API_PutKey.html"""

    token = "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What is too long."""
        for name, most in (("key", LONGEST_KEY), ("value", LONGEST_VALUE)):
            if given(inputs, name) and len(inputs[name].encode()) > most:
                yield Failure(name, f"a {name} has at most {most} bytes")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutKey: one that is there is written over."""
        self._put(aws, inputs)
        return f"{inputs['keyValueStoreArn']},{inputs['key']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetKey."""
        arn, _, key = id_.partition(",")
        try:
            found = _data(aws).get_key(KvsARN=arn, Key=key)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            "keyValueStoreArn": arn,
            "key": key,
            "value": found["Value"],
            "totalSizeInBytes": found["TotalSizeInBytes"],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutKey."""
        self._put(aws, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteKey."""
        arn, _, key = id_.partition(",")
        try:
            _write(aws, arn, lambda etag: _data(aws).delete_key(KvsARN=arn, Key=key, IfMatch=etag))
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise

    def _put(self, aws: Aws, inputs: Props) -> None:
        arn, pair = inputs["keyValueStoreArn"], {"Key": inputs["key"], "Value": inputs["value"]}
        _write(aws, arn, lambda etag: _data(aws).put_key(KvsARN=arn, IfMatch=etag, **pair))


def _write(aws: Aws, arn: str, change: Callable[[str], Any]) -> None:
    """Change the version that is there; again, if somebody else was faster."""
    with _WRITING:
        while True:
            try:
                change(_data(aws).describe_key_value_store(KvsARN=arn)["ETag"])
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConflictException":
                    raise


def _edge(aws: Aws) -> Any:
    return aws.client("cloudfront")


def _data(aws: Aws) -> Any:
    return aws.client(SERVICE)


def _describe(aws: Aws, name: str) -> Props:
    return _edge(aws).describe_key_value_store(Name=name)
