"""What the pages show of each pattern's cost: one example, priced by the pattern's own model."""

from __future__ import annotations

from pathlib import Path

from components.api_gateway import ApiGatewayPatternArgs, Front, Mock, Public, Route, Scopes
from components.api_gateway import cost as api
from components.core.cost import Bill, table
from components.event_sourcing import EventSourcedBatchArgs, Kinesis
from components.event_sourcing import cost as events
from components.fan_out import FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.fan_out import cost as fan_out
from components.genai import GenAiWorkflowArgs
from components.genai import cost as genai
from components.waiting_room import Room, VirtualWaitingRoomArgs
from components.waiting_room import cost as waiting_room

_AUTH = (Public("reads"), Scopes("shop/write"))
_API = ApiGatewayPatternArgs(
    routes=[Route("GET", "/items", Mock(), _AUTH[0]), Route("POST", "/items", Mock(), _AUTH[1])],
    front=Front(Path("web/front")),
)
_API_USAGE = api.ApiUsage(requests=5_000_000, answer_kb=2, pages=2_000_000, page_kb=20, tokens=1_000)
_EVENTS = EventSourcedBatchArgs(log=Kinesis(shards=1))
_EVENTS_USAGE = events.EventsUsage(events=1_000_000, event_kb=1, reads=500_000, kept=12_000_000, replays=1)
_FAN_OUT = FanOutConverterArgs(converters=[Thumbnail(300, 300), ToJpeg(), Zip()])
_FAN_OUT_USAGE = fan_out.FanOutUsage(uploads=100_000, upload_mb=3, rendition_mb=0.3, conversion_s=0.5, views=2_000_000)
_GENAI = GenAiWorkflowArgs(approval_page="https://front.example/approval/index.html")
_GENAI_USAGE = genai.WorkflowUsage(videos=1_000, minutes=30, video_mb=200)
_ROOM = VirtualWaitingRoomArgs(rooms=[Room("shop", capacity=600)])
_ROOM_USAGE = waiting_room.RoomUsage(arrivals=1_000_000, admissions=500_000, open_h=24)


def tables() -> dict[str, str]:
    """Page → its cost example."""
    return {
        "docs/api-gateway.md": _shown(api.monthly(_API, _API_USAGE), _API_USAGE),
        "docs/event-sourcing.md": _shown(events.monthly(_EVENTS, _EVENTS_USAGE), _EVENTS_USAGE),
        "docs/fan-out.md": _shown(fan_out.monthly(_FAN_OUT, _FAN_OUT_USAGE), _FAN_OUT_USAGE),
        "docs/genai.md": _shown(genai.monthly(_GENAI, _GENAI_USAGE), _GENAI_USAGE),
        "docs/waiting-room.md": _shown(waiting_room.monthly(_ROOM, _ROOM_USAGE), _ROOM_USAGE),
    }


def _shown(bill: Bill, usage: object) -> str:
    assumed = ", ".join(f"`{name}` {value:,}" for name, value in vars(usage).items())
    return f"For {assumed}:\n\n{table(bill)}"
