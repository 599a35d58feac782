"""Executions of state machines, as whoever waits for their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from local.tour.guide import Guide, TourError

Found = TypeVar("Found")

_LONGEST_CAUSE = 200


def follow(
    guide: Guide, arn: str, what: str, *, seconds: float, meanwhile: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Wait until an execution has succeeded, and do something all the while.

    Raises TourError as soon as one of its tasks fails, though the machine may try again for minutes.
    """

    def ended() -> dict[str, Any] | None:
        meanwhile()
        if failure := failed_task(guide, arn):
            raise TourError(f"{what}: {failure}")
        described = guide.aws("stepfunctions").describe_execution(executionArn=arn)
        return described if described["status"] != "RUNNING" else None

    execution = patiently(guide, what, ended, seconds)
    guide.expect(
        execution["status"] == "SUCCEEDED", f"{what}: it ended {execution['status']}: {execution.get('cause')}"
    )
    return execution


def patiently(guide: Guide, what: str, look: Callable[[], Found | None], seconds: float) -> Found:
    """Wait as long as it takes, also where the guide is in a hurry: `look` raises as soon as it is in vain."""
    return Guide.await_(guide, what, look, seconds)


def failed_task(guide: Guide, arn: str) -> str | None:
    """The state in which a task of an execution failed first, and why; None when none has."""
    history = guide.aws("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)["events"]
    state = ""
    for event in history:
        state = event.get("stateEnteredEventDetails", {}).get("name") or state
        if failed := event.get("taskFailedEventDetails"):
            return f"{state!r} failed with {failed['error']}: {failed.get('cause', '')[:_LONGEST_CAUSE]}"
    return None
