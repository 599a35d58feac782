"""What an invocation came to, in the words of Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html and
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from local.emulator.functions.worker import Answer, Exited

MAX_RESULT_BYTES = 6_291_556
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#function-configuration-deployment-and-execution"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result or the error of an invocation, and what the function printed."""

    body: Any
    failed: bool = False
    log: list[str] = field(default_factory=list)


def answered(answer: Answer, log: list[str], request_id: str) -> Outcome:
    """The function returned or raised."""
    if answer["status"] == "ok" and len(answer["result"].encode()) > MAX_RESULT_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESULT_BYTES} bytes)."
        body = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
        return Outcome(body=body, failed=True, log=log)
    if answer["status"] == "ok":
        return Outcome(body=json.loads(answer["result"]), log=log)
    return Outcome(body={**answer["error"], "requestId": request_id}, failed=True, log=log)


def timed_out(seconds: int, log: list[str], request_id: str) -> Outcome:
    """The function took longer than it may."""
    message = f"Task timed out after {seconds:.2f} seconds"
    return _ended("Sandbox.Timedout", message, log, request_id)


def exited(error: Exited, log: list[str], request_id: str) -> Outcome:
    """The function's process ended: `sys.exit`, a crash of a native library, or no memory."""
    return _ended("Runtime.ExitError", f"Runtime exited with error: {error}", log, request_id)


def _ended(error_type: str, message: str, log: list[str], request_id: str) -> Outcome:
    body = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return Outcome(body=body, failed=True, log=[*log, f"{request_id} {message}"])
