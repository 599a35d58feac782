"""Functions as an operator sees them: started anew, and by what they log."""

from __future__ import annotations

import json
import time
from typing import Any

from local.tour.guide import Guide

_LOGGED_S = 1
"""The local AWS keeps what a function printed before it says that the function has ended."""


def configuration(guide: Guide, function: str) -> dict[str, Any]:
    """What it is told by its deployment, and more."""
    return guide.aws("lambda").get_function_configuration(FunctionName=function)


def variables(guide: Guide, function: str) -> dict[str, str]:
    """Its environment variables."""
    return configuration(guide, function)["Environment"]["Variables"]


def renew(guide: Guide, *functions: str) -> int:
    """Let each start anew when it is called next, as after a deployment: nothing is cached, and its log is another.

    Answers when that was, in milliseconds of the epoch. A change of the configuration, though to what it was, ends the
    environments that there are: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    since = int(time.time() * 1000)
    for function in functions:
        timeout = configuration(guide, function)["Timeout"]
        guide.aws("lambda").update_function_configuration(FunctionName=function, Timeout=timeout)
    return since


def expect_logged(guide: Guide, function: str, words: str, since: int) -> None:
    """Raise TourError unless a line with these words is in the function's log, no older than `since`."""
    group = f"/aws/lambda/{function}"

    def line() -> str | None:
        events = guide.aws("logs").filter_log_events(logGroupName=group, startTime=since)["events"]
        return next((event["message"] for event in events if words in event["message"]), None)

    guide.await_(f"waiting for {words} in the log of {function}", line, _LOGGED_S)


def refuse(guide: Guide, function: str) -> None:
    """Start a function anew with a batch that holds nothing that it knows: it fails, and its log says so.

    Raises TourError when the log doesn't have that call.
    """
    since = renew(guide, function)
    answer = guide.aws("lambda").invoke(FunctionName=function, Payload=json.dumps({"Records": [{}]}))
    error = json.load(answer["Payload"])
    guide.expect("FunctionError" in answer, f"{function} takes a batch that holds nothing")
    expect_logged(guide, function, error["requestId"], since)
