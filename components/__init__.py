"""Serverless patterns for Pulumi, least-privilege by construction."""

from .api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs
from .core.later import Later
from .event_sourcing import EventSourcedBatch, EventSourcedBatchArgs
from .fan_out import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from .genai import GenAiWorkflow, GenAiWorkflowArgs
from .waiting_room import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs

__all__ = [
    "ApiGatewayPattern",
    "ApiGatewayPatternArgs",
    "EventSourcedBatch",
    "EventSourcedBatchArgs",
    "FanOutConverter",
    "FanOutConverterArgs",
    "GenAiWorkflow",
    "GenAiWorkflowArgs",
    "Later",
    "Room",
    "Thumbnail",
    "ToJpeg",
    "VirtualWaitingRoom",
    "VirtualWaitingRoomArgs",
    "Zip",
]
