"""Traces: one request can be followed from the edge to the last function."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.types import FUNCTION, STAGE, STATE_MACHINE


@rule(
    "tracing",
    "Functions, state machines and stages of APIs send traces",
    severity=Severity.LOW,
    scope=Scope.RESOURCE,
    on=resources(FUNCTION, STATE_MACHINE, STAGE),
    judges={FUNCTION: ("tracingConfig",), STATE_MACHINE: ("tracingConfiguration",), STAGE: ("xrayTracingEnabled",)},
    why="A slow or failed request crosses five services; without traces nobody can say in which one it was lost.",
    fix="Set the function's tracingConfig.mode to Active, the machine's tracingConfiguration.enabled, the stage's "
    "xrayTracingEnabled",
    page="https://docs.aws.amazon.com/xray/latest/devguide/xray-services.html",
    same_as=(
        "cdk-nag AwsSolutions-SF2",
        "cdk-nag APIGWXrayEnabled",
        "cdk-nag LambdaTracing",
        "cdk-nag StepFunctionStateMachineXray",
        "checkov CKV_AWS_50",
        "checkov CKV_AWS_73",
        "checkov CKV_AWS_284",
        "prowler apigateway_restapi_tracing_enabled",
    ),
    frameworks=("REL06-BP07", "OPS04-BP05"),
    passes={f"{FUNCTION} worker": {"name": "worker", "tracingConfig": {"mode": "Active"}}},
    fails={f"{FUNCTION} worker": {"name": "worker", "tracingConfig": {"mode": "PassThrough"}}},
)
def tracing(resource: Resource, _: Context) -> Iterator[str]:
    """Judge one function, machine or stage."""
    if resource.type == FUNCTION:
        on = (resource.known("tracingConfig") or {}).get("mode") == "Active"
    elif resource.type == STATE_MACHINE:
        on = (resource.known("tracingConfiguration") or {}).get("enabled") is True
    else:
        on = resource.known("xrayTracingEnabled") is True
    if not on:
        yield "sends no traces"
