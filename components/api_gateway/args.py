"""What an ApiGatewayPattern is made of, and what it refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..core.pattern import NotYet, check_name
from ..core.rest_api.auth import ApiKey, Public
from ..core.rest_api.route import Route
from ..core.rest_api.targets import HttpProxy
from . import defaults

PAGE = "docs/api-gateway.md"


@dataclass(frozen=True)
class Monolith:
    """An application that takes what no route claims: headers, cookies, redirects and bodies pass through."""

    url: str
    """Where it listens: `https://old.example.com`, without a path."""


@dataclass(frozen=True)
class Front:
    """Static pages, served by CloudFront from a private bucket, with the API below `/api/`."""

    folder: Path
    """The pages; `index.html` is also what paths without a dot show."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """What scripts of the pages need to know, served as `/config.json`; values may be outputs. No secrets."""


@dataclass(frozen=True, kw_only=True)
class ApiGatewayPatternArgs:
    """Arguments of an ApiGatewayPattern."""

    routes: Sequence[Route] = ()
    """What the API does. Moving a path from the monolith to a new target is one more line."""

    monolith: Monolith | None = None
    """Takes what no route claims."""

    front: Front | None = None
    """Static pages in front; then callers reach the API through CloudFront alone."""

    origin_key: Literal["a", "b"] = defaults.ORIGIN_KEY
    """Which of two valid keys CloudFront sends to the API. To rotate: change it, deploy, and replace the other key."""

    physical_name: str | None = None
    """Pins the part of physical names that is otherwise the component's name, so that a rename changes nothing."""

    domain: str | None = None
    """Domain name of one's own. Not available yet."""

    vpc_endpoint_id: str | None = None
    """VPC endpoint of a private API. Not available yet."""

    waf_arn: str | None = None
    """Web ACL in front of the API. Not available yet."""

    cache_gb: float | None = None
    """The stage's cache. Not available yet."""

    def check(self, name: str) -> None:
        """Refuse what can't work: raises ValueError with every problem, NotYet for what is to come."""
        where = f'ApiGatewayPattern("{name}")'
        check_name("ApiGatewayPattern", name, self.physical_name)
        for argument in ("domain", "vpc_endpoint_id", "waf_arn", "cache_gb"):
            if getattr(self, argument):
                raise NotYet(where, argument, PAGE)
        if problems := list(self._problems()):
            raise ValueError(f"{where}: " + "; ".join(problems))

    def all_routes(self) -> list[Route]:
        """The routes, and those that lead to the monolith."""
        if self.monolith is None:
            return list(self.routes)
        url = self.monolith.url.rstrip("/")
        auth = Public("the monolith knows its own users")
        rest = [
            Route("ANY", "/", HttpProxy(url=f"{url}/"), auth),
            Route("ANY", "/{proxy+}", HttpProxy(url=f"{url}/{{proxy}}"), auth),
        ]
        claimed = {(route.method, route.path) for route in self.routes}
        return [*self.routes, *(route for route in rest if (route.method, route.path) not in claimed)]

    def _problems(self) -> Iterator[str]:
        if not self.routes and self.monolith is None:
            yield "there is neither a route nor a monolith"
        for route in self.routes:
            yield from route.problems(front=self.front is not None)
            if self.front and isinstance(route.auth, ApiKey):
                yield f"{route}: the origin key takes the place of clients' keys; use Scopes, or leave front out"
        for name, count in Counter(str(route) for route in self.routes).items():
            if count > 1:
                yield f"{count} routes are {name}"
        if self.monolith and not self.monolith.url.startswith(("http://", "https://")):
            yield f"the monolith's url {self.monolith.url!r} begins with neither http:// nor https://"
        if self.front and not (self.front.folder / "index.html").is_file():
            yield f"the front's folder {self.front.folder} has no index.html"
        if self.origin_key not in ("a", "b"):
            yield f"origin_key={self.origin_key!r} is neither 'a' nor 'b'"
