"""An EventBridge pipe: from a table's changes to a bus, with nothing of our own between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi_aws as aws

from .bus import Bus
from .metric import Metric
from .pattern import Pattern
from .queue import DeadLetters
from .role import Role
from .table import Table


class Pipe:
    """Sends each change of `table` that matches `only` to `bus`, as an event of `source` whose detail is `template`.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        table: Table,
        bus: Bus,
        only: Mapping[str, Any],
        source: str,
        detail_type: str,
        template: str,
    ) -> None:
        tree_name, names = owner.tree_name(name), owner.names
        physical_name = owner.physical("pipe", name)
        self._name = physical_name
        self.discarded = DeadLetters(
            owner, f"{name}-discarded", holds="Changes were given up by the pipe", runbook="discarded-records"
        )
        role = Role(
            owner,
            name,
            service="pipes.amazonaws.com",
            permissions=[table.changes(), bus.put(source), self.discarded.send()],
            because=f"pipe {physical_name}",
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
            conditions={
                "StringEquals": {"aws:SourceAccount": [names.account]},
                "ArnEquals": {"aws:SourceArn": [names.arn("pipes", f"pipe/{physical_name}")]},
            },
        )
        stream = aws.pipes.PipeSourceParametersDynamodbStreamParametersArgs(
            starting_position="TRIM_HORIZON",
            batch_size=10,
            maximum_retry_attempts=10,
            on_partial_batch_item_failure="AUTOMATIC_BISECT",
            dead_letter_config=aws.pipes.PipeSourceParametersDynamodbStreamParametersDeadLetterConfigArgs(
                arn=self.discarded.arn
            ),
        )
        pattern = aws.pipes.PipeSourceParametersFilterCriteriaFilterArgs(pattern=json.dumps(only))
        self.pipe = aws.pipes.Pipe(
            tree_name,
            name=physical_name,
            role_arn=role.role.arn,
            source=table.table.stream_arn,
            source_parameters=aws.pipes.PipeSourceParametersArgs(
                dynamodb_stream_parameters=stream,
                filter_criteria=aws.pipes.PipeSourceParametersFilterCriteriaArgs(filters=[pattern]),
            ),
            target=bus.bus.arn,
            target_parameters=aws.pipes.PipeTargetParametersArgs(
                eventbridge_event_bus_parameters=aws.pipes.PipeTargetParametersEventbridgeEventBusParametersArgs(
                    source=source, detail_type=detail_type
                ),
                input_template=template,
            ),
            tags=owner.tags,
            opts=owner.child(after=[role.policy, self.discarded.queue]),
        )
        owner.watch.show(f"pipe {name}", self.runs(), self.failed())

    def runs(self) -> Metric:
        """Batches that the pipe took."""
        return self._metric("Invocations")

    def failed(self) -> Metric:
        """Batches that it could not deliver; they are tried again."""
        return self._metric("ExecutionFailed")

    def _metric(self, name: str) -> Metric:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html"""
        dimensions = {"PipeName": self._name}
        return Metric(
            namespace="AWS/EventBridge/Pipes", name=name, dimensions=dimensions, statistic="Sum", unit="Count"
        )
