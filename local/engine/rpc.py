"""What all gRPC connections of the engine have in common."""

from __future__ import annotations

from typing import Final

_MESSAGE_BYTES: Final = 400 << 20

OPTIONS: Final = [(f"grpc.max_{way}_message_length", _MESSAGE_BYTES) for way in ("receive", "send")]
"""Channel options: the message size that the official engine allows."""
