"""Default settings of the ApiGatewayPattern. `docs/api-gateway.md` lists the same, and a test holds the two equal."""

from __future__ import annotations

from typing import Final

from ..core.rest_api.defaults import BINARY_TYPES, BURST, RATE, RETRY_AFTER_S, STAGE, THROTTLED_ALARM

__all__ = ["API_PATH", "BINARY_TYPES", "BURST", "ORIGIN_KEY", "RATE", "RETRY_AFTER_S", "STAGE", "THROTTLED_ALARM"]

API_PATH: Final = "/api"
"""Where a front serves the API."""

ORIGIN_KEY: Final = "a"
"""Which of the two valid origin keys CloudFront sends."""
