"""API Gateway: what its types share: patches, look-ups, tags.

A part is changed by patch operations, whose paths are JSON pointers:
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import PARTITION, Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, tag_changes

VERBS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_GONE = ("NotFoundException",)
_MANY = 500


def gateway(aws: Aws) -> Any:
    """The client."""
    return aws.client("apigateway")


def found(call: Callable[..., Any], **names: Any) -> Any:
    """What the call answers, None where there is nothing of this name."""
    try:
        return call(**names)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def removed(call: Callable[..., Any], **names: Any) -> None:
    """Delete something; what is gone already is no error."""
    found(call, **names)


def slot(state: Props, *names: str) -> Props:
    """The parameters that name a method or a part of one. Raises RefusedError where the state lacks one (an import)."""
    keys = {"restApi": "restApiId", "resourceId": "resourceId", "httpMethod": "httpMethod", "statusCode": "statusCode"}
    lacking = [name for name in names if not state.get(name)]
    if lacking:
        raise RefusedError(f"this type can't be imported here: the state lacks {', '.join(lacking)}")
    return {keys[name]: state[name] for name in names}


def methods(aws: Aws, api: str) -> Iterator[tuple[str, str, Props]]:
    """Path, verb and definition of each method of the API, with its integration."""
    pages = gateway(aws).get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    for page in pages:
        for resource in page["items"]:
            for verb, method in resource.get("resourceMethods", {}).items():
                yield resource["path"], verb, method


def resources(aws: Aws, api: str) -> list[Props]:
    """Every path of the API."""
    return gateway(aws).get_resources(restApiId=api, limit=_MANY)["items"]


def arn(aws: Aws, path: str) -> str:
    """The ARN of a resource of API Gateway: it names no account."""
    return f"arn:{PARTITION}:apigateway:{aws.region}::/{path}"


def when(moment: datetime) -> str:
    """A time as the official provider writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def replaced(path: str, value: Any) -> Props:
    """The operation that sets a value; without one it is taken away."""
    operation = {"op": "replace", "path": path}
    return operation if value is None else {**operation, "value": _text(value)}


def fields(changed: set[str], new: Props, paths: dict[str, str]) -> list[Props]:
    """The operations for single values: `paths` has the pointer of each input."""
    return [replaced(path, new.get(name)) for name, path in paths.items() if name in changed]


def entries(path: str, old: Props | None, new: Props | None) -> list[Props]:
    """The operations that make one map of another."""
    before, after = old or {}, new or {}
    gone = [{"op": "remove", "path": f"{path}/{pointer(key)}"} for key in sorted(before.keys() - after.keys())]
    set_ = [
        {"op": "replace" if key in before else "add", "path": f"{path}/{pointer(key)}", "value": _text(value)}
        for key, value in after.items()
        if before.get(key) != value
    ]
    return gone + set_


def members(path: str, old: list[str] | None, new: list[str] | None) -> list[Props]:
    """The operations that make one set of texts of another. New ones come first: some sets may not be empty."""
    before, after = old or [], new or []
    added = [{"op": "add", "path": path, "value": value} for value in after if value not in before]
    gone = [{"op": "remove", "path": path, "value": value} for value in before if value not in after]
    return added + gone


def change_tags(aws: Aws, resource: str, old: Props, new: Props) -> None:
    """UntagResource and TagResource."""
    gone, set_ = tag_changes(old.get("tags"), new.get("tags"))
    if gone:
        gateway(aws).untag_resource(resourceArn=resource, tagKeys=gone)
    if set_:
        gateway(aws).tag_resource(resourceArn=resource, tags=set_)


def pointer(text: str) -> str:
    """A key within a JSON pointer (RFC 6901)."""
    return text.replace("~", "~0").replace("/", "~1")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
