"""The reference system of a video platform on launch day: what it is made of, and how the parts are wired.

Each pattern can be switched off by the config key of its name; what leads to it goes with it.
"""

import json
from pathlib import Path

import pulumi

from components import FanOutConverter, FanOutConverterArgs, Later, Thumbnail, ToJpeg, Zip
from components.api_gateway import (
    ApiGatewayPattern,
    ApiGatewayPatternArgs,
    AppendToLog,
    AsEvent,
    Front,
    InvokeFunction,
    Mock,
    Monolith,
    Public,
    Route,
    RunExpress,
    Scopes,
)
from components.core.settings import switched_on
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Kinesis, Subscription
from components.genai import APPROVAL_PAGE, ApiKeyHeader, GenAiWorkflow, GenAiWorkflowArgs, Partner, TextModel
from components.waiting_room import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs

SHAPES = {path.stem: json.loads(path.read_text()) for path in Path("web/shapes").glob("*.json")}

config = pulumi.Config("serviceful")
routes = [Route("GET", "/health", Mock(), Public("says nothing but that the API answers"))]
page_config, more_pages, bus, gate = {}, {}, None, None

if switched_on("posters"):
    posters = FanOutConverter("posters", FanOutConverterArgs(converters=[Thumbnail(300, 300), ToJpeg(), Zip()]))
    everybody = Public("anybody may send a poster; a form is for one file of limited size")
    routes += [Route("POST", "/uploads", InvokeFunction(function=posters.form), everybody, body=SHAPES["upload"])]
    page_config["renditions"] = posters.described_renditions
    pulumi.export("posters_upload_function", posters.upload_function)
    pulumi.export("posters_renditions", posters.rendition_urls)

if switched_on("events"):
    published = Subscription(source="titles", type="video.published", version=1, aggregate="$.detail.run")
    events = EventSourcedBatch("events", EventSourcedBatchArgs(log=Kinesis(shards=1), subscriptions=[published]))
    bus = events.bus
    append = AppendToLog(log=events.log)
    sale = AsEvent(type="purchase.completed", version=2, payload=("title", "amount_minor", "currency"))
    buy = AppendToLog(log=events.log, aggregate="$.order", event=sale)
    buyers, readers = Public("visitors buy without an account"), Public("totals and counts, nothing about a person")
    routes += [
        Route("POST", "/events", append, Scopes("events/write"), body=SHAPES["event"], rate=500, burst=1000),
        Route("POST", "/purchases", buy, buyers, body=SHAPES["purchase"], rate=100, burst=200),
        Route("GET", "/sales/{key}", RunExpress(machine=events.reads["daily_sales"], parameters=("key",)), readers),
        Route("GET", "/views/{key}", RunExpress(machine=events.reads["views_by_title"], parameters=("key",)), readers),
    ]
    pulumi.export("events_replay", events.replay.machine.arn)
    pulumi.export("events_quarantine", events.quarantine.queue.url)

if switched_on("room"):
    staff = ["/approval", "/api/reviews", "/api/decisions"]
    launch = Room("launch", capacity=600, start="open", bypass=["/api/health", *staff])
    room = VirtualWaitingRoom("room", VirtualWaitingRoomArgs(rooms=[launch]))
    gate = room.gate
    pulumi.export("room_controller", room.controller.function.name)

if switched_on("api"):
    with Later() as approval_page:
        if switched_on("titles"):
            partner = None
            if url := config.get("partnerUrl"):
                partner = Partner(url=url, credentials=ApiKeyHeader("x-api-key", config.require_secret("partnerKey")))
            regions = [region for region in (config.get("textModelRegions") or "").split(",") if region]
            titles = GenAiWorkflow(
                "titles",
                GenAiWorkflowArgs(
                    approval_page=approval_page.value,
                    model=TextModel(id=config.get("textModel") or TextModel.id, regions=regions),
                    partner=partner,
                    bus=bus,
                    poll_s=config.get_int("transcriptionPollSeconds") or 30,
                ),
            )
            routes += titles.routes()
            more_pages["approval"] = APPROVAL_PAGE
            pulumi.export("titles_uploads", titles.uploads.bucket.bucket)
            pulumi.export("titles_reviewers", titles.reviewers)
            pulumi.export("titles_workflow", titles.workflow.arn)
        front = Front(Path("web/front"), config=page_config, also=more_pages, room=gate)
        api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=routes, monolith=Monolith.of_stack(), front=front))
        approval_page.is_(pulumi.Output.format("{0}/approval/index.html", api.front_url))
    pulumi.export("front_url", api.front_url)
    pulumi.export("api_url", api.url)
    if api.users:
        pulumi.export("api_user_pool", api.users.pool.id)
        pulumi.export("api_client", api.users.client.id)
