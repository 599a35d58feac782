"""What is wrong with a definition: by the language, and by the practice that every machine here keeps to.

- Nothing waits for ever: the machine and each Task have a timeout (a wait for a token, too).
- Each Task is tried again, after growing pauses that are limited and random, unless it says `"MaxAttempts": 0`.
- Each Task, Map and Parallel state catches everything, so that a failure ends in a state with a name.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from .definition import Definition, State, is_expression, texts

# statelint is stricter or older than Step Functions here and there: it wants 2.0 for 2, numbers where JSONata may
# compute them, and lacks a few fields. The service itself, and the local provider, judge those.
_LINT = Config({ProblemType.FLOAT, ProblemType.URI})
_NEWER = frozenset({"Assign", "Label", "ReaderConfig", "WriterConfig"})
_MAY_COMPUTE = {
    "Condition": "{% true %}",
    "HeartbeatSeconds": 1,
    "MaxConcurrency": 1,
    "Seconds": 1,
    "TimeoutSeconds": 2,
    "Timestamp": "2000-01-01T00:00:00Z",
    "ToleratedFailureCount": 1,
    "ToleratedFailurePercentage": 1,
}
"""Field → a value that stands for any."""

_LONGEST_EXPRESS_S = 300
"""https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""

_WAITING = (".sync", ".sync:2", ".waitForTaskToken")


def check(definition: Definition, kind: str) -> None:
    """Refuse a definition with everything that is wrong with it, one line each. Raises ValueError."""
    found = Linter.validate(_lintable(definition.machine), _LINT)  # what it finds may hinder those that follow
    if found := found or [*_expressions(definition), *_practice(definition, kind)]:
        raise ValueError("\n  ".join([f"{definition.label}:", *found]))


def _lintable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _MAY_COMPUTE[name] if name in _MAY_COMPUTE and _computes(item) else _lintable(item)
            for name, item in value.items()
            if name not in _NEWER
        }
    return [_lintable(item) for item in value] if isinstance(value, list) else value


def _computes(value: Any) -> bool:
    return isinstance(value, bool) or is_expression(value)


def _expressions(definition: Definition) -> Iterator[str]:
    for state in definition.states():
        yield from _syntax(state)


def _syntax(state: State) -> Iterator[str]:
    """What of a state's JSONata can't be read. Nested states are looked at by themselves."""
    own = {name: value for name, value in state.body.items() if name not in ("Branches", "ItemProcessor", "Iterator")}
    for text in texts(own) if state.language == "JSONata" else ():
        if is_expression(text):
            try:
                Jsonata(text[2:-2])
            except JException as error:
                yield f"{state.name}: {text} is no JSONata: {error}"


def _practice(definition: Definition, kind: str) -> Iterator[str]:
    yield from _whole(definition.machine.get("TimeoutSeconds"), kind)
    for state in definition.states():
        if state.type == "Task":
            yield from (f"{state.name}: {problem}" for problem in _task(state.body, kind))
        if state.type in ("Task", "Map", "Parallel") and not _catches_all(state.body):
            yield f"{state.name}: the last Catch must be for States.ALL"
        yield from (f"{state.name}: {problem}" for problem in _order(state.body))


def _whole(timeout: Any, kind: str) -> Iterator[str]:
    if not isinstance(timeout, int):
        yield "the machine has no TimeoutSeconds: an execution could wait for ever"
    elif kind == "EXPRESS" and timeout > _LONGEST_EXPRESS_S:
        yield f"TimeoutSeconds of {timeout} is over the {_LONGEST_EXPRESS_S} s that an Express execution has"


def _task(body: Mapping[str, Any], kind: str) -> Iterator[str]:
    if not body.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}:
        yield "has no TimeoutSeconds: the default is to wait for ever"
    timeout, heartbeat = body.get("TimeoutSeconds"), body.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield f"HeartbeatSeconds of {heartbeat} isn't under TimeoutSeconds of {timeout}"
    resource = str(body.get("Resource", ""))
    if kind == "EXPRESS" and (resource.endswith(_WAITING) or ":activity:" in resource):
        yield f"an Express machine can't wait for a job, a callback or an activity ({resource})"
    if resource.endswith(".waitForTaskToken") and not _hands_token_on(body):
        yield "waits for an answer, and hands on no token (`$states.context.Task.Token`) to answer with"
    yield from _retries(body.get("Retry"))


def _hands_token_on(body: Mapping[str, Any]) -> bool:
    return any(".Task" in text for name in ("Arguments", "Parameters") for text in texts(body.get(name)))


def _retries(retriers: Any) -> Iterator[str]:
    if not isinstance(retriers, list) or not retriers:
        yield 'has no Retry; say "MaxAttempts": 0 if it must not be tried again'
        return
    for retrier in retriers:
        if retrier.get("MaxAttempts") == 0:
            continue
        if retrier.get("JitterStrategy") != "FULL":
            yield 'a Retry has no "JitterStrategy": "FULL": what failed together is tried again together'
        if "MaxDelaySeconds" not in retrier:
            yield "a Retry has no MaxDelaySeconds: its pauses grow without limit"


def _order(body: Mapping[str, Any]) -> Iterator[str]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
    for name in ("Retry", "Catch"):
        rows = body.get(name) or []
        for number, row in enumerate(rows, 1):
            errors = row["ErrorEquals"]
            if "States.ALL" in errors and (len(errors) > 1 or number < len(rows)):
                yield f"States.ALL stands alone in a {name}, and last"


def _catches_all(body: Mapping[str, Any]) -> bool:
    catchers = body.get("Catch")
    return isinstance(catchers, list) and bool(catchers) and catchers[-1].get("ErrorEquals") == ["States.ALL"]
