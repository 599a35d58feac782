"""Arguments and results of services in the form that Step Functions gives them.

Members have the names of the AWS SDK for Java 2 (`Uuid`, not `UUID`), times are text, and documents are nested JSON:
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
Binary members are base64, as in the services' own JSON; the body of a request or answer, such as an object's, is text.
"""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

from ministack.services import stepfunctions


def to_api(value: Any, shape: Any) -> Any:
    """The members of `value` under the names that the service has for them. Raises ValueError for what is no base64."""
    if shape is None or value is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {sdk_name(name): name for name in shape.members}
        given = {names.get(key, key): content for key, content in value.items() if content is not None}
        body = shape.serialization.get("payload")
        return {
            key: _body(content, shape.members[key]) if key == body else to_api(content, shape.members.get(key))
            for key, content in given.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [to_api(content, shape.member) for content in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_api(content, shape.value) for key, content in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"))
    return value


def to_state(value: Any, shape: Any, *, renamed: bool) -> Any:
    """What the service answered, as the state sees it: SDK integrations rename members, optimized ones don't."""
    if hasattr(value, "read"):
        return _text(value.read())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return _object(value, shape, renamed)
    if isinstance(value, list):
        return [to_state(content, getattr(shape, "member", None), renamed=renamed) for content in value]
    return value


def _body(value: Any, shape: Any) -> Any:
    if shape.type_name == "blob":
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    return to_api(value, shape)


def _object(value: dict[str, Any], shape: Any, renamed: bool) -> dict[str, Any]:
    if shape is not None and shape.type_name == "map":
        return {key: to_state(content, shape.value, renamed=renamed) for key, content in value.items()}
    members = shape.members if shape is not None and shape.type_name == "structure" else {}
    return {
        sdk_name(key) if renamed else key: to_state(content, members.get(key), renamed=renamed)
        for key, content in value.items()
        if key != "ResponseMetadata"
    }


def sdk_name(name: str) -> str:
    """What the SDK for Java calls a member; `null` would be a word of its language."""
    return "Nul" if name == "NULL" else stepfunctions._api_name_to_sfn_key(name)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
