"""Convert every uploaded picture into a thumbnail and a JPEG."""

import pulumi
from serviceful import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg

pictures = FanOutConverter("pictures", FanOutConverterArgs(converters=[Thumbnail(200, 200), ToJpeg()]))

pulumi.export("upload_function", pictures.upload_function)
pulumi.export("renditions", pictures.rendition_urls)
