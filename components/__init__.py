"""Serverless patterns for Pulumi, least-privilege by construction."""

from .api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs
from .event_sourcing import EventSourcedBatch, EventSourcedBatchArgs
from .fan_out import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from .waiting_room import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs
from .genai import GenAiWorkflow, GenAiWorkflowArgs

__all__ = [
    "ApiGatewayPattern",
    "ApiGatewayPatternArgs",
    "EventSourcedBatch",
    "EventSourcedBatchArgs",
    "FanOutConverter",
    "FanOutConverterArgs",
    "Room",
    "GenAiWorkflow",
    "GenAiWorkflowArgs",
    "Thumbnail",
    "ToJpeg",
    "VirtualWaitingRoom",
    "VirtualWaitingRoomArgs",
    "Zip",
]
