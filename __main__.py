"""The reference system of a video platform on launch day: what it is made of, and how the parts are wired."""

from pathlib import Path

import pulumi

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front, InvokeFunction, Mock, Public, Route

FILENAME = {
    "type": "object",
    "required": ["filename"],
    "properties": {"filename": {"type": "string", "minLength": 1, "maxLength": 255}},
    "additionalProperties": False,
}

posters = FanOutConverter("posters", FanOutConverterArgs(converters=[Thumbnail(300, 300), ToJpeg(), Zip()]))

api = ApiGatewayPattern(
    "api",
    ApiGatewayPatternArgs(
        routes=[
            Route("GET", "/health", Mock(), Public("says nothing but that the API answers")),
            Route(
                "POST",
                "/uploads",
                InvokeFunction(function=posters.form),
                Public("anybody may send a poster; a form is for one file of limited size"),
                body=FILENAME,
                rate=10,
                burst=20,
            ),
        ],
        front=Front(Path("web/front"), config={"renditions": posters.described_renditions}),
    ),
)

pulumi.export("front_url", api.front_url)
pulumi.export("api_url", api.url)
pulumi.export("posters_upload_function", posters.upload_function)
pulumi.export("posters_renditions", posters.rendition_urls)
