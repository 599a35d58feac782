"""Every authorisation decision is kept: `GET /_serviceful/decisions?since=N`.

On AWS, CloudTrail records each call with the principal and whether it was denied
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html), data
events included when they are asked for. The stock server only answers the caller. What is recorded here is the
decision itself, with the action and resource that IAM judged, so that a grant can be shown to be used.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ministack.core import iam_evaluator

from local.emulator import frame
from local.emulator.frame import Server

NAME = "iam_decisions"
KEPT = 50_000
"""Decisions in memory; older ones are forgotten."""


@dataclass(frozen=True)
class Decision:
    """One answer of IAM."""

    n: int
    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str
    time: float


_decisions: deque[Decision] = deque(maxlen=KEPT)
_numbers = itertools.count(1)
_lock = threading.Lock()


def install(server: Server) -> None:
    frame.require(NAME, iam_evaluator, "resolve_caller_identity")
    parameters = "access_key_id iam_action service region resource_arn service_context"
    frame.replace(NAME, iam_evaluator, "enforce", parameters, _recording)
    server.routes["/_serviceful/decisions"] = _since


def record(principal: str, action: str, resource: str, allowed: bool, reason: str = "") -> None:
    """Keep a decision that was made elsewhere, such as a resource policy's on a service."""
    with _lock:
        _decisions.append(Decision(next(_numbers), principal, action, resource, allowed, reason, time.time()))


def _recording(original: Any) -> Any:
    def enforce(access_key_id: str, iam_action: str, *where: str, resource_arn: str = "*", **context: Any) -> Any:
        denial = original(access_key_id, iam_action, *where, resource_arn=resource_arn, **context)
        caller = iam_evaluator.resolve_caller_identity(access_key_id) or {}
        reason = getattr(denial, "reason", "") or getattr(denial, "message", "")
        record(caller.get("userArn", "anonymous"), iam_action, resource_arn, denial is None, reason)
        return denial

    return enforce


def _since(query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    since = int(query.get("since", ["0"])[0])
    with _lock:
        return [asdict(decision) for decision in _decisions if decision.n > since]
