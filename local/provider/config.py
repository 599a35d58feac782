"""The provider's own configuration: which keys it takes, and that none of them leads anywhere but here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local.provider.check import Failure
from local.provider.clients import loopback
from local.provider.errors import RefusedError
from local.settings import ACCOUNT
from local.wire import UNKNOWN, without_secrets

_ACCEPTED = frozenset(
    {
        "region",
        "endpoints",
        "allowedAccountIds",
        "forbiddenAccountIds",
        # These speak of reaching AWS; the local AWS is always reached in one way.
        "accessKey",
        "secretKey",
        "token",
        "maxRetries",
        "retryMode",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        # The engine's own.
        "version",
        "pluginDownloadURL",
        "__internal",
        "__defaults",
    }
)
_DECODED = ("endpoints", "allowedAccountIds", "forbiddenAccountIds")


def failures(config: dict[str, Any]) -> Iterator[Failure]:
    """What in a provider's configuration isn't accepted here."""
    known = decoded(config)
    for key in config:
        if key not in _ACCEPTED:
            yield Failure(key, f"aws:{key} is not available locally: this provider only speaks to the local AWS")
    for service, url in _endpoints(known.get("endpoints")):
        try:
            loopback(url)
        except RefusedError as error:
            yield Failure(f"endpoints.{service}", error.message)
    allowed = known.get("allowedAccountIds")
    if allowed and allowed is not UNKNOWN and ACCOUNT not in allowed:
        yield Failure("allowedAccountIds", f"this configuration is for other accounts than the local {ACCOUNT}")
    forbidden = known.get("forbiddenAccountIds")
    if forbidden and forbidden is not UNKNOWN and ACCOUNT in forbidden:
        yield Failure("forbiddenAccountIds", f"this configuration forbids the local account {ACCOUNT}")


def decoded(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as plain values. SDKs send those that are no texts as JSON."""
    plain = without_secrets(config)
    return {key: _parse(value) if key in _DECODED else value for key, value in plain.items()}


def _parse(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _endpoints(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        return
    for entry in value:
        if isinstance(entry, dict):
            yield from ((service, url) for service, url in entry.items() if isinstance(url, str) and url)
