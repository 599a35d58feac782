"""The API: a route that answers, one that refuses, and no way around CloudFront."""

from __future__ import annotations

from local.tour.guide import Guide


def visit(guide: Guide) -> None:
    """Ask for what is there, for what is wrong, and go around."""
    healthy = guide.api("GET", "/health")
    guide.expect(healthy.status == 200, f"GET /health answers {healthy.status}")
    guide.say(f"GET /health through CloudFront: {healthy.status} {healthy.data.decode()}")
    refused = guide.api("POST", "/uploads", {"filename": 7})
    guide.expect(refused.status == 400, f"a body of another shape is answered with {refused.status}")
    problem = refused.json()
    guide.say(
        f"a body of another shape is refused before any backend is asked: {refused.status} {problem['title']!r}, "
        f"correlation {problem['correlation']}"
    )
    unsigned = guide.api("POST", "/events", {})
    guide.expect(unsigned.status == 401, f"POST /events without a token answers {unsigned.status}")
    guide.say("a program without a token of the user pool may not append events: 401")
