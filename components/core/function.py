"""A Lambda function: business logic with a role of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from .alarm import Alarm
from .bundles import bundle_of
from .log_group import LogGroup
from .metric import Metric
from .pattern import Pattern
from .permissions import Permission
from .queue import DeadLetters, Queue
from .role import Role
from .stream import Stream
from .table import Table

SERVICE = "lambda.amazonaws.com"
VISIBILITY_FACTOR = 6
"""A queue hides a message for at least so many timeouts of its function.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
"""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
SMALLEST_DISK_MB = 512
LARGEST_DISK_MB = 10_240

_TRACE = Permission(
    actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    resources=("*",),  # these actions take no resource: …/reference/list_awsx-ray.html
    page="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
)


class Function:
    """A function on arm64 with its own role, log group, and nothing that it doesn't need.

    `handler` is the dotted path of the handler below `handlers`. `permissions` are all that it may do, beside writing
    to its own log group and to X-Ray. `environment` holds no secrets.
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        handler: str,
        permissions: Iterable[Permission],
        environment: Mapping[str, pulumi.Input[str]],
        memory_mb: int,
        timeout_s: int,
        disk_mb: int = SMALLEST_DISK_MB,
    ) -> None:
        self._owner, self._name, self.tree_name = owner, name, owner.tree_name(name)
        self.physical_name = owner.physical("function", name)
        self.arn = owner.names.arn("lambda", f"function:{self.physical_name}")
        self.timeout_s = timeout_s
        self.logs = LogGroup(owner, name, f"/aws/lambda/{self.physical_name}")
        self.permissions = (*permissions, self._write_logs(), _TRACE)
        self.role = Role(owner, name, service=SERVICE, permissions=self.permissions, because=f"handler {handler}")
        common = {"POWERTOOLS_SERVICE_NAME": f"{owner.physical_name}-{name}", "POWERTOOLS_LOG_LEVEL": "INFO"}
        self.function = aws.lambda_.Function(
            self.tree_name,
            name=self.physical_name,
            role=self.role.role.arn,
            runtime="python3.13",
            architectures=["arm64"],
            handler=f"{handler}.handler",
            code=pulumi.FileArchive(os.path.relpath(bundle_of(handler, owner.settings.platform))),
            memory_size=memory_mb,
            timeout=timeout_s,
            ephemeral_storage=aws.lambda_.FunctionEphemeralStorageArgs(size=disk_mb),
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={**common, **environment}),
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active"),
            tags=owner.tags,
            opts=owner.child(after=[self.role.policy, self.logs.group]),
        )
        owner.watch.show(f"λ {name}", self.invocations(), self.errors(), self.throttles(), self.duration())

    def poll(self, queue: Queue, *, batch: int, max_concurrency: int) -> aws.lambda_.EventSourceMapping:
        """Consume `queue`, `batch` messages a call (1-10), with `max_concurrency` calls at once (2-1,000).

        A message that fails is retried alone. Raises ValueError when the function lacks `queue.consume()`, or the queue
        hides a message for less than six timeouts.
        """
        if queue.consume() not in self.permissions:
            raise ValueError(f"{self.tree_name} polls {queue.tree_name}: add queue.consume() to its permissions")
        if queue.visibility_s < VISIBILITY_FACTOR * self.timeout_s:
            raise ValueError(
                f"{self.tree_name} polls {queue.tree_name}: its visibility timeout of {queue.visibility_s} s "
                f"is under {VISIBILITY_FACTOR} times the function's {self.timeout_s} s"
            )
        return aws.lambda_.EventSourceMapping(
            self.tree_name,
            event_source_arn=queue.queue.arn,
            function_name=self.function.name,
            batch_size=batch,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(maximum_concurrency=max_concurrency),
            tags=self._owner.tags,
            opts=self._owner.child(after=[self.role.policy]),
        )

    def follow(
        self,
        source: Stream | Table,
        *,
        discarded: DeadLetters,
        batch: int,
        retries: int,
        parallel: int = 1,
        only: Mapping[str, Any] | None = None,
    ) -> aws.lambda_.EventSourceMapping:
        """Read a stream from its oldest record on: `batch` records a call (1-10,000), in order for each key.

        What fails is tried again from the failed record on, up to `retries` times, then named to `discarded`;
        `parallel` (1-10) calls work on one shard at once. `only` is a filter over the records.
        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        Raises ValueError when the function lacks a permission that this needs.
        """
        reads = source.consume() if isinstance(source, Stream) else source.changes()
        for permission in (reads, discarded.send()):
            if permission not in self.permissions:
                raise ValueError(f"{self.tree_name} follows {source.tree_name}: {permission.actions} is not granted")
        target = aws.lambda_.EventSourceMappingDestinationConfigOnFailureArgs(destination_arn=discarded.arn)
        filters = aws.lambda_.EventSourceMappingFilterCriteriaArgs(
            filters=[aws.lambda_.EventSourceMappingFilterCriteriaFilterArgs(pattern=json.dumps(only))]
        )
        self._owner.watch.show(f"λ {self._name}", self.iterator_age())
        return aws.lambda_.EventSourceMapping(
            self.tree_name,
            event_source_arn=source.stream.arn if isinstance(source, Stream) else source.table.stream_arn,
            function_name=self.function.name,
            starting_position="TRIM_HORIZON",
            batch_size=batch,
            parallelization_factor=parallel,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=retries,
            destination_config=aws.lambda_.EventSourceMappingDestinationConfigArgs(on_failure=target),
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=filters if only else None,
            tags=self._owner.tags,
            opts=self._owner.child(after=[self.role.policy, discarded.queue]),
        )

    def read_mapping(self) -> Permission:
        """Read the event source mappings of this function, whose ids AWS makes.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        """
        return self._on_mappings("lambda:GetEventSourceMapping")

    def switch_mapping(self) -> Permission:
        """Pause and resume the event source mappings of this function, and change them otherwise."""
        return self._on_mappings("lambda:UpdateEventSourceMapping")

    def invoke(self) -> Permission:
        """Run it and wait for its answer."""
        return Permission(actions=("lambda:InvokeFunction",), resources=(self.arn,))

    def _on_mappings(self, action: str) -> Permission:
        return Permission(
            actions=(action,),
            resources=(self._owner.names.arn("lambda", "event-source-mapping:*"),),
            conditions={"ArnEquals": {"lambda:FunctionArn": (self.arn,)}},
        )

    def invocations(self) -> Metric:
        """Calls, failed ones included."""
        return self._metric("Invocations", "Sum", "Count")

    def errors(self) -> Metric:
        """Calls that raised, timed out or could not start. A record that a batch names as failed is none."""
        return self._metric("Errors", "Sum", "Count")

    def throttles(self) -> Metric:
        """Calls refused for want of concurrency."""
        return self._metric("Throttles", "Sum", "Count")

    def duration(self) -> Metric:
        """Longest calls but for one in a hundred, in milliseconds."""
        return self._metric("Duration", "p99", "Milliseconds")

    def iterator_age(self) -> Metric:
        """How old the last record of a batch was when the function got it, in milliseconds; for streams."""
        return self._metric("IteratorAge", "Maximum", "Milliseconds")

    def warn_of_errors(self) -> Alarm:
        """An alarm on calls that fail in three of five minutes: a single one is retried by whoever calls."""
        return Alarm(
            self._owner,
            f"{self._name}-errors",
            self.errors(),
            threshold=1,
            periods=5,
            datapoints=3,
            means=f"Calls of {self.physical_name} fail again and again.",
            runbook="function-errors",
        )

    def warn_of_lag(self, *, minutes: int) -> Alarm:
        """An alarm on records of a stream that are older than `minutes` when they are worked on."""
        return Alarm(
            self._owner,
            f"{self._name}-lag",
            self.iterator_age(),
            threshold=minutes * 60_000,
            periods=5,
            datapoints=3,
            means=f"{self.physical_name} is {minutes} minutes behind its stream.",
            runbook="lag",
        )

    def _metric(self, name: str, statistic: str, unit: str) -> Metric:
        """A metric of Lambda, which sends none when nothing is called: silence is good.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        return Metric(
            namespace="AWS/Lambda",
            name=name,
            dimensions={"FunctionName": self.physical_name},
            statistic=statistic,
            unit=unit,
        )

    def _write_logs(self) -> Permission:
        """Without `CreateLogGroup`: the group is made by the program, with a retention."""
        return Permission(
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resources=(f"{self.logs.arn}:*",),
            page="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        )
