"""The ApiGatewayPattern."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from ..core.log_group import LogGroup
from ..core.pattern import Pattern
from ..core.user_pool import UserPool
from . import defaults
from .args import ApiGatewayPatternArgs
from .auth import ApiKey, Scopes
from .endpoint import Endpoint, Surroundings
from .front import StaticFront
from .gateway_responses import gateway_responses
from .keys import Keys
from .route import Route, slug

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
_ACCESS_LOG = {
    "correlation": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "backend_ms": "$context.integrationLatency",
    "backend_status": "$context.integrationStatus",
    "error": "$context.error.responseType",
    "caller": "$context.identity.sourceIp",
    "trace": "$context.xrayTraceId",
}


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
        self.api = self._rest_api()
        self.users = self._users()
        self.endpoints = self._endpoints()
        self.deployment = self._deployment()
        self.stage = self._stage()
        self._throttle()
        self.keys = self._keys()
        self.front = self._front()
        self.url = self.front.api_url if self.front else self.stage.invoke_url
        self.front_url = self.front.url if self.front else None
        self.publish(url=self.url, api_id=self.api.id, routes=[str(route) for route in self.routes])

    def _rest_api(self) -> aws.apigateway.RestApi:
        """Regional, behind a distribution of our own where there is one; without the endpoint that needs no key."""
        endpoint = aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL")
        return aws.apigateway.RestApi(
            self.name,
            name=self.names.physical("api", self.physical_name),
            endpoint_configuration=endpoint,
            binary_media_types=["application/octet-stream", "image/*", "multipart/form-data"],
            minimum_compression_size="1024",
            tags=self.tags,
            opts=self.child(can_exist_twice=True),
        )

    def _users(self) -> UserPool | None:
        """A pool whose clients are other programs; made when a route asks for scopes."""
        scopes = sorted(
            {scope for route in self.routes if isinstance(route.auth, Scopes) for scope in route.auth.scopes}
        )
        return UserPool(self, "users", scopes=scopes) if scopes else None

    def _endpoints(self) -> list[Endpoint]:
        authorizer = None
        if self.users:
            authorizer = aws.apigateway.Authorizer(
                self.tree_name("users"),
                name="users",
                rest_api=self.api.id,
                type="COGNITO_USER_POOLS",
                provider_arns=[self.users.pool.arn],
                opts=self.child(),
            ).id
        validator = aws.apigateway.RequestValidator(
            self.tree_name("everything"),
            name="everything",
            rest_api=self.api.id,
            validate_request_body=True,
            validate_request_parameters=True,
            opts=self.child(),
        )
        around = Surroundings(
            api=self.api,
            resources=self._paths(),
            validator=validator,
            authorizer=authorizer,
            keys_required=self.args.front is not None,
        )
        return [Endpoint(self, route, around) for route in self.routes]

    def _paths(self) -> Mapping[tuple[str, ...], pulumi.Output[str]]:
        """A resource for each path and for each that it begins with."""
        made: dict[tuple[str, ...], pulumi.Output[str]] = {(): self.api.root_resource_id}
        for route in sorted(self.routes, key=lambda one: one.path):
            for length in range(1, len(route.segments) + 1):
                path = tuple(route.segments[:length])
                if path not in made:
                    made[path] = aws.apigateway.Resource(
                        self.tree_name(slug(*path)),
                        rest_api=self.api.id,
                        parent_id=made[path[:-1]],
                        path_part=path[-1],
                        opts=self.child(),
                    ).id
        return made

    def _deployment(self) -> aws.apigateway.Deployment:
        """A new one for each change: what is deployed is a copy."""
        responses = gateway_responses(self, self.api)
        described = json.dumps([endpoint.described for endpoint in self.endpoints], sort_keys=True)
        return aws.apigateway.Deployment(
            self.name,
            rest_api=self.api.id,
            triggers={"routes": hashlib.sha256(described.encode()).hexdigest()},
            # The stage uses it, so a new one comes first.
            opts=self.child(
                after=[*(one for endpoint in self.endpoints for one in endpoint.resources), *responses],
                can_exist_twice=True,
            ),
        )

    def _stage(self) -> aws.apigateway.Stage:
        """Logs each request as JSON; the account's role for that comes from `bootstrap/`."""
        logs = LogGroup(self, "access", f"/aws/apigateway/{self.names.physical('api', self.physical_name)}")
        return aws.apigateway.Stage(
            self.name,
            rest_api=self.api.id,
            deployment=self.deployment.id,
            stage_name=defaults.STAGE,
            access_log_settings=aws.apigateway.StageAccessLogSettingsArgs(
                destination_arn=logs.arn, format=json.dumps(_ACCESS_LOG)
            ),
            xray_tracing_enabled=True,
            tags=self.tags,
            opts=self.child(after=[logs.group]),
        )

    def _throttle(self) -> None:
        for route in self.routes:
            path = "~1".join(route.segments)
            aws.apigateway.MethodSettings(
                self.tree_name(route.slug),
                rest_api=self.api.id,
                stage_name=self.stage.stage_name,
                method_path=f"{path}/{route.method}" if path else f"~1/{route.method}",
                settings=_settings(route),
                opts=self.child(),
            )

    def _keys(self) -> Keys | None:
        """Keys of clients, or the origin's two."""
        if self.args.front:
            return Keys(self, ("origin-a", "origin-b"), api=self.api, stage=self.stage)
        if any(isinstance(route.auth, ApiKey) for route in self.routes):
            return Keys(self, ("client",), api=self.api, stage=self.stage)
        return None

    def _front(self) -> StaticFront | None:
        if self.args.front is None or self.keys is None:
            return None
        return StaticFront(
            self,
            self.args.front,
            api=self.api,
            stage=self.stage,
            key=self.keys.value(f"origin-{self.args.origin_key}"),
        )


def _settings(route: Route) -> aws.apigateway.MethodSettingsSettingsArgs:
    return aws.apigateway.MethodSettingsSettingsArgs(
        metrics_enabled=True,
        throttling_rate_limit=route.rate,
        throttling_burst_limit=route.burst,
    )
