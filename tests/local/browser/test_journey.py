"""Launch day, as the people of it live it: one journey through everything that is deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from rich.console import Console

from examples.poster import make_poster
from local.browse import address_here
from local.settings import Settings
from local.tour import events, room, titles
from local.tour.guide import Guide

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("reference-system")]

PATIENCE_S = 90
PATIENCE_MS = 1000 * PATIENCE_S
TITLE = "What we built for launch day"
SCHEDULE = "serviceful-local-events-closing"

Eventually = Callable[..., Any]


@pytest.fixture(scope="module")
def guide(local_aws: Settings, reference_system: dict[str, Any]) -> Guide:
    """What operators have at hand."""
    return Guide(outputs=reference_system["outputs"], settings=local_aws, console=Console(quiet=True))


@contextmanager
def queueing(guide: Guide) -> Iterator[None]:
    """The room lets nobody through without a wait, for a while."""
    room.switch(guide, "queue")
    try:
        yield
    finally:
        room.switch(guide, "open")


@contextmanager
def evening(guide: Guide) -> Iterator[None]:
    """The schedule of the day's closing ticks now: a rate begins when it is written."""
    scheduler = guide.aws("scheduler")
    kept = scheduler.get_schedule(Name=SCHEDULE, GroupName=SCHEDULE)
    given = {name: kept[name] for name in ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**{**given, "ScheduleExpression": "rate(1 hour)"})
    try:
        yield
    finally:
        scheduler.update_schedule(**given)


def sales(guide: Guide, day: str) -> dict[str, Any]:
    """What the projection says of a day."""
    answer = guide.api("GET", f"/sales/{day}")
    return answer.json()["state"] if answer.status == 200 else {"sales": {"count": 0}, "closed": False}


def test_launch_day(browser: Browser, guide: Guide, tmp_path: Path, eventually: Eventually) -> None:
    front = address_here(guide.outputs["front_url"], guide.settings)
    today = datetime.now(UTC).date()
    before = sales(guide, today.isoformat())["sales"]["count"]
    page = browser.new_page(locale="en-GB")
    with queueing(guide):
        _wait_and_enter(page, front)
        _upload_a_poster(page, tmp_path)
        _buy(page)
    page.close()
    eventually(lambda: sales(guide, today.isoformat())["sales"]["count"] == before + 1, PATIENCE_S)
    _approve_a_title(browser, guide, eventually)
    eventually(lambda: guide.api("GET", f"/views/{TITLE.replace(' ', '%20')}").status == 200, PATIENCE_S)
    yesterday = (today - timedelta(days=1)).isoformat()
    with evening(guide):
        eventually(lambda: sales(guide, yesterday)["closed"], PATIENCE_S)
    events.replay(guide, today.isoformat())
    assert sales(guide, today.isoformat())["sales"]["count"] == before + 1


def _wait_and_enter(page: Page, front: str) -> None:
    page.goto(f"{front}/")
    expect(page.get_by_role("heading", name="in line")).to_be_visible()
    assert any(cookie["name"] == "room-launch-ticket" for cookie in page.context.cookies(front))
    expect(page.get_by_role("heading", name="Launch day")).to_be_visible(timeout=PATIENCE_MS)


def _upload_a_poster(page: Page, tmp_path: Path) -> None:
    poster = tmp_path / "poster.png"
    poster.write_bytes(make_poster())
    page.set_input_files("#poster", poster)
    page.click("#upload button")
    expect(page.locator("#status")).to_have_text("All renditions are here.", timeout=PATIENCE_MS)


def _buy(page: Page) -> None:
    page.click("#buy button")
    expect(page.locator("#receipt")).to_contain_text("Bought.")


def _approve_a_title(browser: Browser, guide: Guide, eventually: Eventually) -> None:
    with titles.mailbox(guide) as mail:
        key = titles.upload(guide)
        address = eventually(lambda: mail.address(key), PATIENCE_S)
    page = browser.new_page(locale="ja-JP")
    link, _, parts = address.partition("#")
    page.goto(f"{address_here(link, guide.settings)}#{parts}")
    expect(page.locator(".card")).to_have_count(3)
    page.locator("#title").fill(TITLE)
    page.locator("button.approve").click()
    expect(page.locator("#review")).to_be_hidden()
    page.close()
