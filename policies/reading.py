"""Reading a stack once for all rules.

pulumi_policy converts the properties of every resource from protobuf, deserializes them, wraps them and does the same
for its provider, anew for each of the rules: that took longer than all judging.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import Message
from pulumi_policy import policy
from pulumi_policy.proxy import unknown_checking_proxy

_KEPT: Final = 10_000
"""Property bags: more than the inputs and outputs of a large stack."""


class _Bag(dict[str, Any]):
    """Converted properties, with what a rule is given of them once one has asked."""

    given: Mapping[str, Any] | None = None


def read_once() -> None:
    """From now on, prepare equal properties once. Who asks must leave the answer as it is.

    Options and providers of resources, for which no rule asks, aren't prepared at all.
    """
    convert = json_format.MessageToDict
    deserialize = policy.deserialize_properties

    @lru_cache(_KEPT)
    def converted(kind: type[Message], content: bytes) -> _Bag:
        return _Bag(convert(kind.FromString(content)))

    def convert_once(message: Message, **options: Any) -> dict[str, Any]:
        return convert(message, **options) if options else converted(type(message), message.SerializeToString())

    def deserialize_once(props: dict[str, Any], proxy_secrets: bool = False) -> Mapping[str, Any]:
        if proxy_secrets or not isinstance(props, _Bag):
            return deserialize(props, proxy_secrets)
        if props.given is None:
            props.given = unknown_checking_proxy(deserialize(props))
        return props.given

    json_format.MessageToDict = convert_once  # type: ignore[assignment]
    policy.deserialize_properties = deserialize_once  # type: ignore[assignment]
    servicer = policy._PolicyAnalyzerServicer
    servicer._get_resource_options = lambda self, request: None  # type: ignore[assignment]
    servicer._get_provider_resource = lambda self, request: None
