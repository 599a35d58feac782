"""Key value stores have ids made by AWS, limits, and permissions on their ARNs.

On AWS the ARN of a store ends with the store's id, not its name; keys have at most 512 bytes, values 1 KB, a store
5 MB, an update 50 keys or 3 MB
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html); and each call of the data
plane is judged on the store's ARN
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfrontkeyvaluestore.html).
The stock server makes the ARN of the name, so that a grant could be computed that opens nothing on AWS; it has no
limits, and judges every call on `*`.
"""

from __future__ import annotations

import functools
import json
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, new_uuid
from ministack.services import cloudfront, cloudfront_keyvaluestore

from local.emulator import frame
from local.emulator.frame import Server

NAME = "key_value_stores"
LONGEST_KEY, LONGEST_VALUE, LARGEST_STORE = 512, 1024, 5 * 1024 * 1024
MOST_CHANGES, LARGEST_UPDATE = 50, 3 * 1024 * 1024

_DATA = "cloudfront-keyvaluestore"
_PATH = "/key-value-stores/"


def install(server: Server) -> None:
    for name in ("_describe_kvs", "_kvstores"):
        frame.require(NAME, cloudfront, name)
    for name in ("_compute_size", "_error", "_stores"):
        frame.require(NAME, cloudfront_keyvaluestore, name)
    frame.replace(NAME, cloudfront, "_kvs_arn", "name", lambda original: _new_arn)
    frame.replace(NAME, cloudfront, "_create_kvs", "headers body", _with_one_id)
    frame.replace(NAME, cloudfront, "_resolve_taggable_cloudfront_arn", "arn", _with_ids)
    frame.replace(NAME, cloudfront_keyvaluestore, "_kvs_name_from_arn", "arn", _by_id)
    frame.replace(NAME, cloudfront_keyvaluestore, "_put_key", "arn key headers body", _limited_put)
    frame.replace(NAME, cloudfront_keyvaluestore, "_update_keys", "arn headers body", _limited_update)
    call = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", call, _with_stores)


def _new_arn(name: str) -> str:
    return f"arn:aws:cloudfront::{get_account_id()}:key-value-store/{new_uuid()}"


def _with_one_id(original: Any) -> Any:
    def create(headers: dict[str, str], body: bytes) -> Any:
        known = set(cloudfront._kvstores)
        status, answered, content = original(headers, body)
        if status != 201:
            return status, answered, content
        (name,) = set(cloudfront._kvstores) - known
        record = cloudfront._kvstores[name]
        record["Id"] = record["ARN"].rsplit("/", 1)[-1]
        return status, answered, cloudfront._describe_kvs(name)[2]

    return create


def _record(arn: str) -> dict[str, Any] | None:
    return next((one for one in cloudfront._kvstores.values() if one["ARN"] == arn), None)


def _with_ids(original: Any) -> Any:
    return lambda arn: (arn, None) if _record(arn) else original(arn)


def _by_id(original: Any) -> Any:
    def name_of(arn: str) -> Any:
        id_, refusal = original(arn)
        record = _record(arn)
        return (record["Name"] if record else id_), refusal

    return name_of


def _limited_put(original: Any) -> Any:
    def put(arn: str, key: str, headers: dict[str, str], body: bytes) -> Any:
        change = {"Puts": [{"Key": key, "Value": _parsed(body).get("Value")}]}
        return _refusal(arn, change) or original(arn, key, headers, body)

    return put


def _limited_update(original: Any) -> Any:
    def update(arn: str, headers: dict[str, str], body: bytes) -> Any:
        change = _parsed(body)
        number = len(change.get("Puts") or []) + len(change.get("Deletes") or [])
        if number > MOST_CHANGES or len(body) > LARGEST_UPDATE:
            return _invalid(f"an update has at most {MOST_CHANGES} keys and {LARGEST_UPDATE} bytes")
        return _refusal(arn, change) or original(arn, headers, body)

    return update


def _refusal(arn: str, change: dict[str, Any]) -> Any:
    held = cloudfront_keyvaluestore._stores.get(arn) or {"items": {}}
    items = dict(held["items"])
    for row in change.get("Puts") or []:
        key, value = str(row.get("Key")), str(row.get("Value"))
        if len(key.encode()) > LONGEST_KEY:
            return _invalid(f"a key has at most {LONGEST_KEY} bytes")
        if len(value.encode()) > LONGEST_VALUE:
            return _invalid(f"the value of {key} has more than {LONGEST_VALUE} bytes")
        items[key] = value
    for row in change.get("Deletes") or []:
        items.pop(row.get("Key"), None)
    if cloudfront_keyvaluestore._compute_size(items) > LARGEST_STORE:
        message = f"a key value store has at most {LARGEST_STORE} bytes"
        return cloudfront_keyvaluestore._error("ServiceQuotaExceededException", message, 402)
    return None


def _invalid(message: str) -> Any:
    return cloudfront_keyvaluestore._error("ValidationException", message, 400)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _with_stores(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(*call: Any) -> str:
        service, _, path = call[:3]
        if service == _DATA and path.startswith(_PATH):
            return unquote(path.removeprefix(_PATH)).partition("/keys")[0]
        return original(*call)

    return extract_resource_arn
