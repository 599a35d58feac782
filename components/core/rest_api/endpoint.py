"""The resources of one route: its method, who may call it, its role, and what each answer becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from ..role import Role
from .auth import ApiKey, Iam, Public, Scopes
from .integration import Answer, Integration
from .route import Route
from .scope import Scope

PROBLEM = "'application/problem+json'"
_CONTENT_TYPE = "method.response.header.Content-Type"
_RETRY_AFTER = "method.response.header.Retry-After"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the routes of one API share."""

    api: aws.apigateway.RestApi
    resources: Mapping[tuple[str, ...], pulumi.Output[str]]
    """Path → id of its resource."""

    validator: aws.apigateway.RequestValidator
    authorizer: pulumi.Output[str] | None
    keys_required: bool
    """Whether every request carries a key: the origin key of CloudFront."""


class Endpoint:
    """One route of an API."""

    def __init__(self, scope: Scope, route: Route, around: Surroundings) -> None:
        self._owner, self._route, self._around = scope.owner, route, around
        self._part, self._name = scope.part(route.slug), scope.tree(route.slug)
        self.integration = self._without_key(route.target.integration(scope.owner.names))
        self.role = self._own_role()
        self.method = self._own_method()
        made = self._integrate()
        self.resources: list[pulumi.Resource] = [self.method, made, *self._answer(made)]

    @property
    def described(self) -> dict[str, Any]:
        """All that a new deployment of the API depends on, as plain data."""
        integration = self.integration
        return {
            "route": str(self._route),
            "auth": repr(self._route.auth),
            "body": self._route.body,
            "uri": integration.uri,
            "request": integration.request,
            "parameters": dict(integration.parameters),
            "answers": [repr(answer) for answer in integration.answers],
            "keys": self._around.keys_required,
        }

    def _without_key(self, given: Integration) -> Integration:
        """A proxy passes every header on, but a key of this API is nothing that a backend may know.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html
        """
        if given.type != "HTTP_PROXY" or not self._key_required:
            return given
        return replace(given, parameters={**given.parameters, "integration.request.header.x-api-key": "'withheld'"})

    @property
    def _key_required(self) -> bool:
        return self._around.keys_required or isinstance(self._route.auth, ApiKey)

    def _of(self, method: pulumi.Input[str]) -> dict[str, Any]:
        """Which method a resource belongs to. What AWS deletes with another resource names that one's `http_method`, so
        that it is made anew with it."""
        around = self._around
        return {
            "rest_api": around.api.id,
            "resource_id": around.resources[tuple(self._route.segments)],
            "http_method": method,
        }

    def _own_role(self) -> Role | None:
        """API Gateway documents no condition that it sends when it assumes a role.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-aws-proxy.html
        """
        if not self.integration.permissions:
            return None
        return Role(
            self._owner,
            self._part,
            service="apigateway.amazonaws.com",
            permissions=self.integration.permissions,
            because=f"route {self._route}",
        )

    def _own_method(self) -> aws.apigateway.Method:
        auth, route = self._route.auth, self._route
        if isinstance(auth, Public | ApiKey):
            because = auth.reason if isinstance(auth, Public) else "callers hold an API key, which limits them"
            self._owner.ledger.accept("auth-on-every-route", f"aws:apigateway/method:Method::{self._name}", because)
        scoped = isinstance(auth, Scopes)
        parameters = {
            f"method.request.path.{segment[1:-1].rstrip('+')}": True
            for segment in route.segments
            if segment.startswith("{")
        }
        return aws.apigateway.Method(
            self._name,
            **self._of(route.method),
            authorization="COGNITO_USER_POOLS" if scoped else "AWS_IAM" if isinstance(auth, Iam) else "NONE",
            authorizer_id=self._around.authorizer if scoped else None,
            authorization_scopes=list(auth.scopes) if isinstance(auth, Scopes) else None,
            api_key_required=self._key_required,
            request_parameters=parameters or None,
            request_validator_id=self._around.validator.id,
            request_models={"application/json": self._model().name} if route.body else None,
            opts=self._owner.child(),
        )

    def _model(self) -> aws.apigateway.Model:
        """A model's name is letters and digits: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html"""
        return aws.apigateway.Model(
            self._name,
            rest_api=self._around.api.id,
            name="".join(word.capitalize() for word in self._route.slug.split("-")),
            content_type="application/json",
            schema=json.dumps(self._route.body),
            opts=self._owner.child(),
        )

    def _integrate(self) -> aws.apigateway.Integration:
        given = self.integration
        after: list[pulumi.Resource] = [self.method, *([self.role.policy] if self.role else [])]
        return aws.apigateway.Integration(
            self._name,
            **self._of(self.method.http_method),
            type=given.type,
            integration_http_method=given.method if given.uri else None,
            uri=given.uri or None,
            credentials=self.role.role.arn if self.role else None,
            passthrough_behavior="NEVER" if given.request else "WHEN_NO_MATCH",
            request_templates={"application/json": given.request} if given.request else None,
            request_parameters=dict(given.parameters) or None,
            timeout_milliseconds=given.timeout_ms,
            opts=self._owner.child(after=after),
        )

    def _answer(self, integration: aws.apigateway.Integration) -> list[pulumi.Resource]:
        """A response of the method for each status, and a response of the integration for each kind of answer."""
        made: list[pulumi.Resource] = []
        statuses: dict[int, aws.apigateway.MethodResponse] = {}
        for number, answer in enumerate(self.integration.answers):
            name = f"{self._name}-{number}"
            if answer.status not in statuses:
                statuses[answer.status] = self._method_response(name, answer)
            made.append(
                aws.apigateway.IntegrationResponse(
                    name,
                    **self._of(integration.http_method),
                    status_code=str(answer.status),
                    selection_pattern=answer.pattern or None,
                    response_templates={"application/json": answer.template} if answer.template else None,
                    response_parameters={_CONTENT_TYPE: PROBLEM} if answer.problem else None,
                    opts=self._owner.child(after=[integration, statuses[answer.status]]),
                )
            )
        return [*statuses.values(), *made]

    def _method_response(self, name: str, answer: Answer) -> aws.apigateway.MethodResponse:
        return aws.apigateway.MethodResponse(
            name,
            **self._of(self.method.http_method),
            status_code=str(answer.status),
            response_parameters={_CONTENT_TYPE: False, _RETRY_AFTER: False},
            opts=self._owner.child(after=[self.method]),
        )
