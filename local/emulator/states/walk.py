"""Walks an execution from state to state, and its branches beside each other.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
"""

from __future__ import annotations

import contextlib
import contextvars
import copy
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions

from local.emulator.states import limits, runs
from local.emulator.states.runs import Run
from local.emulator.states.tasks import TaskError

_log = logging.getLogger(__name__)
_LONGEST_SECONDS = {"EXPRESS": 300, "STANDARD": 366 * 86_400}
_WITH_EXECUTION = ("Task", "Parallel", "Map")
_Context = dict[str, Any]


def run_execution(arn: str) -> None:
    """Run an execution to its end; a redriven one from the state where it ended.

    It keeps to the definition and the role that its machine had when it started.
    """
    execution = stepfunctions._executions[arn]
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        _finish(execution, "FAILED", "StateMachineDeleted", "The state machine does not exist any more.")
        return
    execution.setdefault("roleArn", machine["roleArn"])
    definition = json.loads(execution.setdefault("definition", machine["definition"]))
    seconds = definition.get("TimeoutSeconds", _LONGEST_SECONDS[machine.get("type", "STANDARD")])
    run = Run(execution=execution, deadline=time.monotonic() + seconds, redrives=execution.get("redriveCount", 0))
    ctx = _context(execution, machine, definition)
    start, given, ctx["variables"] = execution.get("at") or (definition["StartAt"], ctx["Execution"]["Input"], {})
    try:
        # A machine that waits for this one runs it on its own thread, and goes on after it.
        with runs.working_for(run):
            output = walk(definition["States"], start, given, execution, ctx)
        run.check()
    except runs.ExecutionTimedOut:
        _finish(execution, "TIMED_OUT", None, None)
    except runs.Ended:
        pass  # StopExecution has already said how it ended.
    except TaskError as error:
        if not run.over:
            _finish(execution, "FAILED", error.error, error.cause)
    except Exception as error:
        _log.exception("execution %s", arn)
        if not run.over:
            _finish(execution, "FAILED", "States.Runtime", str(error))
    else:
        _succeed(execution, output)


def run_branch(states: dict[str, Any], start: str, given: Any, execution: dict[str, Any], ctx: _Context) -> Any:
    """Run a branch of a Parallel, or a Map's work on one item; returns its output.

    Of branches that end together, all raise what the first one failed with.
    """
    run = runs.current()
    try:
        return walk(states, start, copy.deepcopy(given), execution, ctx)
    except Exception as error:
        if not run.together:
            raise
        run.error = run.error or error
        raise run.error from None


def run_map(original: Callable[..., Any]) -> Callable[..., Any]:
    """`original`, which runs a Map's items, so that the first error of an inline Map ends the other items."""

    def run(state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: _Context) -> Any:
        outer = runs.current()
        processor = state.get("ItemProcessor") or state.get("Iterator") or {}
        inline = (processor.get("ProcessorConfig") or {}).get("Mode", "INLINE") == "INLINE"
        with runs.working_for(outer.branches(together=inline)):
            return original(state, given, execution, ctx)

    return run


def walk(states: dict[str, Any], name: str | None, data: Any, execution: dict[str, Any], ctx: _Context) -> Any:
    """Go from state to state; returns what the last one gives. Raises TaskError, or Ended."""
    while name:
        runs.current().check()
        state = states.get(name)
        if state is None:
            raise TaskError("States.Runtime", f"There is no state {name}.")
        if runs.current().parent is None:
            # Where a redrive would go on.
            execution["at"] = (name, copy.deepcopy(data), copy.deepcopy(ctx["variables"]))
        ctx["State"] = {"Name": name, "EnteredTime": responses.now_iso(), "RetryCount": 0}
        kind = state["Type"]
        _record(execution, f"{kind}StateEntered", "stateEntered", name=name, input=json.dumps(data))
        data, following = _step(state, kind, data, execution, ctx)
        limits.hold(data, f"The output of the state {name}")
        _record(execution, f"{kind}StateExited", "stateExited", name=name, output=json.dumps(data))
        name = following
    return data


def parallel(state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: _Context) -> tuple[Any, str | None]:
    """Run the branches of a Parallel beside each other, each with variables of its own; the first error ends all.

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    jsonata = stepfunctions._state_query_language(state, ctx) == "JSONata"
    if jsonata:
        arguments = stepfunctions._apply_jsonata_arguments(state, given, ctx)
    else:
        effective = stepfunctions._apply_input_path(state, given, ctx)
        arguments = stepfunctions._apply_parameters(state, effective, ctx)
    results = _all(state["Branches"], arguments, execution, ctx)
    if jsonata:
        output = stepfunctions._apply_jsonata_output(state, given, ctx, result=results, default=results)
        stepfunctions._apply_state_assign(state, given, ctx, result=results)
    else:
        selected = stepfunctions._apply_result_selector(state, results)
        output = stepfunctions._apply_output_path(state, stepfunctions._apply_result_path(state, given, selected), ctx)
    return output, stepfunctions._next_or_end(state)


def _step(
    state: dict[str, Any], kind: str, data: Any, execution: dict[str, Any], ctx: _Context
) -> tuple[Any, str | None]:
    if kind == "Fail":
        raise TaskError(*stepfunctions._fail_state_error(state, data, ctx))
    if kind == "Succeed":
        if stepfunctions._state_query_language(state, ctx) == "JSONata":
            return stepfunctions._apply_jsonata_output(state, data, ctx, default=data), None
        taken = stepfunctions._apply_input_path(state, data, ctx)
        return stepfunctions._apply_output_path(state, taken, ctx), None
    execute = getattr(stepfunctions, f"_execute_{kind.lower()}")
    return execute(state, data, execution, ctx) if kind in _WITH_EXECUTION else execute(state, data, ctx)


def _all(branches: list[dict[str, Any]], given: Any, execution: dict[str, Any], ctx: _Context) -> list[Any]:
    results: list[Any] = [None] * len(branches)
    together = runs.current().branches(together=True)

    def run(index: int, branch: dict[str, Any]) -> None:
        # What it raises is the first error, which `together` has.
        with contextlib.suppress(Exception), runs.working_for(together):
            results[index] = run_branch(branch["States"], branch["StartAt"], given, execution, copy.deepcopy(ctx))

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, index, branch), daemon=True)
        for index, branch in enumerate(branches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if together.error:
        raise together.error
    return results


def _context(execution: dict[str, Any], machine: dict[str, Any], definition: dict[str, Any]) -> _Context:
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": execution["roleArn"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("redriveCount", 0),
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }


def _succeed(execution: dict[str, Any], output: Any) -> None:
    text = json.dumps(output)
    _end(execution, "SUCCEEDED", output=text)
    _record(execution, "ExecutionSucceeded", "executionSucceeded", output=text)
    stepfunctions._emit_execution_status_event(execution)


def _finish(execution: dict[str, Any], status: str, error: str | None, cause: str | None) -> None:
    described = {} if error is None else {"error": error, "cause": cause}
    _end(execution, status, output=json.dumps({"Error": error, "Cause": cause}), **described)
    kind = "ExecutionTimedOut" if status == "TIMED_OUT" else "ExecutionFailed"
    _record(execution, kind, f"{kind[0].lower()}{kind[1:]}", **described)
    stepfunctions._emit_execution_status_event(execution)


def _end(execution: dict[str, Any], status: str, **more: Any) -> None:
    execution.update(more, stopDate=responses.now_iso())
    # Last: whoever sees the status sees the rest, too.
    execution["status"] = status


def _record(execution: dict[str, Any], kind: str, details: str, **shown: Any) -> None:
    stepfunctions._add_event(execution, kind, {f"{details}EventDetails": shown})
