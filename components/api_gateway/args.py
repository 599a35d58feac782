"""What an ApiGatewayPattern is made of, and what it refuses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pulumi

from ..core.edge import Gate
from ..core.pattern import NotYet, check_name
from ..core.rest_api.auth import ApiKey, Public
from ..core.rest_api.route import Route
from ..core.rest_api.targets import HttpProxy
from . import defaults

PAGE = "docs/api-gateway.md"
_BELOW = re.compile(r"[a-z0-9][a-z0-9-]*")
_GREEDY = re.compile(r"/\{\w+\+\}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?")


@dataclass(frozen=True)
class Monolith:
    """An application that takes what no route claims: headers, cookies, redirects and bodies pass through.

    It is told the path below which its callers find it as `X-Forwarded-Prefix`, for redirects that begin with `/`.
    """

    url: str
    """Where it listens: `https://old.example.com`, without a path. From config: `Monolith.of_stack()`."""

    @classmethod
    def of_stack(cls) -> Monolith | None:
        """The monolith of the running stack, by the config key `serviceful:monolithUrl`; None where that is empty.

        Raises ValueError that names the key of a wrong value.
        """
        url = pulumi.Config("serviceful").get("monolithUrl")
        if not url:
            return None
        if problem := cls(url).problem():
            raise ValueError(f"config serviceful:monolithUrl: {problem}")
        return cls(url)

    def route(self, segments: Sequence[str], prefix: str) -> Route:
        """What leads a path to it, with any method; callers find the API below `prefix`."""
        path = "/" + "/".join(segments)
        target = HttpProxy(url=f"{self.url.rstrip('/')}{path}", headers={"X-Forwarded-Prefix": prefix})
        return Route("ANY", path, target, Public("the monolith knows its own users"))

    def problem(self) -> str | None:
        """What is wrong with the URL."""
        fits = _ORIGIN.fullmatch(self.url)
        return None if fits else f"{self.url!r} is not http:// or https:// and a host, without a path"


@dataclass(frozen=True)
class Front:
    """Static pages, served by CloudFront from a private bucket, with the API below `/api/`."""

    folder: Path
    """The pages; `index.html` is also what paths without a dot show."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """What scripts of the pages need to know, served as `/config.json`; values may be outputs. No secrets."""

    also: Mapping[str, Path] = field(default_factory=dict)
    """Further folders of pages, by the path below which they stand: `{"approval": APPROVAL_PAGE}`."""

    room: Gate | None = None
    """A waiting room's gate: pages and API are there for those who were admitted."""


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
        """The routes, and those that lead to the monolith: each path's other methods, and all other paths.

        The gateway chooses the path first: a method that a path lacks is refused, and not looked for in `/{proxy+}`.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html
        """
        if self.monolith is None:
            return list(self.routes)
        everything = () if any(_GREEDY.fullmatch(route.path) for route in self.routes) else ("{proxy+}",)
        paths = {(), everything, *(path for route in self.routes for path in route.paths)}
        claimed = {tuple(route.segments) for route in self.routes if route.method == "ANY"}
        prefix = defaults.API_PATH if self.front else f"/{defaults.STAGE}"
        return [*self.routes, *(self.monolith.route(path, prefix) for path in sorted(paths - claimed))]

    def _problems(self) -> Iterator[str]:
        if not self.routes and self.monolith is None:
            yield "there is neither a route nor a monolith"
        for route in self.routes:
            yield from route.problems(front=self.front is not None)
            if self.front and isinstance(route.auth, ApiKey):
                yield f"{route}: the origin key takes the place of clients' keys; use Scopes, or leave front out"
        yield from _rival_parameters(self.all_routes())
        for name, count in Counter(str(route) for route in self.routes).items():
            if count > 1:
                yield f"{count} routes are {name}"
        if self.monolith and (problem := self.monolith.problem()):
            yield f"the monolith's url {problem}"
        if self.front and not (self.front.folder / "index.html").is_file():
            yield f"the front's folder {self.front.folder} has no index.html"
        for path, folder in (self.front.also if self.front else {}).items():
            if not _BELOW.fullmatch(path) or path == defaults.API_PATH[1:]:
                yield f"the front's path {path!r} is no word of a-z, 0-9 and hyphens beside the API's"
            if not folder.is_dir():
                yield f"the front's folder {folder} isn't there"
        if self.origin_key not in ("a", "b"):
            yield f"origin_key={self.origin_key!r} is neither 'a' nor 'b'"


def _rival_parameters(routes: Sequence[Route]) -> Iterator[str]:
    """The gateway takes one parameter at a place of a path.

    https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html
    """
    names: dict[tuple[str, ...], set[str]] = {}
    for *above, last in {path for route in routes for path in route.paths}:
        if last.startswith("{"):
            names.setdefault(tuple(above), set()).add(last)
    for above, found in sorted(names.items()):
        if len(found) > 1:
            yield f"below /{'/'.join(above)} there are {' and '.join(sorted(found))}: give them one name"
