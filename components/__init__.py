"""Serverless patterns for Pulumi, least-privilege by construction."""

from .api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs
from .event_sourcing import EventSourcedBatch, EventSourcedBatchArgs
from .fan_out import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip

__all__ = [
    "ApiGatewayPattern",
    "ApiGatewayPatternArgs",
    "EventSourcedBatch",
    "EventSourcedBatchArgs",
    "FanOutConverter",
    "FanOutConverterArgs",
    "Thumbnail",
    "ToJpeg",
    "Zip",
]
