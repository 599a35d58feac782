"""An EventBridge event bus."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission


class Bus:
    """A bus of the stack's own. Encrypted with a key that EventBridge owns.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption.html
    """

    def __init__(self, owner: Pattern, name: str) -> None:
        self.tree_name = owner.tree_name(name)
        self.physical_name = owner.physical("bus", name)
        self.arn = owner.names.arn("events", f"event-bus/{self.physical_name}")
        self.bus = aws.cloudwatch.EventBus(self.tree_name, name=self.physical_name, tags=owner.tags, opts=owner.child())

    def put(self, source: str) -> Permission:
        """Put events that name `source` as theirs.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
        """
        return Permission(
            actions=("events:PutEvents",),
            resources=(self.arn,),
            conditions={"StringEquals": {"events:source": (source,)}},
        )
