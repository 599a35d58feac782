"""The ApiGatewayPattern."""

from __future__ import annotations

import pulumi
from pulumi import ResourceOptions

from ..core.dashboard import Dashboard
from ..core.pattern import Pattern
from ..core.rest_api.api import RestApi
from ..core.rest_api.auth import ApiKey
from . import defaults
from .args import ApiGatewayPatternArgs
from .front import StaticFront


class ApiGatewayPattern(Pattern):
    """One API in front of everything: each route leads straight to a service, with no function between.

    Each route has a role with exactly the actions of its target, says who may call it, and is throttled to what its
    target bears. What fails is `application/problem+json` with the request's id. A monolith takes what no route claims.
    """

    url: pulumi.Output[str]
    """Where callers reach the API: through CloudFront below `/api`, or the stage's own URL."""

    front_url: pulumi.Output[str] | None
    """Where the pages are served, if there are any."""

    def __init__(self, name: str, args: ApiGatewayPatternArgs, opts: ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("serviceful:index:ApiGatewayPattern", name, physical_name=args.physical_name, opts=opts)
        self.args, self.routes = args, args.all_routes()
        self.api = RestApi(self, "", self.routes, keys=self._keys(), keys_required=args.front is not None)
        self.users = self.api.users
        self.front = self._front()
        self.url = self.front.api_url if self.front else self.api.stage.invoke_url
        self.front_url = self.front.url if self.front else None
        self.dashboard = self._watch()
        self.publish(url=self.url, api_id=self.api.api.id, routes=[str(route) for route in self.routes])

    def _keys(self) -> tuple[str, ...]:
        """Keys of clients, or the origin's two."""
        if self.args.front:
            return ("origin-a", "origin-b")
        return ("client",) if any(isinstance(route.auth, ApiKey) for route in self.routes) else ()

    def _front(self) -> StaticFront | None:
        if self.args.front is None:
            return None
        api = self.api.origin(f"{defaults.API_PATH}/*", f"origin-{self.args.origin_key}")
        return StaticFront(self, self.args.front, api)

    def _watch(self) -> Dashboard:
        """Warns when callers get errors that are ours, or wait too long."""
        self.api.metrics.warn_of_errors()
        if self.front:
            self.front.distribution.warn_of_errors()
        return Dashboard(self)
