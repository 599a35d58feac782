"""An ear on a bus: another domain, with a rule and a queue of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from local.tour.guide import Guide
from local.tour.inbox import Inbox, inbox

_TARGET: Final = "inbox"


@dataclass(frozen=True)
class Ear:
    """What it has heard waits in a queue."""

    guide: Guide
    inbox: Inbox

    def heard(self, words: str) -> dict[str, Any] | None:
        """An event that holds these words, once there is one."""
        texts = self.guide.messages(self.inbox.url)
        return next((json.loads(text) for text in texts if words in text), None)


@contextmanager
def ear(guide: Guide, bus: str, pattern: Mapping[str, Any]) -> Iterator[Ear]:
    """Listen to the events on a bus that match a pattern, for as long as it takes."""
    events, name = guide.aws("events"), f"ear-{uuid.uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
    try:
        with inbox(guide, "events.amazonaws.com", rule) as into:
            events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": _TARGET, "Arn": into.arn}])
            yield Ear(guide, into)
            events.remove_targets(Rule=name, EventBusName=bus, Ids=[_TARGET])
    finally:
        events.delete_rule(Name=name, EventBusName=bus, Force=True)
