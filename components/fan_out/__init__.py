"""Convert every uploaded file into several renditions."""

from .args import FanOutConverterArgs
from .component import FanOutConverter
from .converters import Thumbnail, ToJpeg, Zip

__all__ = ["FanOutConverter", "FanOutConverterArgs", "Thumbnail", "ToJpeg", "Zip"]
