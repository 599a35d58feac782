"""Answers of the query protocol as JSON: what SQS and SNS send the gateway, which asks for JSON.

`<SendMessageResponse><SendMessageResult>…` becomes `{"SendMessageResponse": {"SendMessageResult": {…}}}`; a member that
has no value is null; an error is `{"Error": {"Code", "Message", "Type"}, "RequestId"}`. Response templates rely on it:
https://docs.aws.amazon.com/prescriptive-guidance/latest/patterns/integrate-amazon-api-gateway-with-amazon-sqs-to-handle-asynchronous-rest-apis.html
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET  # the server's own answers
from typing import Any

_MEMBERS = {
    "SendMessageResult": (
        "MD5OfMessageAttributes",
        "MD5OfMessageBody",
        "MD5OfMessageSystemAttributes",
        "MessageId",
        "SequenceNumber",
    ),
    "PublishResult": ("MessageId", "SequenceNumber"),
}


def to_json(document: bytes) -> bytes:
    """The XML answer `document` as JSON; what isn't XML stays as it is."""
    try:
        root = ET.fromstring(document)  # noqa: S314 - as above
    except ET.ParseError:
        return document
    content = _value(root)
    if _name(root) == "ErrorResponse" and isinstance(content, dict):
        error = content.get("Error") or {}
        described = {key: error.get(key) for key in ("Code", "Message", "Type")}
        return json.dumps({"Error": described, "RequestId": content.get("RequestId")}).encode()
    return json.dumps({_name(root): content}).encode()


def _value(element: ET.Element) -> Any:
    children = list(element)
    if not children and _name(element) not in _MEMBERS:
        return element.text
    members: dict[str, Any] = dict.fromkeys(_MEMBERS.get(_name(element), ()))
    for child in children:
        name, value = _name(child), _value(child)
        if members.get(name) is not None:
            several = members[name] if isinstance(members[name], list) else [members[name]]
            members[name] = [*several, value]
        else:
            members[name] = value
    return members


def _name(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
