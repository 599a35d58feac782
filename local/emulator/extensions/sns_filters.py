"""Filter policies on the message body look into arrays of objects.

On AWS a nested filter policy matches when any element of an array on its way does
(https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html); an S3 event, whose `Records` is an array,
is filtered that way. The stock server looks into objects only, so such a policy never matches.
All keys below an array must match in the same element here; AWS doesn't say whether they must.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ministack.services import sns

from local.emulator import frame
from local.emulator.frame import Server

NAME = "sns_filters"


def install(server: Server) -> None:
    frame.require(NAME, sns, "_is_or_operator")
    frame.require(NAME, sns, "_key_matches")
    frame.replace(NAME, sns, "_matches_filter_policy", "sub message_attributes message", _matches)


def _matches(original: Any) -> Any:
    def matches(sub: dict[str, Any], message_attributes: dict[str, Any], message: str = "") -> bool:
        attributes = sub.get("attributes", {})
        policy = attributes.get("FilterPolicy")
        if not policy or attributes.get("FilterPolicyScope") != "MessageBody":
            return original(sub, message_attributes, message)
        try:
            body = json.loads(message)
        except ValueError:
            return False
        return isinstance(body, dict) and _body_matches(json.loads(policy), body)

    return matches


def _body_matches(policy: dict[str, Any], body: dict[str, Any]) -> bool:
    return all(_rule_matches(key, rules, body) for key, rules in policy.items())


def _rule_matches(key: str, rules: Any, body: dict[str, Any]) -> bool:
    if key == "$or" and sns._is_or_operator(rules):
        return any(_body_matches(alternative, body) for alternative in rules)
    if isinstance(rules, dict):
        return any(_body_matches(rules, element) for element in _objects(body.get(key)))
    value = body.get(key)
    values = list(_leaves(value))
    return sns._key_matches(rules if isinstance(rules, list) else [rules], value is not None, values, bool(body))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a value: itself, or those in its arrays."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from _objects(element)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _leaves(element)
    else:
        yield value
