"""Serverless patterns for Pulumi, least-privilege by construction."""

from .fan_out import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip

__all__ = ["FanOutConverter", "FanOutConverterArgs", "Thumbnail", "ToJpeg", "Zip"]
