"""Titles: a model proposes them for a talk, a reviewer decides by the link of a message, other domains hear of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from local.tour.guide import Guide
from local.tour.inbox import inbox

# What Transcribe looks at first, and what the local one hears: the transcript that lies beside the media.
_MEDIA = b"\0\0\0\x18ftypmp42" + bytes(4096)
_SAID = "Welcome. Today we open the doors, and I will show what we have built for this day, and how it bears the crowd."


def visit(guide: Guide) -> None:
    """Upload a talk, read the message, approve with an edited title, and look where it arrives."""
    title = f"What we built for launch day, take {uuid.uuid4().hex[:6]}"
    with mailbox(guide) as mail:
        key = upload(guide)
        guide.say(f"a talk was uploaded as {key}: EventBridge starts one run, named after the object")
        link = guide.await_("waiting for the transcript and the model", lambda: mail.link(key), 120)
    review = guide.api("POST", "/reviews", link)
    guide.expect(review.status == 200, f"the review is {review.status} {review.data.decode()[:200]}")
    candidates = review.json()["candidates"]
    guide.say(
        f"a reviewer gets a signed link; behind it stand {len(candidates)} candidates, as {candidates[0]['title']!r}"
    )
    decided = guide.await_(
        "waiting for the run to wait", lambda: _approve(guide, link, {**candidates[0], "title": title})
    )
    guide.expect(decided == 200, f"the decision is answered with {decided}")
    again = guide.api("POST", "/decisions", {**link, "decision": "approve", **candidates[0]}).status
    guide.expect(again == 409, f"a used link is answered with {again}")
    guide.say(f"approved as {title!r}; the link is used up: once more is {again}")
    views = guide.await_("waiting for the other domain to hear", lambda: _known(guide, title))
    guide.say(f"`video.published` crossed the bus into the event log, by a rule alone: GET /views/… is {views}")


@dataclass
class Mailbox:
    """A reviewer's, subscribed to the topic of links."""

    guide: Guide
    url: str

    def address(self, about: str) -> str | None:
        """The link in a message about an upload, once there is one."""
        texts = (text for text in self.guide.messages(self.url) if about in text)
        return next((line for text in texts for line in text.splitlines() if line.startswith("https://")), None)

    def link(self, about: str) -> dict[str, Any] | None:
        """Its parts, as the page reads them."""
        if not (address := self.address(about)):
            return None
        parts = dict(parse_qsl(address.partition("#")[2]))
        return {"reference": parts["r"], "expires": int(parts["e"]), "mac": parts["m"]}


@contextmanager
def mailbox(guide: Guide) -> Iterator[Mailbox]:
    """A mailbox for as long as it takes."""
    sns, topic = guide.aws("sns"), guide.outputs["titles_reviewers"]
    with inbox(guide, "sns.amazonaws.com", topic) as into:
        raw = {"RawMessageDelivery": "true"}
        subscription = sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=into.arn, Attributes=raw, ReturnSubscriptionArn=True
        )
        try:
            yield Mailbox(guide, into.url)
        finally:
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def upload(guide: Guide, name: str = "talk") -> str:
    """Put a talk into the bucket, and beside it what is said in it; returns its key."""
    key, bucket = f"{name}-{uuid.uuid4().hex[:8]}.mp4", guide.outputs["titles_uploads"]
    guide.aws("s3").put_object(Bucket=bucket, Key=f"{key}.transcript.txt", Body=_SAID.encode())
    guide.aws("s3").put_object(Bucket=bucket, Key=key, Body=_MEDIA)
    return key


def _approve(guide: Guide, link: dict[str, Any], candidate: dict[str, str]) -> int | None:
    """The status of the decision; None while the run doesn't wait for it yet: a message may be faster."""
    status = guide.api("POST", "/decisions", {**link, "decision": "approve", **candidate}).status
    return None if status == 409 else status


def _known(guide: Guide, title: str) -> dict[str, Any] | None:
    answer = guide.api("GET", f"/views/{quote(title)}")
    return answer.json()["state"] if answer.status == 200 else None
