"""A reviewer opens the link of a message in a browser and decides, before the deployed workflow."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from local.browse import address_here
from tests.local.workflow import Workflow

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("genai")]


def test_the_link_of_a_message_leads_to_the_page_where_an_edited_candidate_is_published(
    browser: Browser, titles: Workflow
) -> None:
    run = titles.upload("We build a kite of paper and bamboo.")
    mail = titles.eventually(lambda: titles.take(titles.mailbox, run.key), 60)
    link = next(line for line in mail.splitlines() if line.startswith("https://"))
    page = browser.new_page(locale="en-GB")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address_here(link.partition('#')[0], titles.settings)}#{link.partition('#')[2]}")
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_label("Title", exact=True).fill("A kite of paper and bamboo")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator("#status")).to_contain_text("Approved.")
    ended = run.ended()
    assert (ended["status"], json.loads(ended["output"])["title"]) == ("SUCCEEDED", "A kite of paper and bamboo")
    reference = link.partition("#r=")[2].partition("&")[0]
    assert not any(reference in url.partition("#")[0] for url in asked)
    page.close()
    again = browser.new_page(locale="ja-JP")
    again.goto(f"{address_here(link.partition('#')[0], titles.settings)}#{link.partition('#')[2]}")
    expect(again.locator("#status")).to_contain_text("すでに使われました")
    again.close()
