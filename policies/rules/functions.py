"""Functions: kept up by AWS, no longer than whoever waits for them, and no more at once than what is behind bears."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.types import EVENT_SOURCE_MAPPING, FUNCTION, INTEGRATION, QUEUE
from .queues import DEFAULT_TIMEOUT_S, reads_a_queue, source_queue

_RUNTIMES: Final = ["python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x", "provided.al2023"]
"""Those that AWS patches for more than a year yet: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""

_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_INVOKED: Final = re.compile(r".*:lambda:path/[\d-]+/functions/(arn:[^/]+)/invocations")
_LONGEST_ROUTE_S: Final = 29
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


@rule(
    "function-runtime",
    "A function runs on a runtime that AWS patches, on arm64, in code of its own account",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(FUNCTION),
    judges={FUNCTION: ("runtime", "architectures")},
    why="A runtime that is no longer patched keeps its holes, and then blocks every update; a layer of somebody else's "
    "account runs with all the function's rights.",
    fix="Set runtime to python3.13 and architectures to [arm64]; put what a layer brings into the bundle",
    page="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    same_as=(
        "cdk-nag AwsSolutions-L1",
        "cdk-nag LambdaLatestVersion",
        "checkov CKV_AWS_363",
        "prowler awslambda_function_using_supported_runtimes",
        "prowler awslambda_function_using_cross_account_layers",
    ),
    frameworks=("SEC06-BP01", "SUS05-BP02"),
    passes={f"{FUNCTION} worker": {"name": "worker", "runtime": "python3.13", "architectures": ["arm64"]}},
    fails={f"{FUNCTION} worker": {"name": "worker", "runtime": "python3.9", "architectures": ["arm64"]}},
    options={
        "runtimes": Option(_RUNTIMES, "Runtimes that functions may run on", _TEXTS),
        "architectures": Option(["arm64"], "Processors that functions may run on", _TEXTS),
        "layers": Option([], "Accounts whose layers functions may use", _TEXTS),
    },
)
def function_runtime(function: Resource, context: Context) -> Iterator[str]:
    """Judge one function by its inputs; an image brings its own runtime."""
    runtime = function.known("runtime")
    if runtime not in context.options["runtimes"] and function.known("packageType") != "Image":
        yield f"runs on {runtime or 'no runtime'}"
    for architecture in function.known("architectures") or ["x86_64"]:
        if architecture not in context.options["architectures"]:
            yield f"runs on {architecture}"
    for layer in function.known("layers") or ():
        if "".join(layer.split(":")[4:5]) not in context.options["layers"]:
            yield f"runs the layer {layer}"


def _called(timeout: int) -> Example:
    function = "arn:aws:lambda:eu-west-1:111122223333:function:form"
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations"
    return {
        f"{FUNCTION} form": {"name": "form", "timeout": timeout},
        f"{INTEGRATION} form": {"type": "AWS_PROXY", "uri": uri, "timeoutMilliseconds": 29000},
    }


@rule(
    "function-timeout",
    "A function ends before the route that waits for it gives up",
    severity=Severity.MEDIUM,
    on=resources(INTEGRATION),
    judges={INTEGRATION: ("uri", "timeoutMilliseconds"), FUNCTION: ("timeout",)},
    why="The caller has his 504 and tries again, while the first attempt still runs, writes, and is paid for.",
    fix="Lower the function's timeout, or answer 202 and work behind a queue",
    page="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
    frameworks=("REL05-BP05",),
    passes=_called(10),
    fails=_called(60),
)
def function_timeout(integration: Resource, context: Context) -> Iterator[str]:
    """Judge one integration by the function that it invokes."""
    invoked = _INVOKED.fullmatch(integration.known("uri") or "")
    function = context.stack.find(invoked.group(1), FUNCTION) if invoked else None
    if function is None:
        return
    given = integration.given("timeoutMilliseconds")
    waits = _LONGEST_ROUTE_S if given is None else given / 1000
    timeout = function.known("timeout")
    timeout = DEFAULT_TIMEOUT_S if timeout is None else timeout
    if timeout > waits:
        yield f"waits {waits:g} s for {function.name}, which may take {timeout:g} s"


def _scaled(**mapping: Any) -> Example:
    arn = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    return {
        f"{QUEUE} jobs": {"name": "jobs"},
        f"{FUNCTION} worker": {"name": "worker"},
        f"{EVENT_SOURCE_MAPPING} worker": {"eventSourceArn": arn, "functionName": "worker", **mapping},
    }


@rule(
    "function-concurrency",
    "A queue wakes a bounded number of functions at once",
    severity=Severity.MEDIUM,
    on=resources(EVENT_SOURCE_MAPPING),
    judges={EVENT_SOURCE_MAPPING: ("eventSourceArn", "scalingConfig")},
    why="Lambda adds 300 instances a minute while a queue is full: tables and partners behind them fall, and other "
    "functions of the account are throttled.",
    fix="Set scalingConfig.maximumConcurrency of the mapping to what is behind the function can bear",
    page="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
    frameworks=("REL05-BP02", "COST09-BP02"),
    passes=_scaled(scalingConfig={"maximumConcurrency": 10}),
    fails=_scaled(),
    options={"most": Option(1000, "Instances at once, at most", {"type": "number", "minimum": 2, "maximum": 1000})},
)
def function_concurrency(mapping: Resource, context: Context) -> Iterator[str]:
    """Judge one mapping of a standard queue; in a FIFO queue each message group waits for itself."""
    if not reads_a_queue(mapping, context.stack):
        return
    queue = source_queue(mapping, context.stack)
    if queue is not None and queue.known("fifoQueue"):
        return
    most = (mapping.known("scalingConfig") or {}).get("maximumConcurrency")
    if most is None:
        yield "wakes as many functions as the account has"
    elif most > context.options["most"]:
        yield f"wakes {most:g} functions at once"
