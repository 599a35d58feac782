"""API Gateway: what stands behind a method, and how its answers become the method's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given, present
from local.provider.services.apigateway_common import entries, fields, found, gateway, removed, slot
from local.wire import UNKNOWN

_METHOD = ("restApi", "resourceId", "httpMethod")
_RESPONSE = (*_METHOD, "statusCode")
_PARAMETER = re.compile(r"integration\.request\.(path|querystring|header|multivaluequerystring|multivalueheader)\.\S+")
_HEADER = re.compile(r"method\.response\.header\.[\w.$-]+")
_SERVICE = re.compile(r"arn:aws:apigateway:[a-z0-9-]+:(?:[\w-]+\.)?(?P<service>[\w-]+):(?:path|action)/.+")
_FUNCTION = re.compile(r"arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/arn:.+/invocations")
_URL = re.compile(r"https?://.+")


class Integration(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html"""

    token = "aws:apigateway/integration:Integration"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What the API refuses, by the kind of integration."""
        kind = inputs["type"]
        if kind is UNKNOWN:
            return
        if kind != "MOCK":
            for name in ("uri", "integrationHttpMethod"):
                if not inputs.get(name):
                    yield Failure(name, f"an integration of type {kind} needs {name}")
        if given(inputs, "uri"):
            yield from _uri_failures(kind, inputs)
        for name in inputs.get("requestParameters") or {} if given(inputs, "requestParameters") else ():
            if not _PARAMETER.fullmatch(name):
                yield Failure(
                    "requestParameters", f"Invalid mapping expression specified: {name} is not integration.request.…"
                )

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutIntegration."""
        where = slot(inputs, *_METHOD)
        _refuse_undeclared(aws, where, inputs)
        gateway(aws).put_integration(
            **where,
            type=inputs["type"],
            timeoutInMillis=inputs["timeoutMilliseconds"],
            connectionType=inputs["connectionType"],
            **present(
                uri=inputs.get("uri"),
                credentials=inputs.get("credentials"),
                integrationHttpMethod=inputs.get("integrationHttpMethod"),
                passthroughBehavior=inputs.get("passthroughBehavior"),
                requestParameters=inputs.get("requestParameters") or None,
                requestTemplates=inputs.get("requestTemplates") or None,
            ),
        )
        return "agi-{restApiId}-{resourceId}-{httpMethod}".format(**where)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetIntegration."""
        integration = found(gateway(aws).get_integration, **slot(state, *_METHOD))
        if integration is None:
            return None
        kind = integration["type"]
        return {
            **{name: state[name] for name in _METHOD},
            "type": kind,
            "uri": integration.get("uri") or None,
            "credentials": integration.get("credentials"),
            # AWS keeps no verb for a mock; the local AWS answers one always.
            "integrationHttpMethod": state.get("integrationHttpMethod")
            if kind == "MOCK"
            else integration["httpMethod"],
            "passthroughBehavior": integration.get("passthroughBehavior"),
            "requestParameters": integration.get("requestParameters") or None,
            "requestTemplates": integration.get("requestTemplates") or None,
            "timeoutMilliseconds": integration.get("timeoutInMillis"),
            "connectionType": integration.get("connectionType", "INTERNET"),
            "cacheNamespace": integration.get("cacheNamespace"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateIntegration."""
        where = slot(new, *_METHOD)
        _refuse_undeclared(aws, where, new)
        operations = fields(changed, new, {"uri": "/uri", "timeoutMilliseconds": "/timeoutInMillis"})
        for name in ("requestParameters", "requestTemplates"):
            operations += entries(f"/{name}", old.get(name), new.get(name))
        gateway(aws).update_integration(**where, patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteIntegration."""
        removed(gateway(aws).delete_integration, **slot(state, *_METHOD))


class IntegrationResponse(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegrationResponse.html"""

    token = "aws:apigateway/integrationResponse:IntegrationResponse"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The form of the headers' names, and of the pattern."""
        for name in inputs.get("responseParameters") or {} if given(inputs, "responseParameters") else ():
            if not _HEADER.fullmatch(name):
                yield Failure(
                    "responseParameters",
                    f"Invalid mapping expression specified: {name} is not method.response.header.<name>",
                )
        if given(inputs, "selectionPattern"):
            try:
                re.compile(inputs["selectionPattern"])
            except re.error as error:
                yield Failure("selectionPattern", f"Invalid selection pattern specified: {error}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutIntegrationResponse."""
        where = slot(inputs, *_RESPONSE)
        _put_response(aws, where, inputs)
        return "agir-{restApiId}-{resourceId}-{httpMethod}-{statusCode}".format(**where)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetIntegrationResponse."""
        response = found(gateway(aws).get_integration_response, **slot(state, *_RESPONSE))
        if response is None:
            return None
        return {
            **{name: state[name] for name in _RESPONSE},
            "selectionPattern": response.get("selectionPattern") or None,
            "responseParameters": response.get("responseParameters") or None,
            "responseTemplates": response.get("responseTemplates") or None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutIntegrationResponse anew; see the facts' note."""
        if "statusCode" in changed:
            raise RefusedError(
                f"the official provider would leave the response for {old['statusCode']} beside the new one: "
                "declare another resource"
            )
        _put_response(aws, slot(new, *_RESPONSE), new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteIntegrationResponse."""
        removed(gateway(aws).delete_integration_response, **slot(state, *_RESPONSE))


def _uri_failures(kind: str, inputs: Props) -> Iterator[Failure]:
    uri = inputs["uri"]
    service = _SERVICE.fullmatch(uri)
    if kind in ("HTTP", "HTTP_PROXY") and not _URL.fullmatch(uri):
        yield Failure("uri", "Invalid HTTP endpoint specified for URI")
    if kind == "AWS_PROXY" and not _FUNCTION.fullmatch(uri):
        yield Failure(
            "uri", "integrations of type AWS_PROXY are for Lambda functions here: give the function's invokeArn"
        )
    if kind == "AWS" and service is None:
        yield Failure("uri", "AWS ARN for integration must contain path or action")
    if kind == "AWS" and service is not None and service["service"] != "lambda" and not inputs.get("credentials"):
        yield Failure("credentials", "Role ARN must be specified for AWS integrations")
    if _FUNCTION.fullmatch(uri) and inputs.get("integrationHttpMethod") not in (UNKNOWN, "POST"):
        yield Failure("integrationHttpMethod", "a function is invoked by POST; with any other method each call fails")


def _refuse_undeclared(aws: Aws, where: Props, inputs: Props) -> None:
    """Raise RefusedError for a parameter of the request that the method doesn't declare."""
    method = found(gateway(aws).get_method, **where)
    if method is None:
        raise RefusedError("Invalid Method identifier specified")
    declared = method.get("requestParameters") or {}
    for name, source in (inputs.get("requestParameters") or {}).items():
        if re.match(r"method\.request\.(?!body)", source) and source not in declared:
            raise RefusedError(
                f"Invalid mapping expression specified: {name} takes {source}, which the method doesn't declare"
            )


def _put_response(aws: Aws, where: Props, inputs: Props) -> None:
    declared = found(gateway(aws).get_method_response, **where)
    if declared is None:
        raise RefusedError(f"Invalid Response status code specified: the method has no response {where['statusCode']}")
    for name in sorted(
        (inputs.get("responseParameters") or {}).keys() - (declared.get("responseParameters") or {}).keys()
    ):
        raise RefusedError(f"Invalid mapping expression specified: the method's response doesn't declare {name}")
    gateway(aws).put_integration_response(
        **where,
        responseParameters=inputs.get("responseParameters") or {},
        responseTemplates=inputs.get("responseTemplates") or {},
        **present(selectionPattern=inputs.get("selectionPattern")),
    )
