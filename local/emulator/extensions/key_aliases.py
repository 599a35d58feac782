"""Calls with a key are judged on the key, however it is named, and know its aliases.

On AWS a policy names keys by their ARN, never by an alias; the condition keys kms:ResourceAliases (several values),
kms:RequestAlias and kms:MacAlgorithm tell the rest
(https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html,
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html).
The stock server judges a call by alias on the alias's ARN, and knows none of these keys.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from ministack.core import iam_actions
from ministack.services import kms

from local.emulator import frame
from local.emulator.frame import Server

NAME = "key_aliases"
_WITH_ALIASES = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")
"""These are judged on alias and key."""


def install(server: Server) -> None:
    for name in ("_aliases", "_resolve_key"):
        frame.require(NAME, kms, name)
    parameters = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", parameters, _on_keys)
    frame.replace(NAME, iam_actions, "request_tag_context", "service iam_action body params", _with_aliases)


def _on_keys(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(service: str, *call: Any, **named: Any) -> str:
        found = original(service, *call, **named)
        key = kms._resolve_key(found) if service == "kms" and ":alias/" in found else None
        return key["Arn"] if key else found

    return extract_resource_arn


def _with_aliases(original: Any) -> Any:
    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found = original(service, iam_action, body, params)
        if service != "kms" or iam_action in _WITH_ALIASES:
            return found
        call = json.loads(body or b"{}")
        named = call.get("KeyId") or ""
        key = kms._resolve_key(named)
        aliases = [
            arn.partition(":alias/")[2] for arn, target in kms._aliases.items() if key and target == key["KeyId"]
        ]
        asked = named.rpartition(":")[2]
        return {
            **found,
            "kms:ResourceAliases": [f"alias/{alias}" for alias in sorted(aliases)] or None,
            "kms:RequestAlias": asked if asked.startswith("alias/") else None,
            "kms:MacAlgorithm": call.get("MacAlgorithm"),
        }

    return context
