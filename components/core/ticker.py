"""A rule that runs a function again and again, and that can be switched on and off while it is deployed."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from .function import Function
from .pattern import Pattern
from .permissions import Permission, Statement

SERVICE = "events.amazonaws.com"
_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_FUNCTION = "aws:lambda/function:Function"


class Ticker:
    """Invokes a function each minute while it is enabled; `on` says whether it begins so.

    A rule and not a schedule: to enable one takes `events:EnableRule` on this rule alone, while changing a schedule's
    state rewrites it whole and takes the right to pass its role. Whoever may `switch` it decides from then on: an
    update of the program leaves its state alone. A tick that is lost is followed by the next, so there is no
    dead-letter queue.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
    """

    def __init__(self, owner: Pattern, name: str, *, on: bool) -> None:
        self._owner, self.tree_name = owner, owner.tree_name(name)
        self.physical_name = owner.physical("rule", name)
        self.arn = owner.names.arn("events", f"rule/{self.physical_name}")
        options = pulumi.ResourceOptions(ignore_changes=["state"])
        self.rule = aws.cloudwatch.EventRule(
            self.tree_name,
            name=self.physical_name,
            schedule_expression="rate(1 minute)",
            state="ENABLED" if on else "DISABLED",
            tags=owner.tags,
            opts=pulumi.ResourceOptions.merge(owner.child(), options),
        )

    def runs(self, function: Function) -> None:
        """Let it invoke `function`, by the function's policy as EventBridge asks.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions
        """
        statement = Statement(
            sid="EventsOnly",
            because="the function's ticks",
            principals={"Service": (SERVICE,)},
            actions=("lambda:InvokeFunction",),
            resources=(function.arn,),
            conditions={"ArnLike": {"aws:SourceArn": (self.arn,)}},  # as Lambda writes it
        )
        self._owner.ledger.state(f"aws:lambda/permission:Permission::{self.tree_name}", (statement,))
        allowed = aws.lambda_.Permission(
            self.tree_name,
            statement_id=statement.sid,
            action="lambda:InvokeFunction",
            function=function.function.name,
            principal=SERVICE,
            source_arn=self.arn,
            opts=self._owner.child(),
        )
        lost = "a tick that is lost is followed by the next, within a minute"
        self._owner.ledger.accept("undelivered-events", f"{_TARGET}::{self.tree_name}", lost)
        self._owner.ledger.accept("function-async-failures", f"{_FUNCTION}::{function.tree_name}", lost)
        aws.cloudwatch.EventTarget(
            self.tree_name,
            target_id="function",
            rule=self.rule.name,
            arn=function.arn,
            opts=self._owner.child(after=[allowed, function.function]),
        )

    def switch(self) -> Permission:
        """Enable and disable it."""
        return Permission(actions=("events:EnableRule", "events:DisableRule"), resources=(self.arn,))
