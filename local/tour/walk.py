"""The stops in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from local.settings import Settings
from local.tour import api, events, posters, room, titles
from local.tour.guide import Guide, TourError

__all__ = ["TourError", "take"]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One pattern, what it is for, and the job that it does."""

    title: str
    text: str
    visit: Callable[[Guide], None]
    needs: str
    """The stack's output without which the pattern is switched off."""


STOPS = (
    Stop(
        title="ApiGatewayPattern",
        text="One API in front of everything: each route leads straight to a service under a role of its own.",
        visit=api.visit,
        needs="api_url",
    ),
    Stop(
        title="FanOutConverter",
        text="A file is converted when it arrives, many ways at once: S3, SNS, a queue and a function a conversion.",
        visit=posters.visit,
        needs="posters_renditions",
    ),
    Stop(
        title="EventSourcedBatch",
        text="No nightly batch: each event is appended once, summed up as it comes, and can be summed up anew.",
        visit=events.visit,
        needs="events_replay",
    ),
    Stop(
        title="GenAiWorkflow",
        text="A workflow calls the services itself: transcript, model, a person who decides, and everybody is told.",
        visit=titles.visit,
        needs="titles_uploads",
    ),
    Stop(
        title="VirtualWaitingRoom",
        text="A burst waits at the edge, where it costs a signature, and is let in at the pace that the origin bears.",
        visit=room.visit,
        needs="room_controller",
    ),
)


def take(outputs: Mapping[str, Any], settings: Settings, console: Console) -> None:
    """Visit each pattern of the deployed stack. Raises TourError where one doesn't do its job."""
    guide = Guide(outputs=outputs, settings=settings, console=console)
    there = [stop for stop in STOPS if stop.needs in outputs]
    if not there:
        raise TourError("there is nothing to see: deploy the system first, with `make up`")
    for number, stop in enumerate(there, start=1):
        console.print(f"[bold]{number}. {stop.title}[/]  {stop.text}", soft_wrap=True)
        stop.visit(guide)
        console.print()
