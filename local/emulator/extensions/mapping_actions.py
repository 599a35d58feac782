"""Reading, changing and deleting an event source mapping is judged under its own action.

On AWS these are lambda:GetEventSourceMapping, UpdateEventSourceMapping and DeleteEventSourceMapping on the mapping
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html).
The stock server lets anybody change and delete mappings, and judges reading one as listing all.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core import iam_actions

from local.emulator import frame
from local.emulator.frame import Server

NAME = "mapping_actions"
_ONE_MAPPING = re.compile(r"/2015-03-31/event-source-mappings/[^/]+/?")
_ACTIONS = {
    "DELETE": "DeleteEventSourceMapping",
    "GET": "GetEventSourceMapping",
    "PUT": "UpdateEventSourceMapping",
}


def install(server: Server) -> None:
    frame.replace(NAME, iam_actions, "_lambda_action", "method path", _with_mappings)


def _with_mappings(original: Any) -> Any:
    def action(method: str, path: str) -> str | None:
        return (_ACTIONS.get(method) if _ONE_MAPPING.fullmatch(path) else None) or original(method, path)

    return action
