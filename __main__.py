"""The reference system of a video platform on launch day: what it is made of, and how the parts are wired."""

import json
from pathlib import Path

import pulumi

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.api_gateway import (
    ApiGatewayPattern,
    ApiGatewayPatternArgs,
    AppendToLog,
    Front,
    InvokeFunction,
    Mock,
    Monolith,
    Public,
    Route,
    RunExpress,
    Scopes,
)
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Kinesis

SHAPES = {path.stem: json.loads(path.read_text()) for path in Path("web/shapes").glob("*.json")}

posters = FanOutConverter("posters", FanOutConverterArgs(converters=[Thumbnail(300, 300), ToJpeg(), Zip()]))

events = EventSourcedBatch("events", EventSourcedBatchArgs(log=Kinesis(shards=1)))

anybody_sends_posters = Public("anybody may send a poster; a form is for one file of limited size")
totals_only = Public("totals and counts, nothing about a person")

api = ApiGatewayPattern(
    "api",
    ApiGatewayPatternArgs(
        routes=[
            Route("GET", "/health", Mock(), Public("says nothing but that the API answers")),
            Route(
                "POST", "/uploads", InvokeFunction(function=posters.form), anybody_sends_posters, body=SHAPES["upload"]
            ),
            Route(
                "POST",
                "/events",
                AppendToLog(log=events.log),
                Scopes("events/write"),
                body=SHAPES["event"],
                rate=500,
                burst=1000,
            ),
            Route(
                "GET", "/sales/{key}", RunExpress(machine=events.reads["daily_sales"], parameters=("key",)), totals_only
            ),
            Route(
                "GET",
                "/views/{key}",
                RunExpress(machine=events.reads["views_by_title"], parameters=("key",)),
                totals_only,
            ),
        ],
        monolith=Monolith.of_stack(),
        front=Front(Path("web/front"), config={"renditions": posters.described_renditions}),
    ),
)

pulumi.export("front_url", api.front_url)
pulumi.export("api_url", api.url)
if api.users:
    pulumi.export("api_user_pool", api.users.pool.id)
    pulumi.export("api_client", api.users.client.id)
pulumi.export("posters_upload_function", posters.upload_function)
pulumi.export("posters_renditions", posters.rendition_urls)
pulumi.export("events_replay", events.replay.machine.arn)
pulumi.export("events_quarantine", events.quarantine.queue.url)
