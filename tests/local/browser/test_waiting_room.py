"""A waiting room before a front, as visitors see it: they wait, are admitted in order, and there is no way around."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.browse import address_here, request
from local.settings import REPO, Settings
from tests.local.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("waiting-room")]

PATIENCE_MS = 60_000
PROGRAM = f"""
from pathlib import Path

import pulumi
from components import Room, VirtualWaitingRoom, VirtualWaitingRoomArgs
from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Front, Mock, Public, Route

room = VirtualWaitingRoom(
    "room", VirtualWaitingRoomArgs(rooms=[Room("shop", capacity=600, bypass=("/app.js",), poll_s=5)])
)
front = Front(Path({str(REPO / "tests" / "data" / "front")!r}), room=room.gate)
site = ApiGatewayPattern(
    "site", ApiGatewayPatternArgs(routes=[Route("GET", "/hello", Mock(), Public("anybody may"))], front=front)
)
pulumi.export("front", site.front_url)
pulumi.export("bucket", site.front.bucket.physical_name)
pulumi.export("store", room.store.arn)
pulumi.export("controller", room.controller.function.name)
pulumi.export("api", site.api.api.id)
pulumi.export("reception", room.reception.api.id)
"""


@dataclass(frozen=True)
class Site:
    """A front behind a room, whose state the tests write in the controller's place."""

    aws: Any
    settings: Settings
    outputs: dict[str, Any]

    @property
    def address(self) -> str:
        return address_here(self.outputs["front"], self.settings)

    def set(self, **values: Any) -> None:
        store, arn = self.aws("cloudfront-keyvaluestore"), self.outputs["store"]
        puts = [
            {"Key": f"shop.{key}", "Value": value if isinstance(value, str) else json.dumps(value)}
            for key, value in values.items()
        ]
        store.update_keys(KvsARN=arn, IfMatch=store.describe_key_value_store(KvsARN=arn)["ETag"], Puts=puts)

    def wait(self, *, since_s: int, ahead: int = 0) -> None:
        """Nobody who came within the last `since_s` is admitted; `ahead` came before that."""
        now = int(time.time())
        line = [now - since_s, since_s, [ahead]]
        self.set(mode="queue", state={"t": now, "w": now - since_s, "p": 6_000, "n": 1, "poll": 5, "h": line})

    def admit_all(self) -> None:
        """Move the watermark past everybody, where the counters look, too: that is the controller's work."""
        self.set(state={"t": 0, "w": int(time.time()) + 60, "p": 600, "n": 1, "poll": 5, "h": [0, 1, [0]]})
        self.aws("lambda").invoke(
            FunctionName=self.outputs["controller"], Payload=json.dumps({"room": "shop", "mode": "guard"})
        )

    def ask(self, path: str, method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
        return request(method, self.outputs["front"] + path, self.settings, headers=headers)


@pytest.fixture(scope="module")
def site(local_aws: Settings, aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program = Program(tmp_path_factory.mktemp("programs") / "waiting", local_aws)
    report = program.up(PROGRAM)
    assert [one for one in report["policies"] if one["level"] == "mandatory"] == []
    deployed = Site(aws, local_aws, report["outputs"])
    aws("lambda").invoke(FunctionName=deployed.outputs["controller"], Payload="{}")
    yield deployed
    program.destroy()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=request.param, locale="en-GB")
    yield context
    context.close()


def test_a_visitor_waits_sees_an_estimate_and_is_let_in_by_itself(site: Site, visitor: BrowserContext) -> None:
    site.wait(since_s=60, ahead=1_234)
    page = visitor.new_page()
    page.goto(f"{site.address}/deep/link?x=1")

    expect(page.get_by_role("heading")).to_have_text("You’re in line")
    expect(page.get_by_role("status").first).to_contain_text(re.compile(r"about 1,\d{3}"))
    expect(page.get_by_role("status").first).to_contain_text(re.compile(r"about \d min"))
    site.admit_all()
    expect(page.get_by_role("heading", name="front")).to_be_visible(timeout=PATIENCE_MS)
    assert page.url == f"{site.address}/deep/link?x=1"
    assert {cookie["name"] for cookie in visitor.cookies()} == {"room-shop-ticket", "room-shop-pass"}


def test_who_came_first_is_let_in_first(site: Site, browser: Browser, eventually: Any) -> None:
    site.wait(since_s=600)
    contexts = [browser.new_context(locale="en-GB") for _ in range(2)]
    pages: list[Page] = []
    for context in contexts:
        pages.append(context.new_page())
        pages[-1].goto(f"{site.address}/")
        arrived = int(time.time())
        eventually(lambda arrived=arrived: int(time.time()) > arrived)
    first = _arrival(contexts[0])
    assert first < _arrival(contexts[1])
    site.admit_all()
    site.set(mode="queue", state={"t": first, "w": first + 0.9999, "p": 600, "n": 1, "poll": 5, "h": [first, 60, [1]]})

    expect(pages[0].get_by_role("heading", name="front")).to_be_visible(timeout=PATIENCE_MS)
    pages[1].reload()
    expect(pages[1].get_by_role("heading")).to_have_text("You’re in line")
    for context in contexts:
        context.close()


def _arrival(context: BrowserContext) -> int:
    (ticket,) = [cookie["value"] for cookie in context.cookies() if cookie["name"] == "room-shop-ticket"]
    return int(ticket.split(".")[1])


def test_the_language_is_the_browsers_until_another_is_chosen(site: Site, browser: Browser) -> None:
    site.wait(since_s=60)
    context = browser.new_context(locale="ja-JP")
    page = context.new_page()
    page.goto(f"{site.address}/a")
    expect(page.get_by_role("heading")).to_have_text("順番にご案内しています")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading")).to_have_text("You’re in line")
    page.goto(f"{site.address}/b")
    expect(page.get_by_role("heading")).to_have_text("You’re in line")
    context.close()


def test_a_closed_room_says_so_and_an_open_one_is_no_room(site: Site, visitor: BrowserContext) -> None:
    site.set(mode="closed")
    page = visitor.new_page()
    page.goto(f"{site.address}/")
    expect(page.get_by_role("heading")).to_have_text("Closed for the moment")
    site.set(mode="open")
    page.goto(f"{site.address}/")
    expect(page.get_by_role("heading", name="front")).to_be_visible()


def test_every_other_way_to_the_origin_is_refused(site: Site, local_aws: Settings) -> None:
    site.wait(since_s=60)
    for path in ("/", "/index.html", "/config.json", "/%2e/index.html", "//index.html", "/app.js/../index.html"):
        answer = site.ask(path)
        assert "front</h1>" not in answer.data.decode(), path
        assert answer.status in (200, 400, 404), path
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert site.ask("/api/hello", method).status in (403, 429)
    plain = urllib3.PoolManager(retries=False)
    bucket = {"Host": f"{site.outputs['bucket']}.s3.us-east-1.amazonaws.com"}
    assert plain.request("GET", f"{local_aws.endpoint}/index.html", headers=bucket).status == 403
    for api, path in ((site.outputs["api"], "/v1/hello"), (site.outputs["reception"], "/v1/.room/shop/admit")):
        host = {"Host": f"{api}.execute-api.us-east-1.amazonaws.com"}
        assert plain.request("GET", f"{local_aws.endpoint}{path}", headers=host).status == 403


def test_what_is_forged_opens_nothing(site: Site) -> None:
    site.wait(since_s=60)
    ticket = site.ask("/").headers["set-cookie"].partition(";")[0].partition("=")[2]
    later = str(int(time.time()) + 3_600)
    forged = ".".join(["1", later, *ticket.split(".")[2:]])
    for cookie in (f"room-shop-pass={forged}", f"room-shop-pass={ticket}", "room-shop-pass=1"):
        answer = site.ask("/api/hello", Cookie=cookie, **{"x-waiting-room": f"shop {later}"})
        assert (answer.status, answer.headers["content-type"]) == (429, "application/problem+json")
        assert int(answer.headers["retry-after"]) >= 5


def test_what_the_room_leaves_open_is_open_to_everybody(site: Site) -> None:
    site.set(mode="closed")
    assert site.ask("/app.js").status == 200
    assert site.ask("/.room/assets/room.css").headers["content-type"].startswith("text/css")
