"""The front, as a visitor's browser shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from examples.poster import make_poster
from local.browse import address_here, get
from local.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("reference-system")]

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def address(local_aws: Settings, reference_system: dict[str, Any]) -> str:
    """Where the deployed front is, on this machine."""
    return address_here(reference_system["outputs"]["front_url"], local_aws)


@pytest.fixture
def page(browser: Browser, address: str) -> Any:
    opened = browser.new_page()
    opened.goto(f"{address}/")
    yield opened
    opened.close()


def choose(page: Page, tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    page.set_input_files("#poster", file)
    page.click("#upload button")


def test_an_uploaded_poster_shows_its_renditions(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, "poster.png", make_poster())
    expect(page.locator("#status")).to_have_text("All renditions are here.", timeout=PATIENCE_MS)
    expect(page.locator("#renditions li")).to_have_count(3)
    widths = page.eval_on_selector_all("#renditions img", "images => images.map(image => image.naturalWidth)")
    assert sorted(widths) == [300, 1600]


def test_a_broken_poster_says_why_there_is_no_rendition(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, "broken.png", make_poster()[:2000])
    expect(page.locator("#status[data-failed]")).to_contain_text("There is no", timeout=PATIENCE_MS)


def test_a_file_of_another_kind_is_refused_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, "letter.txt", b"Dear all")
    expect(page.locator("#status[data-failed]")).to_contain_text("must end in one of", timeout=PATIENCE_MS)


def test_a_purchase_is_confirmed_and_counts(
    page: Page, local_aws: Settings, reference_system: dict[str, Any], eventually: Callable[..., Any]
) -> None:
    sales = f"{reference_system['outputs']['api_url']}/sales/{datetime.now(UTC).date().isoformat()}"

    def sold() -> int:
        answer = get(sales, local_aws)
        return answer.json()["state"]["sales"]["count"] if answer.status == 200 else 0

    before = sold()
    page.click("#buy button")
    expect(page.locator("#receipt")).to_contain_text("Bought. Your order is order-")
    eventually(lambda: sold() == before + 1, PATIENCE_MS / 1000)


def test_any_view_of_the_front_is_the_one_page(browser: Browser, address: str) -> None:
    opened = browser.new_page()
    answer = opened.goto(f"{address}/posters/of/yesterday")
    assert answer is not None
    assert answer.status == 200
    expect(opened.locator("h1")).to_have_text("Launch day")
    assert urlsplit(opened.url).path == "/posters/of/yesterday"
    opened.close()
