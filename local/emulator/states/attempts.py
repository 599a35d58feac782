"""A Task state: its attempts, what each may last, and when there is another one.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json
import random
import time
from typing import Any

from ministack.services import stepfunctions

from local.emulator.states import limits, runs, tokens
from local.emulator.states.tasks import TaskError

_CALLBACK = ".waitForTaskToken"
_LONGEST_SECONDS = 99_999_999
_Step = tuple[Any, str | None]


def execute_task(state_def: dict[str, Any], raw_input: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> _Step:
    """Run the task, again as long as its Retry says so; returns the output and the next state's name."""
    retries = Retries(state_def.get("Retry") or [])
    while True:
        ctx["State"]["RetryCount"] = retries.count
        runs.current().check()
        try:
            return _attempt(state_def, raw_input, execution, ctx), stepfunctions._next_or_end(state_def)
        except TaskError as error:
            _record(execution, "TaskFailed", state_def["Resource"], error=error.error, cause=error.cause)
            pause = retries.pause_after(error.error)
            if pause is None:
                return _caught(state_def, raw_input, ctx, error)
        runs.pause(pause)


class Retries:
    """The retriers of a state, each with the attempts that it has used."""

    def __init__(self, retriers: list[dict[str, Any]]) -> None:
        self._retriers = retriers
        self._used = [0] * len(retriers)

    @property
    def count(self) -> int:
        """How often the task was tried again."""
        return sum(self._used)

    def pause_after(self, error: str) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        for index, retrier in enumerate(self._retriers):
            if limits.matches(retrier["ErrorEquals"], error):
                if self._used[index] >= retrier.get("MaxAttempts", 3):
                    return None
                delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** self._used[index]
                delay = min(delay, retrier.get("MaxDelaySeconds", _LONGEST_SECONDS))
                self._used[index] += 1
                return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay  # noqa: S311
        return None


def _attempt(state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
    jsonata = stepfunctions._state_query_language(state, ctx) == "JSONata"
    resource = state["Resource"]
    token, waiting = "", tokens.Waiting()
    if resource.endswith(_CALLBACK):
        # Another one for each attempt: an answer to an earlier one must not count.
        token, waiting = tokens.new()
        ctx["Task"] = {"Token": token}
    try:
        if jsonata:
            effective = arguments = stepfunctions._apply_jsonata_arguments(state, given, ctx)
        else:
            effective = stepfunctions._apply_input_path(state, given, ctx)
            arguments = stepfunctions._apply_parameters(state, effective, ctx)
        limits.hold(arguments, "The arguments of the task")
        _record(execution, "TaskScheduled", resource)
        timeout = _seconds(state, "TimeoutSeconds", given, effective, ctx)
        if token:
            heartbeat = _seconds(state, "HeartbeatSeconds", given, effective, ctx)
            until = time.monotonic() + (timeout or _LONGEST_SECONDS)
            stepfunctions._invoke_resource(resource.removesuffix(_CALLBACK), arguments)
            result = _answer(waiting, until, heartbeat)
        elif timeout is not None:
            result = stepfunctions._invoke_resource_with_timeout(resource, arguments, timeout)
        else:
            result = stepfunctions._invoke_resource(resource, arguments)
    finally:
        if token:
            tokens.close(token)
    limits.hold(result, "The result of the task")
    _record(execution, "TaskSucceeded", resource, output=json.dumps(result))
    if jsonata:
        output = stepfunctions._apply_jsonata_output(state, given, ctx, result=result, default=result)
        limits.hold(output, "The output of the state")
        stepfunctions._apply_state_assign(state, given, ctx, result=result)
        return output
    selected = stepfunctions._apply_result_selector(state, result)
    output = stepfunctions._apply_output_path(state, stepfunctions._apply_result_path(state, given, selected), ctx)
    limits.hold(output, "The output of the state")
    return output


def _answer(waiting: tokens.Waiting, until: float, heartbeat: float | None) -> Any:
    """What is answered with the token. Without a heartbeat in time, or any answer, the task fails."""
    waiting.heard = time.monotonic()
    while True:
        silent = until if heartbeat is None else waiting.heard + heartbeat
        if runs.current().wait(waiting.answered, min(until, silent) - time.monotonic()):
            break
        if time.monotonic() >= until:
            raise TaskError("States.Timeout", "The task was not answered within its TimeoutSeconds.")
        if heartbeat is not None and time.monotonic() >= waiting.heard + heartbeat:
            raise TaskError("States.HeartbeatTimeout", f"There was no heartbeat for {heartbeat} seconds.")
    if waiting.error:
        raise waiting.error
    return waiting.output


def _seconds(state: dict[str, Any], name: str, given: Any, effective: Any, ctx: dict[str, Any]) -> float | None:
    """A time of the state, which may be an expression or a path."""
    if name in state:
        if not isinstance(state[name], str):
            return state[name]
        value = stepfunctions._jsonata_state_field(state, name, "number", given, ctx)
    elif f"{name}Path" in state:
        value = stepfunctions._resolve_path_or_ctx(state[f"{name}Path"], effective, ctx)
    else:
        return None
    if not isinstance(value, int | float) or value <= 0:
        raise TaskError("States.Runtime", f"{name} is a positive number, not {json.dumps(value)}.")
    return value


def _caught(state: dict[str, Any], given: Any, ctx: dict[str, Any], error: TaskError) -> _Step:
    catcher = stepfunctions._find_matching_catcher(state.get("Catch") or [], error.error)
    if catcher is None:
        raise error
    described = {"Error": error.error, "Cause": error.cause}
    language = stepfunctions._state_query_language(state, ctx)
    return stepfunctions._apply_catcher(catcher, given, ctx, language, described), catcher["Next"]


def _record(execution: dict[str, Any], kind: str, resource: str, **details: Any) -> None:
    shown = {"resourceType": resource.split(":")[5], "resource": resource, **details}
    stepfunctions._add_event(execution, kind, {f"{kind[0].lower()}{kind[1:]}EventDetails": shown})
