"""A Step Functions state machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from .alarm import Alarm
from .asl.definition import Definition, fill
from .asl.derive import Given, permissions
from .asl.practice import check
from .log_group import LogGroup
from .metric import Metric
from .pattern import Pattern
from .permissions import Permission
from .role import Role

_TRACE = Permission(
    actions=(
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    ),
    resources=("*",),  # these actions take no resource: …/reference/list_awsx-ray.html
    page="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html",
)
_LOG = Permission(
    actions=(
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ),
    resources=("*",),  # log delivery takes no resource
    page="https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
)


class StateMachine:
    """A machine whose definition is plain ASL with `${Name}` substitutions, so that it opens in Workflow Studio.

    Its role is derived: each state's action on what the state's parameters name (`asl/integrations.py` says which), and
    nothing else. Executions are logged without their data, which may hold task tokens.

    - `definition`: the `.asl.json` file, or the same as an object. JSONPath or JSONata, Map and Parallel states.
      Held against the language and good practice (`asl/practice.py`): timeouts, Retry with jitter, Catch.
    - `substitutions`: name → text, each of them used. One that only AWS can make (a connection's ARN) may be an Output;
      what a state calls by it counts as computed.
    - `resources`: state → what it may do, where a parameter that decides it is computed (`{% … %}`, `X.$`, an Output):
      `resources={"Save": results.put()}`. Held to the actions that the state needs, neither more nor fewer.

    Raises ValueError with everything that is wrong, by the names of the states.
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        kind: Literal["EXPRESS", "STANDARD"],
        definition: Path | Mapping[str, Any],
        substitutions: Mapping[str, str | pulumi.Output[str]],
        resources: Given = MappingProxyType({}),
    ) -> None:
        self._owner, self._name, self.tree_name = owner, name, owner.tree_name(name)
        self.physical_name = owner.physical("state-machine", name)
        self.arn = owner.names.arn("states", f"stateMachine:{self.physical_name}")
        known = {key: value for key, value in substitutions.items() if isinstance(value, str)}
        awaited = {key: value for key, value in substitutions.items() if isinstance(value, pulumi.Output)}
        if strange := sorted(substitutions.keys() - known.keys() - awaited.keys()):
            raise ValueError(f"{self.tree_name}: the substitutions {', '.join(strange)} are no text")
        self.definition = Definition.of(definition, known, awaited, self.tree_name)
        check(self.definition, kind)
        derived = permissions(self.definition, resources, names=owner.names, machine=self.arn)
        # Under /aws/vendedlogs, so that the log groups' resource policy doesn't outgrow its limit:
        # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        logs = LogGroup(owner, name, f"/aws/vendedlogs/states/{self.physical_name}")
        names = owner.names
        self.role = Role(
            owner,
            name,
            service="states.amazonaws.com",
            permissions=(*derived, _LOG, _TRACE),
            because=f"executions of {self.definition.label}",
            # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
            conditions={
                "ArnLike": {"aws:SourceArn": [names.arn("states", "stateMachine:" + self.physical_name)]},
                "StringEquals": {"aws:SourceAccount": [names.account]},
            },
        )
        self.machine = aws.sfn.StateMachine(
            self.tree_name,
            name=self.physical_name,
            type=kind,
            role_arn=self.role.role.arn,
            definition=self._text(awaited),
            logging_configuration=aws.sfn.StateMachineLoggingConfigurationArgs(
                level="ERROR",
                include_execution_data=False,
                log_destination=f"{logs.arn}:*",
            ),
            tracing_configuration=aws.sfn.StateMachineTracingConfigurationArgs(enabled=True),
            tags=owner.tags,
            opts=owner.child(after=[self.role.policy, logs.group]),
        )
        owner.watch.show(f"machine {name}", self.started(), self.failed(), self.timed_out(), self.duration())

    def started(self) -> Metric:
        """Executions that began."""
        return self._metric("ExecutionsStarted", "Sum", "Count")

    def failed(self) -> Metric:
        """Executions that failed."""
        return self._metric("ExecutionsFailed", "Sum", "Count")

    def timed_out(self) -> Metric:
        """Executions that took longer than they may."""
        return self._metric("ExecutionsTimedOut", "Sum", "Count")

    def duration(self) -> Metric:
        """Longest executions but for one in a hundred, in milliseconds."""
        return self._metric("ExecutionTime", "p99", "Milliseconds")

    def warn_of_failures(self) -> tuple[Alarm, Alarm]:
        """Alarms on each execution that fails or takes too long; for machines that run on behalf of operators."""
        return self._alarm("failed", self.failed()), self._alarm("timed-out", self.timed_out())

    def _alarm(self, what: str, metric: Metric) -> Alarm:
        return Alarm(
            self._owner,
            f"{self._name}-{what}",
            metric,
            threshold=1,
            means=f"An execution of {self.physical_name} {what.replace('-', ' ')}.",
            runbook="failed-execution",
        )

    def _metric(self, name: str, statistic: str, unit: str) -> Metric:
        """A metric of Step Functions, which sends none when nothing runs: silence is good.

        https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
        """
        return Metric(
            namespace="AWS/States",
            name=name,
            dimensions={"StateMachineArn": self.arn},
            statistic=statistic,
            unit=unit,
        )

    def start(self) -> Permission:
        """Start an execution (Standard, or Express without waiting)."""
        return Permission(actions=("states:StartExecution",), resources=(self.arn,))

    def run(self) -> Permission:
        """Run an Express execution and wait for its output."""
        return Permission(actions=("states:StartSyncExecution",), resources=(self.arn,))

    def _text(self, awaited: Mapping[str, pulumi.Output[str]]) -> pulumi.Input[str]:
        """The definition, known when the program runs unless it names what AWS has yet to make."""
        machine = self.definition.machine
        if not awaited:
            return json.dumps(machine)
        self._owner.ledger.define(f"aws:sfn/stateMachine:StateMachine::{self.tree_name}", json.dumps(machine))
        return pulumi.Output.all(**awaited).apply(lambda values: json.dumps(fill(machine, values)))
