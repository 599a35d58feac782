"""What every refusal of a deployed API looks like."""

from __future__ import annotations

import re
from typing import Any

_LEAKS = re.compile(r"arn:|amazonaws|[A-Z]\w+(Exception|Error|Denied)\b|not authorized|-local-|Traceback")


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The answer as a problem document that leaks nothing; its correlation id is the request's."""
    told = answer.json()
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.data
    assert told["correlation"] == answer.headers["x-amzn-requestid"]
    assert told["title"]
    assert told.get("status", status) == status
    assert not _LEAKS.search(answer.data.decode())
    return told
