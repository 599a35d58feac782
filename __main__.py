"""The reference system of a video platform on launch day: what it is made of, and how the parts are wired."""

import pulumi

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip

posters = FanOutConverter("posters", FanOutConverterArgs(converters=[Thumbnail(300, 300), ToJpeg(), Zip()]))

pulumi.export("posters_upload_function", posters.upload_function)
pulumi.export("posters_renditions", posters.rendition_urls)
