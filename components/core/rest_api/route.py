"""A route: which requests, from whom, to where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from . import defaults
from .auth import Auth, Iam, Public, Scopes
from .integration import Target

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9]*\+?\}")


@dataclass(frozen=True)
class Route:
    """`Route("POST", "/events", PutToStream(…), Public("…"))`."""

    method: str
    """An HTTP method, or ANY."""

    path: str
    """Begins with a slash; a part in braces is a parameter, one with a plus takes the rest: `/files/{path+}`."""

    target: Target
    """Where it leads."""

    auth: Auth
    """Who may call it: `Public("why")`, `Iam()`, `ApiKey()` or `Scopes("orders/read")`."""

    _: KW_ONLY

    body: Mapping[str, Any] | None = None
    """JSON Schema (draft 4) of the request's body; another body is refused with 400 before any backend is asked.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html"""

    rate: float = defaults.RATE
    """Requests a second that the backend can bear; over it callers get 429.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"""

    burst: int = defaults.BURST
    """Requests at once that the backend can bear."""

    @property
    def segments(self) -> list[str]:
        """The path's parts."""
        return [segment for segment in self.path.split("/") if segment]

    @property
    def paths(self) -> list[tuple[str, ...]]:
        """Its path and those that it begins with, without the root, shortest first."""
        return [tuple(self.segments[:length]) for length in range(1, len(self.segments) + 1)]

    @property
    def slug(self) -> str:
        """The route in a resource's name: `post-orders-id`."""
        return slug(self.method, *self.segments)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def problems(self, *, front: bool) -> Iterator[str]:
        """What is wrong with it; `front` says whether the API is behind CloudFront."""
        if self.method not in METHODS:
            yield f"{self}: the method is none of {', '.join(METHODS)}"
        if not self.path.startswith("/") or not all(_SEGMENT.fullmatch(segment) for segment in self.segments):
            yield f"{self}: the path isn't made of /, letters, digits, . _ ~ - and {{parameters}}"
        if any(segment.endswith("+}") for segment in self.segments[:-1]):
            yield f"{self}: only the last part of the path can take the rest"
        if not isinstance(self.auth, Auth):
            yield f"{self}: say who may call it, with auth=Public('why'), Iam(), ApiKey() or Scopes(…)"
        elif isinstance(self.auth, Public) and not self.auth.reason.strip():
            yield f"{self}: Public needs the reason why everybody may call it"
        elif isinstance(self.auth, Scopes) and not all(scope.count("/") == 1 for scope in self.auth.scopes or ("",)):
            yield f"{self}: scopes are written <resource server>/<scope>, at least one"
        elif front and isinstance(self.auth, Iam):
            yield f"{self}: requests are signed for the API's own host, which CloudFront rewrites; use Scopes"
        if not (0 < self.rate <= 10_000 and 1 <= self.burst <= 5_000):
            yield f"{self}: rate is within 0-10,000 and burst within 1-5,000 (an account's quotas)"


def slug(*parts: str) -> str:
    """Parts of a route as one lower-case word with hyphens."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-").lower()
    return words or "root"
