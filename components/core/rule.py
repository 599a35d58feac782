"""An EventBridge rule: events of one kind start a state machine, or go into a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi_aws as aws

from .bus import Bus
from .pattern import Pattern
from .permissions import Permission
from .queue import DeadLetters
from .role import Role
from .state_machine import StateMachine
from .stream import Stream

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
LONGEST_AGE_S: Final = 24 * 3600
MOST_ATTEMPTS: Final = 185


@dataclass(frozen=True, kw_only=True)
class Records:
    """What becomes of events in a stream. Names stand in `template` as `<name>`: texts are quoted, objects are JSON.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """

    stream: Stream
    key: str
    """JSONPath to the partition key."""

    names: Mapping[str, str]
    """Name → JSONPath into the event."""

    template: str


class Rule:
    """Events that match `pattern`, on `bus` or else the account's default one, start a machine or become records.

    They are delivered at least once, so the target must take an event twice. What can't be delivered within a day goes
    to `undelivered`, which must have been made for this rule (`rule_arn`).
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        pattern: Mapping[str, Any],
        target: StateMachine | Records,
        undelivered: DeadLetters,
        bus: Bus | None = None,
    ) -> None:
        tree_name = owner.tree_name(name)
        permission, arguments = _reached(target)
        self.role = Role(
            owner,
            name,
            service="events.amazonaws.com",
            permissions=(permission,),
            because=f"rule {name}",
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
            conditions={
                "StringEquals": {"aws:SourceAccount": [owner.names.account]},
                "ArnEquals": {"aws:SourceArn": [rule_arn(owner, name, bus)]},
            },
        )
        self.rule = aws.cloudwatch.EventRule(
            tree_name,
            name=owner.physical("rule", name),
            event_bus_name=bus.bus.name if bus else None,
            event_pattern=json.dumps(pattern),
            tags=owner.tags,
            opts=owner.child(),
        )
        self.target = aws.cloudwatch.EventTarget(
            tree_name,
            rule=self.rule.name,
            event_bus_name=bus.bus.name if bus else None,
            target_id=name,
            **arguments,
            role_arn=self.role.role.arn,
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=undelivered.queue.arn),
            retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=LONGEST_AGE_S, maximum_retry_attempts=MOST_ATTEMPTS
            ),
            opts=owner.child(after=[self.role.policy, undelivered.policy]),
        )


def rule_arn(owner: Pattern, name: str, bus: Bus | None = None) -> str:
    """The ARN of the rule `name`, on `bus` or the default one, before it is made."""
    on = f"{bus.physical_name}/" if bus else ""
    return owner.names.arn("events", f"rule/{on}{owner.physical('rule', name)}")


def _reached(target: StateMachine | Records) -> tuple[Permission, dict[str, Any]]:
    """What it takes to reach a target: the right, and the target's own arguments."""
    if isinstance(target, StateMachine):
        return target.start(), {"arn": target.machine.arn}
    transformer = aws.cloudwatch.EventTargetInputTransformerArgs(
        input_paths=dict(target.names), input_template=target.template
    )
    return target.stream.put(), {
        "arn": target.stream.stream.arn,
        "kinesis_target": aws.cloudwatch.EventTargetKinesisTargetArgs(partition_key_path=target.key),
        "input_transformer": transformer,
    }
