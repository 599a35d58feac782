"""A REST API for contract tests: methods with integrations, a stage, and calls of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests

from local.settings import Settings
from tests.local.emulation import unique

JSON = "application/json"
TRUST_GATEWAY = {"Service": "apigateway.amazonaws.com"}


def mock(status: int = 200) -> dict[str, Any]:
    """An integration without a backend."""
    return {"type": "MOCK", "requestTemplates": {JSON: json.dumps({"statusCode": status})}}


class RestApi:
    """An API of its own; nothing is served before `deploy`."""

    def __init__(self, aws: Callable[..., Any], settings: Settings, **more: Any) -> None:
        self.client = aws("apigateway")
        self.settings = settings
        created = self.client.create_rest_api(name=unique("api"), **more)
        self.id, self._root = created["id"], created["rootResourceId"]
        self._resources = {"": self._root}

    @property
    def host(self) -> str:
        """The API's name on AWS."""
        return f"{self.id}.execute-api.{self.settings.region}.amazonaws.com"

    def arn(self, method: str, path: str, stage: str = "v1") -> str:
        """What policies call a method of the API."""
        return f"arn:aws:execute-api:{self.settings.region}:{self.settings.account}:{self.id}/{stage}/{method}{path}"

    def method(
        self,
        path: str,
        integration: dict[str, Any],
        *,
        verb: str = "POST",
        responses: dict[str, dict[str, Any]] | None = None,
        **more: Any,
    ) -> None:
        """Serve `path`; without `responses` a backend's answers of any status pass as 200."""
        where = {"restApiId": self.id, "resourceId": self._resource(path), "httpMethod": verb}
        self.client.put_method(**where, **{"authorizationType": "NONE", **more})
        proxy = integration["type"].endswith("PROXY") or integration["type"] == "AWS"
        defaults = {"integrationHttpMethod": "ANY" if integration["type"] == "HTTP_PROXY" else "POST"} if proxy else {}
        self.client.put_integration(**where, **{**defaults, **integration})
        if integration["type"].endswith("PROXY"):
            return
        for status, response in ({"200": {}} if responses is None else responses).items():
            self.client.put_method_response(**where, statusCode=status)
            self.client.put_integration_response(**where, statusCode=status, **response)

    def deploy(self, stage: str = "v1", **more: Any) -> None:
        """Serve what was made so far."""
        self.client.create_deployment(restApiId=self.id, stageName=stage, **more)

    def patch(self, *changes: tuple[str, str], stage: str = "v1") -> None:
        """Replace settings of the stage by path."""
        operations = [{"op": "replace", "path": path, "value": value} for path, value in changes]
        self.client.update_stage(restApiId=self.id, stageName=stage, patchOperations=operations)

    def call(self, method: str, path: str, *, stage: str = "v1", **more: Any) -> requests.Response:
        """Send a request."""
        url = f"{self.settings.endpoint}/_aws/execute-api/{self.id}/{stage}{path}"
        return requests.request(method, url, timeout=40, allow_redirects=False, **more)

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        """Send JSON."""
        return self.call("POST", path, json=body, **more)

    def _resource(self, path: str) -> str:
        path = path.rstrip("/")
        if path not in self._resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(restApiId=self.id, parentId=self._resource(parent), pathPart=part)
            self._resources[path] = made["id"]
        return self._resources[path]
