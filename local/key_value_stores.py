"""Clients of the local AWS for the data of CloudFront key value stores.

On AWS their address begins with the account, and they sign for all regions at once, which takes `botocore[crt]`. The
local AWS has one address; there the ordinary signature will do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

SERVICE = "cloudfront-keyvaluestore"
CALLS = f"before-call.{SERVICE}"
"""The event of botocore at which the address is decided."""


def signature(service: str) -> str | None:
    """The signature to ask botocore for, where its own choice won't do."""
    return "v4" if service == SERVICE else None


def address(endpoint: str) -> Callable[..., None]:
    """A handler of the event `CALLS` that sends each call to `endpoint`."""
    where = urlsplit(endpoint)

    def lead(params: dict[str, Any], **_: Any) -> None:
        params["url"] = urlunsplit(urlsplit(params["url"])._replace(scheme=where.scheme, netloc=where.netloc))

    return lead
