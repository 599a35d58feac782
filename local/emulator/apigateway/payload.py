"""Bodies as text or bytes: what isn't of a binary media type passes through as text, and binary data breaks by it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
"""

from __future__ import annotations

from ministack.services import apigateway_v1

from local.emulator.apigateway.call import Call


def as_passed(body: bytes, media_type: str | None, call: Call) -> bytes:
    """`body` as it comes out of the gateway."""
    if is_binary(media_type, call):
        return body
    return body.decode(errors="replace").encode()


def is_binary(media_type: str | None, call: Call) -> bool:
    """Whether the API declares `media_type` binary."""
    api = apigateway_v1._rest_apis.get(call.api_id) or {}
    return apigateway_v1._media_type_matches(media_type, api.get("binaryMediaTypes") or [])
