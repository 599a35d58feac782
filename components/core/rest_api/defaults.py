"""Default settings of every REST API. Patterns that make one list them as theirs."""

from __future__ import annotations

from typing import Final

STAGE: Final = "v1"
"""Name of the one stage, part of the API's own URL."""

BINARY_TYPES: Final = (
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "audio/*",
    "font/*",
    "image/*",
    "multipart/form-data",
    "video/*",
)
"""Media types whose bodies pass through as bytes; all others are text in UTF-8 to a REST API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html"""

RATE: Final = 50
"""Requests a second that a route takes, unless it says otherwise."""

BURST: Final = 100
"""Requests at once that a route takes, unless it says otherwise."""

THROTTLED_ALARM: Final = 10
"""Requests that are turned away in a minute, in three of five minutes, before an alarm goes off."""

RETRY_AFTER_S: Final = 1
"""What a throttled caller is told to wait, in seconds."""
