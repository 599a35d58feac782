"""The approval page, as a reviewer's browser shows it; the API's answers are made up here."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from local.settings import REPO

pytestmark = pytest.mark.browser

LINK = {"reference": "0f8a1c6e-6a0e-4a53-9d6b-5d3f0e6b7a11", "expires": 1795600000, "mac": "a+b/" * 10 + "abc="}
PARTS = f"#r={LINK['reference']}&e={LINK['expires']}&m=" + LINK["mac"].replace("+", "%2B").replace("=", "%3D")
CANDIDATES = [
    {
        "title": "Kites over the harbour",
        "description": "How to build a kite of paper and bamboo, and to fly it.",
    },
    {"title": "Paper, bamboo, wind", "description": "An afternoon at the harbour with four kites and one good breeze."},
    {
        "title": "Build a kite that really flies",
        "description": "From the first fold to the first flight.",
    },
]
REVIEW = {
    "file": "talks/2026/kite talk.mp4",
    "language": "en-GB",
    "candidates": CANDIDATES,
    "round": 1,
    "rounds_left": 2,
    "expires": LINK["expires"],
    "decided": None,
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows what matters."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is served as files."""
    handler = functools.partial(_Quiet, directory=str(REPO / "web" / "approval"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


@dataclass
class Api:
    """Answers by path; what was asked stands in `asked`."""

    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def serve(self, route: Route, request: Request) -> None:
        path = request.url.partition("/api")[2]
        self.urls.append(request.url)
        self.asked.append((path, request.post_data_json))
        status, body = self.answers[path]
        kind = "application/json" if status == 200 else "application/problem+json"
        route.fulfill(status=status, body=json.dumps(body), content_type=kind)


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., tuple[Page, Api]]]:
    """`visit(review=…, decision=…)`: the page with a link, before an API that answers so."""
    opened: list[Page] = []

    def go(
        *,
        review: tuple[int, Any] = (200, REVIEW),
        decision: tuple[int, Any] = (200, {"decided": "approve"}),
        parts: str = PARTS,
        locale: str = "en-GB",
        width: int = 1280,
    ) -> tuple[Page, Api]:
        api = Api({"/reviews": review, "/decisions": decision})
        page = browser.new_page(locale=locale, viewport={"width": width, "height": 900}, timezone_id="Europe/London")
        opened.append(page)
        page.route("**/api/**", api.serve)
        page.goto(f"{address}{parts}")
        return page, api

    yield go
    for page in opened:
        page.close()


def test_candidates_stand_side_by_side_and_the_first_is_chosen(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, api = visit()
    cards = page.locator(".card")
    expect(cards).to_have_count(3)
    tops = [box["y"] for box in (card.bounding_box() for card in cards.all()) if box]
    assert len(set(tops)) == 1
    expect(page.locator("#file")).to_have_text("kite talk.mp4")
    expect(page.get_by_label("Title", exact=True)).to_have_value(CANDIDATES[0]["title"])
    expect(page.locator("#deadline")).to_contain_text("Decide by")
    assert api.asked == [("/reviews", LINK)]


def test_an_edited_candidate_is_approved_and_the_link_leaves_the_address(
    visit: Callable[..., tuple[Page, Api]],
) -> None:
    page, api = visit()
    page.get_by_text(CANDIDATES[1]["title"]).click()
    title = page.get_by_label("Title", exact=True)
    expect(title).to_have_value(CANDIDATES[1]["title"])
    title.fill("Paper, bamboo and the wind")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("#status")).to_contain_text("Approved.")
    expect(page.locator("#review")).to_be_hidden()
    expect(page.locator("#heading")).to_be_focused()
    wanted = {"decision": "approve", "title": "Paper, bamboo and the wind", "description": CANDIDATES[1]["description"]}
    assert api.asked[-1] == ("/decisions", {**LINK, **wanted})
    assert "#" not in page.url
    assert not any(LINK["reference"] in url or "mac" in url for url in api.urls)


def test_candidates_are_sent_back_with_a_comment(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, api = visit(decision=(200, {"decided": "revise"}))
    page.get_by_role("button", name="Send back").click()
    expect(page.locator("#problem")).to_have_text("Say what should be different.")
    page.get_by_label("What should be different").fill("Name the harbour.")
    page.get_by_role("button", name="Send back").click()
    expect(page.locator("#status")).to_contain_text("Sent back.")
    assert api.asked[-1] == ("/decisions", {**LINK, "decision": "revise", "comment": "Name the harbour."})


def test_a_title_of_the_wrong_length_is_not_sent(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, api = visit()
    page.get_by_label("Title", exact=True).fill("Short")
    expect(page.locator("#title-count")).to_have_attribute("data-wrong", "")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("#problem")).to_contain_text("too short or too long")
    assert [path for path, _ in api.asked] == ["/reviews"]


def test_in_the_last_round_nothing_can_be_sent_back(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, _ = visit(review=(200, {**REVIEW, "rounds_left": 0}))
    expect(page.locator("#last")).to_be_visible()
    expect(page.get_by_role("button", name="Send back")).to_be_hidden()


@pytest.mark.parametrize(
    ("answers", "parts", "said"),
    [
        ({"review": (404, {})}, PARTS, "There is no such review"),
        ({"review": (410, {})}, PARTS, "This review is over"),
        ({"review": (200, {**REVIEW, "decided": "approve"})}, PARTS, "was used already"),
        ({"review": (502, {})}, PARTS, "did not work"),
        ({}, "", "This link is incomplete"),
        ({}, "#r=x&e=soon&m=y", "This link is incomplete"),
    ],
)
def test_what_is_wrong_with_a_link_is_said(
    visit: Callable[..., tuple[Page, Api]], answers: dict[str, Any], parts: str, said: str
) -> None:
    page, _ = visit(**answers, parts=parts)
    expect(page.locator("#status")).to_contain_text(said)
    expect(page.locator("#review")).to_be_hidden()


def test_a_link_that_somebody_else_used_meanwhile_says_so(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, _ = visit(decision=(409, {}))
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("#status")).to_contain_text("was used already")


def test_a_failure_leaves_what_was_written(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, _ = visit(decision=(502, {}))
    page.get_by_label("Title", exact=True).fill("A title that took some thought")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("#problem")).to_contain_text("did not work")
    expect(page.get_by_label("Title", exact=True)).to_have_value("A title that took some thought")
    expect(page.get_by_role("button", name="Approve and publish")).to_be_enabled()


def test_the_page_speaks_the_browsers_language_and_can_be_switched(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, _ = visit(locale="ja-JP")
    expect(page.locator("#heading")).to_have_text("タイトルを選ぶ")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator("#deadline")).to_contain_text("年")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#heading")).to_have_text("Choose a title")
    expect(page.get_by_role("button", name="日本語")).to_have_attribute("aria-pressed", "false")


def test_a_narrow_screen_shows_everything_one_below_the_other(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, _ = visit(width=360)
    expect(page.locator(".card")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [card.bounding_box() for card in page.locator(".card").all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)


def test_the_keyboard_alone_is_enough(visit: Callable[..., tuple[Page, Api]]) -> None:
    page, api = visit()
    page.locator(".card input").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Title", exact=True)).to_have_value(CANDIDATES[1]["title"])
    page.get_by_label("Title", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Approved.")
    assert api.asked[-1][1]["title"] == CANDIDATES[1]["title"]


def test_what_a_model_wrote_is_text_and_never_markup(visit: Callable[..., tuple[Page, Api]]) -> None:
    evil = {"title": "<img src=x onerror=alert(1)>", "description": "<script>document.title='owned'</script> and more"}
    page, _ = visit(review=(200, {**REVIEW, "candidates": [evil]}))
    expect(page.locator(".card strong")).to_have_text(evil["title"])
    assert page.locator(".card img, .card script").count() == 0
