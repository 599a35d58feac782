"""An EventBridge schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi_aws as aws

from .metric import Metric
from .pattern import Pattern
from .permissions import Permission
from .queue import DeadLetters, Queue
from .role import Role
from .stream import Stream


class Schedule:
    """Sends one message to a log, again and again, by `expression` (`cron(0 0 * * ? *)`, in UTC).

    `message` may hold Scheduler's context attributes, such as `<aws.scheduler.scheduled-time>`. A FIFO queue has to
    deduplicate by content, since Scheduler sends no deduplication id:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
    What can't be delivered within an hour ends in a dead-letter queue, with the reason in its attributes:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        expression: str,
        target: Stream | Queue,
        key: str,
        message: Mapping[str, Any],
    ) -> None:
        tree_name, names = owner.tree_name(name), owner.names
        self._group = owner.physical("schedule", name)
        group = aws.scheduler.ScheduleGroup(
            tree_name, name=owner.physical("schedule", name), tags=owner.tags, opts=owner.child()
        )
        self.undelivered = DeadLetters(
            owner, f"{name}-undelivered", holds="A schedule's message was not taken", runbook="undelivered"
        )
        group_arn = names.arn("scheduler", f"schedule-group/{owner.physical('schedule', name)}")
        role = Role(
            owner,
            name,
            service="scheduler.amazonaws.com",
            permissions=[_send(target), self.undelivered.send()],
            because=f"schedule {expression}",
            # The source is the schedule's group:
            # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
            conditions={
                "StringEquals": {"aws:SourceAccount": [names.account]},
                "ArnEquals": {"aws:SourceArn": [group_arn]},
            },
        )
        common: dict[str, Any] = {
            "role_arn": role.arn,
            "input": json.dumps(message),
            "dead_letter_config": aws.scheduler.ScheduleTargetDeadLetterConfigArgs(arn=self.undelivered.arn),
            "retry_policy": aws.scheduler.ScheduleTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=3600, maximum_retry_attempts=10
            ),
        }
        if isinstance(target, Stream):
            to = aws.scheduler.ScheduleTargetArgs(
                arn=target.arn,
                kinesis_parameters=aws.scheduler.ScheduleTargetKinesisParametersArgs(partition_key=key),
                **common,
            )
        else:
            to = aws.scheduler.ScheduleTargetArgs(
                arn=target.arn,
                sqs_parameters=aws.scheduler.ScheduleTargetSqsParametersArgs(message_group_id=key),
                **common,
            )
        self.schedule = aws.scheduler.Schedule(
            tree_name,
            name=owner.physical("schedule", name),
            group_name=group.name,
            schedule_expression=expression,
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=to,
            opts=owner.child(after=[role.policy, target.resource, self.undelivered.queue]),
        )
        owner.watch.show(f"schedule {name}", self.attempts(), self.dropped())

    def attempts(self) -> Metric:
        """Calls of the target."""
        return self._metric("InvocationAttemptCount")

    def dropped(self) -> Metric:
        """Messages that were given up after all attempts; sent only when there are any."""
        return self._metric("InvocationDroppedCount")

    def _metric(self, name: str) -> Metric:
        """Of the schedule's group, which holds nothing else.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
        """
        dimensions = {"ScheduleGroup": self._group}
        return Metric(namespace="AWS/Scheduler", name=name, dimensions=dimensions, statistic="Sum", unit="Count")


def _send(target: Stream | Queue) -> Permission:
    return target.put() if isinstance(target, Stream) else target.send()
