"""The rule that runs the controller: on while a room is open, so that nothing runs when all are idle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Switch:
    """An EventBridge rule; to enable and disable it takes no role to pass, unlike a schedule's change."""

    events: Any
    """A boto3 client."""

    rule: str

    def turn(self, on: bool) -> None:
        """Enable or disable it; doing so again changes nothing."""
        (self.events.enable_rule if on else self.events.disable_rule)(Name=self.rule)
