"""Every authorisation decision is kept: `GET /_serviceful/decisions?since=N`; `?last=1` is the newest one's number.

On AWS, CloudTrail records each call with the principal and whether it was denied
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html), data
events included when they are asked for. The stock server only answers the caller. What is recorded here is the
decision itself, with the action, resource and condition keys that IAM judged, so that a grant can be shown to be used.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ministack.core import iam_evaluator

from local.emulator import frame
from local.emulator.decision import Decision
from local.emulator.frame import Server

NAME = "iam_decisions"
KEPT = 50_000
"""Decisions in memory; older ones are forgotten."""


_decisions: deque[Decision] = deque(maxlen=KEPT)
_numbers = itertools.count(1)
_lock = threading.Lock()


def install(server: Server) -> None:
    frame.require(NAME, iam_evaluator, "resolve_caller_identity")
    parameters = "access_key_id iam_action service region resource_arn service_context"
    frame.replace(NAME, iam_evaluator, "enforce", parameters, _recording)
    server.routes["/_serviceful/decisions"] = _since


def record(
    principal: str,
    action: str,
    resource: str,
    allowed: bool,
    *,
    reason: str = "",
    keys: Mapping[str, Any] | None = None,
) -> None:
    """Keep a decision, or one that was made elsewhere, such as a resource policy's on a service."""
    there = {key.lower(): _plain(value) for key, value in (keys or {}).items() if value is not None}
    with _lock:
        number = next(_numbers)
        _decisions.append(
            Decision(
                n=number,
                principal=principal,
                action=action,
                resource=resource,
                allowed=allowed,
                reason=reason,
                time=time.time(),
                keys=there,
            )
        )


def _recording(original: Any) -> Any:
    def enforce(access_key_id: str, iam_action: str, *where: str, resource_arn: str = "*", **context: Any) -> Any:
        denial = original(access_key_id, iam_action, *where, resource_arn=resource_arn, **context)
        caller = iam_evaluator.resolve_caller_identity(access_key_id) or {}
        reason = getattr(denial, "reason", "") or getattr(denial, "message", "")
        who, keys = caller.get("userArn", "anonymous"), context.get("service_context")
        record(who, iam_action, resource_arn, denial is None, reason=reason, keys=keys)
        return denial

    return enforce


def _plain(value: Any) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple, set)) else str(value)


def _since(query: Mapping[str, list[str]]) -> list[dict[str, Any]] | int:
    with _lock:
        if "last" in query:
            return _decisions[-1].n if _decisions else 0
        since = int(query.get("since", ["0"])[0])
        found = list(itertools.takewhile(lambda decision: decision.n > since, reversed(_decisions)))
    return [asdict(decision) for decision in reversed(found)]
