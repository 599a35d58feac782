"""Reading, changing and deleting an event source mapping is judged under its own action.

On AWS these are lambda:GetEventSourceMapping, UpdateEventSourceMapping and DeleteEventSourceMapping on the mapping,
with the condition key lambda:FunctionArn
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html).
The stock server lets anybody change and delete mappings, judges reading one as listing all, and knows no such key.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions
from ministack.services import lambda_svc

from local.emulator import frame
from local.emulator.frame import Server

NAME = "mapping_actions"
_ONE_MAPPING = re.compile(r"/2015-03-31/event-source-mappings/[^/]+/?")
_asked: ContextVar[str] = ContextVar("asked", default="")
"""Path of the request that is judged."""

_ACTIONS = {
    "DELETE": "DeleteEventSourceMapping",
    "GET": "GetEventSourceMapping",
    "PUT": "UpdateEventSourceMapping",
}


def install(server: Server) -> None:
    frame.require(NAME, lambda_svc, "_esms")
    frame.replace(NAME, iam_actions, "_lambda_action", "method path", _with_mappings)
    frame.replace(NAME, iam_actions, "request_tag_context", "service iam_action body params", _with_function)


def _with_mappings(original: Any) -> Any:
    def action(method: str, path: str) -> str | None:
        _asked.set(path)
        return (_ACTIONS.get(method) if _ONE_MAPPING.fullmatch(path) else None) or original(method, path)

    return action


def _with_function(original: Any) -> Any:
    """The condition keys of a request are put together where those of its tags are."""

    def request_tag_context(service: str, iam_action: str, body: bytes, params: dict) -> dict:
        context = original(service, iam_action, body, params)
        if iam_action.removeprefix("lambda:") in _ACTIONS.values():
            mapping = lambda_svc._esms.get(_asked.get().rstrip("/").rpartition("/")[2]) or {}
            context = {**context, "lambda:FunctionArn": mapping.get("FunctionArn", "")}
        return context

    return request_tag_context
