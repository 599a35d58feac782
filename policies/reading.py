"""Reading a stack once for all rules.

pulumi_policy turns the properties of every resource from protobuf into a dictionary, and its provider's as well, anew
for each of the rules: that took longer than all judging.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import Message

_KEPT: Final = 10_000
"""Property bags: more than the inputs and outputs of a large stack."""


def read_once() -> None:
    """From now on, convert equal messages once. Who asks must leave the answer as it is; pulumi_policy copies it."""
    convert = json_format.MessageToDict

    @lru_cache(_KEPT)
    def converted(kind: type[Message], content: bytes) -> dict[str, Any]:
        return convert(kind.FromString(content))

    def once(message: Message, **options: Any) -> dict[str, Any]:
        return convert(message, **options) if options else converted(type(message), message.SerializeToString())

    json_format.MessageToDict = once  # type: ignore[assignment]
