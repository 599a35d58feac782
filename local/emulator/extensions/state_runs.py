"""Executions keep to their limits: time, size of data, tokens of one use, heartbeats; branches stand apart.

On AWS a state carries 256 KiB at most (States.DataLimitExceeded, which States.ALL doesn't catch), a machine ends after
its TimeoutSeconds, a task that waits for its token fails without a heartbeat in time, each attempt has a token of its
own that counts once, and the branches of a Parallel don't see each other's variables and end when one of them fails
(https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html,
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html).
The stock server knows none of these limits, lets a token count until the task has noticed it, for all attempts, lets
branches write into one context, and passes over Arguments, Output and Assign of a Parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions

from local.emulator import frame
from local.emulator.frame import Server
from local.emulator.states import attempts, limits, runs, tokens, walk

NAME = "state_runs"
_REQUIRED = (
    "_add_event",
    "_apply_catcher",
    "_apply_input_path",
    "_apply_jsonata_arguments",
    "_apply_jsonata_output",
    "_apply_output_path",
    "_apply_parameters",
    "_apply_result_path",
    "_apply_result_selector",
    "_apply_state_assign",
    "_emit_execution_status_event",
    "_execute_choice",
    "_execute_map",
    "_execute_parallel",
    "_execute_pass",
    "_execute_wait",
    "_fail_state_error",
    "_find_matching_catcher",
    "_invoke_resource",
    "_invoke_resource_with_timeout",
    "_jsonata_state_field",
    "_next_or_end",
    "_resolve_path_or_ctx",
    "_state_query_language",
    "_task_tokens",
)


def install(server: Server) -> None:
    for name in _REQUIRED:
        frame.require(NAME, stepfunctions, name)
    task = "state_def raw_input execution ctx"
    branch = "states start_at input_data execution ctx"
    frame.replace(NAME, stepfunctions, "_run_execution", "exec_arn", lambda original: walk.run_execution)
    frame.replace(NAME, stepfunctions, "_run_sub_machine", branch, lambda original: walk.run_branch)
    frame.replace(NAME, stepfunctions, "_execute_task", task, lambda original: attempts.execute_task)
    frame.replace(NAME, stepfunctions, "_run_parallel_branches", task, lambda original: walk.parallel)
    frame.replace(NAME, stepfunctions, "_run_map_items", task, walk.run_map)
    frame.replace(NAME, stepfunctions, "_error_matches", "error_equals error", lambda original: limits.matches)
    frame.replace(NAME, stepfunctions, "_scaled_sleep", "seconds", lambda original: runs.pause)
    frame.replace(NAME, stepfunctions, "_send_task_success", "data", _success)
    frame.replace(NAME, stepfunctions, "_send_task_failure", "data", _failure)
    frame.replace(NAME, stepfunctions, "_send_task_heartbeat", "data", _heartbeat)


def _success(original: Any) -> Any:
    return _answering(original, lambda data: tokens.succeed(data.get("taskToken", ""), data.get("output", "")))


def _failure(original: Any) -> Any:
    def fail(data: dict[str, Any]) -> None:
        tokens.fail(data.get("taskToken", ""), data.get("error", ""), data.get("cause", ""))

    return _answering(original, fail)


def _heartbeat(original: Any) -> Any:
    return _answering(original, lambda data: tokens.beat(data.get("taskToken", "")))


def _answering(original: Any, take: Callable[[dict[str, Any]], None]) -> Any:
    """Answers with `take`, but for the tokens of activities, which the server keeps itself."""

    def answer(data: dict[str, Any]) -> Any:
        if data.get("taskToken") in stepfunctions._task_tokens:
            return original(data)
        try:
            take(data)
        except tokens.Refused as refused:
            return responses.error_response_json(refused.code, str(refused), 400)
        return responses.json_response({})

    return answer
