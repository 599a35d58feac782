"""An EventBridge rule: events of one kind start a state machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi_aws as aws

from .pattern import Pattern
from .queue import DeadLetters
from .role import Role
from .state_machine import StateMachine

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
LONGEST_AGE_S: Final = 24 * 3600
MOST_ATTEMPTS: Final = 185


class Rule:
    """Events that match `pattern`, on the account's default bus, start `machine`.

    They are delivered at least once, so the machine must take an event twice. What can't be delivered within a day goes
    to `undelivered`, which must have been made for this rule (`rule_arn`). The role's trust policy has no conditions:
    AWS documents none for it (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-iam-roles.html).
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        *,
        pattern: Mapping[str, Any],
        machine: StateMachine,
        undelivered: DeadLetters,
    ) -> None:
        tree_name = owner.tree_name(name)
        self.role = Role(
            owner, name, service="events.amazonaws.com", permissions=(machine.start(),), because=f"rule {name}"
        )
        self.rule = aws.cloudwatch.EventRule(
            tree_name,
            name=owner.physical("rule", name),
            event_pattern=json.dumps(pattern),
            tags=owner.tags,
            opts=owner.child(),
        )
        self.target = aws.cloudwatch.EventTarget(
            tree_name,
            rule=self.rule.name,
            target_id=name,
            arn=machine.machine.arn,
            role_arn=self.role.role.arn,
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=undelivered.queue.arn),
            retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=LONGEST_AGE_S, maximum_retry_attempts=MOST_ATTEMPTS
            ),
            opts=owner.child(after=[self.role.policy, undelivered.policy]),
        )


def rule_arn(owner: Pattern, name: str) -> str:
    """The ARN of the rule `name` on the default bus, before it is made."""
    return owner.names.arn("events", f"rule/{owner.physical('rule', name)}")
