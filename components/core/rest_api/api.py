"""A REST API: its paths, routes, deployment, stage, throttles and keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from ..edge import WebOrigin
from ..log_group import LogGroup
from ..pattern import Pattern
from ..user_pool import UserPool
from . import defaults
from .auth import Scopes
from .endpoint import Endpoint, Surroundings
from .gateway_responses import gateway_responses
from .keys import Keys
from .metrics import ApiMetrics
from .route import Route, slug
from .scope import Scope

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
_ACCESS_LOG = {
    "correlation": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "backend_ms": "$context.integrationLatency",
    "backend_status": "$context.integrationStatus",
    "error": "$context.error.responseType",
    "caller": "$context.identity.sourceIp",
    "trace": "$context.xrayTraceId",
}
_ACCESS_LOG_NUMBERS = {"status": "$context.status", "latency_ms": "$context.responseLatency"}


class RestApi:
    """A regional API with one stage, which logs each request; every route has a role and throttles of its own.

    `name` begins the names of its parts; the API that a pattern is for has none. `keys` are the API keys of its usage
    plan; with `keys_required` every request carries one: the origin key of a distribution in front.
    """

    def __init__(
        self,
        owner: Pattern,
        name: str,
        routes: Sequence[Route],
        *,
        keys: Sequence[str] = (),
        keys_required: bool = False,
    ) -> None:
        self._owner, self._scope = owner, Scope(owner, name)
        self.routes = list(routes)
        self.api = self._rest_api()
        self.users = self._users()
        self.endpoints = self._endpoints(keys_required=keys_required)
        self.deployment = self._deployment()
        self.logs = LogGroup(owner, self._scope.part("access"), f"/aws/apigateway/{self._scope.physical_name}")
        self.stage = self._stage()
        self._throttle()
        self.keys = Keys(self._scope, keys, api=self.api, stage=self.stage) if keys else None
        self.metrics = ApiMetrics(self._scope, stage=defaults.STAGE, logs=self.logs)

    def origin(self, path: str, key: str) -> WebOrigin:
        """What a distribution hands requests for `path` on to: the stage, with the API key of this name."""
        if self.keys is None:
            raise ValueError(f"{self._scope.tree_name} has no API keys, so nothing tells a distribution from others")
        return WebOrigin(
            path=path,
            domain=pulumi.Output.format("{0}.execute-api.{1}.amazonaws.com", self.api.id, self._owner.names.region),
            origin_path=pulumi.Output.concat("/", self.stage.stage_name),
            headers={"x-api-key": self.keys.value(key)},
        )

    def _rest_api(self) -> aws.apigateway.RestApi:
        endpoint = aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL")
        return aws.apigateway.RestApi(
            self._scope.tree_name,
            name=self._scope.physical_name,
            endpoint_configuration=endpoint,
            binary_media_types=list(defaults.BINARY_TYPES),
            minimum_compression_size="1024",
            tags=self._owner.tags,
            opts=self._owner.child(can_exist_twice=True),
        )

    def _users(self) -> UserPool | None:
        """A pool whose clients are other programs; made when a route asks for scopes."""
        scopes = sorted(
            {scope for route in self.routes if isinstance(route.auth, Scopes) for scope in route.auth.scopes}
        )
        return UserPool(self._owner, self._scope.part("users"), scopes=scopes) if scopes else None

    def _endpoints(self, *, keys_required: bool) -> list[Endpoint]:
        authorizer = None
        if self.users:
            authorizer = aws.apigateway.Authorizer(
                self._scope.tree("users"),
                name="users",
                rest_api=self.api.id,
                type="COGNITO_USER_POOLS",
                provider_arns=[self.users.pool.arn],
                opts=self._owner.child(),
            ).id
        validator = aws.apigateway.RequestValidator(
            self._scope.tree("everything"),
            name="everything",
            rest_api=self.api.id,
            validate_request_body=True,
            validate_request_parameters=True,
            opts=self._owner.child(),
        )
        around = Surroundings(
            api=self.api,
            resources=self._paths(),
            validator=validator,
            authorizer=authorizer,
            keys_required=keys_required,
        )
        return [Endpoint(self._scope, route, around) for route in self.routes]

    def _paths(self) -> Mapping[tuple[str, ...], pulumi.Output[str]]:
        """A resource for each path and for each that it begins with."""
        made: dict[tuple[str, ...], pulumi.Output[str]] = {(): self.api.root_resource_id}
        for route in sorted(self.routes, key=lambda one: one.path):
            for path in route.paths:
                if path not in made:
                    made[path] = aws.apigateway.Resource(
                        self._scope.tree(slug(*path)),
                        rest_api=self.api.id,
                        parent_id=made[path[:-1]],
                        path_part=path[-1],
                        opts=self._owner.child(),
                    ).id
        return made

    def _deployment(self) -> aws.apigateway.Deployment:
        """A new one for each change: what is deployed is a copy."""
        responses = gateway_responses(self._scope, self.api)
        described = json.dumps([endpoint.described for endpoint in self.endpoints], sort_keys=True)
        return aws.apigateway.Deployment(
            self._scope.tree_name,
            rest_api=self.api.id,
            triggers={"routes": hashlib.sha256(described.encode()).hexdigest()},
            # The stage uses it, so a new one comes first.
            opts=self._owner.child(
                after=[*(one for endpoint in self.endpoints for one in endpoint.resources), *responses],
                can_exist_twice=True,
            ),
        )

    def _stage(self) -> aws.apigateway.Stage:
        """Logs each request as JSON; the account's role for that comes from `bootstrap/`."""
        return aws.apigateway.Stage(
            self._scope.tree_name,
            rest_api=self.api.id,
            deployment=self.deployment.id,
            stage_name=defaults.STAGE,
            access_log_settings=aws.apigateway.StageAccessLogSettingsArgs(
                destination_arn=self.logs.arn, format=_log_format()
            ),
            xray_tracing_enabled=True,
            tags=self._owner.tags,
            opts=self._owner.child(after=[self.logs.group]),
        )

    def _throttle(self) -> None:
        for route in self.routes:
            path = "~1".join(route.segments)
            aws.apigateway.MethodSettings(
                self._scope.tree(route.slug),
                rest_api=self.api.id,
                stage_name=self.stage.stage_name,
                method_path=f"{path}/{route.method}" if path else f"~1/{route.method}",
                settings=_settings(route),
                opts=self._owner.child(),
            )


def _log_format() -> str:
    """One object a line. What each call has is a number, so that filters may compare it; the rest may be a dash."""
    numbers = ", ".join(f'"{name}": {value}' for name, value in _ACCESS_LOG_NUMBERS.items())
    return f"{json.dumps(_ACCESS_LOG)[:-1]}, {numbers}}}"


def _settings(route: Route) -> aws.apigateway.MethodSettingsSettingsArgs:
    return aws.apigateway.MethodSettingsSettingsArgs(
        metrics_enabled=True,
        throttling_rate_limit=route.rate,
        throttling_burst_limit=route.burst,
    )
