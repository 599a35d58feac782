"""API Gateway: methods and their responses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given, present
from local.provider.services.apigateway_common import entries, fields, found, gateway, members, removed, slot
from local.wire import UNKNOWN

_METHOD = ("restApi", "resourceId", "httpMethod")
_RESPONSE = (*_METHOD, "statusCode")
_PARAMETER = re.compile(r"method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.[\w.$-]+")
_HEADER = re.compile(r"method\.response\.header\.[\w.$-]+")
_WITH_AUTHORIZER = ("COGNITO_USER_POOLS", "CUSTOM")
_BUILT_IN_MODELS = frozenset({"Empty", "Error"})
"""Each API has these from the start: https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html"""


class Method(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html"""

    token = "aws:apigateway/method:Method"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What the API refuses, and the service model doesn't say."""
        authorization = inputs["authorization"]
        if authorization in _WITH_AUTHORIZER and not inputs.get("authorizerId"):
            yield Failure("authorizerId", f"a method with {authorization} needs an authorizer")
        if inputs.get("authorizationScopes") and authorization not in (UNKNOWN, "COGNITO_USER_POOLS"):
            yield Failure("authorizationScopes", "only COGNITO_USER_POOLS asks for scopes")
        yield from _names("requestParameters", inputs, _PARAMETER, "method.request.<place>.<name>")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutMethod; one that is there already is refused by AWS."""
        where = slot(inputs, *_METHOD)
        _refuse_dangling(aws, inputs)
        if found(gateway(aws).get_method, **where):
            raise RefusedError("Method already exists for this resource")
        gateway(aws).put_method(
            **where,
            authorizationType=inputs["authorization"],
            apiKeyRequired=inputs["apiKeyRequired"],
            **present(
                authorizerId=inputs.get("authorizerId"),
                authorizationScopes=inputs.get("authorizationScopes") or None,
                operationName=inputs.get("operationName") or None,
                requestModels=inputs.get("requestModels") or None,
                requestParameters=inputs.get("requestParameters") or None,
                requestValidatorId=inputs.get("requestValidatorId"),
            ),
        )
        return "agm-{restApiId}-{resourceId}-{httpMethod}".format(**where)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetMethod."""
        where = slot(state, *_METHOD)
        method = found(gateway(aws).get_method, **where)
        if method is None:
            return None
        return {
            "restApi": where["restApiId"],
            "resourceId": where["resourceId"],
            "httpMethod": where["httpMethod"],
            "authorization": method["authorizationType"],
            "authorizerId": method.get("authorizerId"),
            "authorizationScopes": method.get("authorizationScopes") or None,
            "apiKeyRequired": method.get("apiKeyRequired", False),
            "operationName": method.get("operationName") or None,
            "requestModels": method.get("requestModels") or None,
            "requestParameters": method.get("requestParameters") or None,
            "requestValidatorId": method.get("requestValidatorId"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateMethod."""
        _refuse_dangling(aws, new)
        paths = {
            "authorization": "/authorizationType",
            "authorizerId": "/authorizerId",
            "apiKeyRequired": "/apiKeyRequired",
            "operationName": "/operationName",
            "requestValidatorId": "/requestValidatorId",
        }
        operations = fields(changed, new, paths)
        for name in ("requestModels", "requestParameters"):
            operations += entries(f"/{name}", old.get(name), new.get(name))
        operations += members("/authorizationScopes", old.get("authorizationScopes"), new.get("authorizationScopes"))
        gateway(aws).update_method(**slot(new, *_METHOD), patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteMethod, with its integration and responses."""
        removed(gateway(aws).delete_method, **slot(state, *_METHOD))


class MethodResponse(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethodResponse.html"""

    token = "aws:apigateway/methodResponse:MethodResponse"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The form of the headers' names."""
        yield from _names("responseParameters", inputs, _HEADER, "method.response.header.<name>")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutMethodResponse; one that is there already is refused by AWS."""
        where = slot(inputs, *_RESPONSE)
        if found(gateway(aws).get_method_response, **where):
            raise RefusedError("Response already exists for this resource")
        refuse_missing_models(aws, where["restApiId"], inputs.get("responseModels"))
        gateway(aws).put_method_response(
            **where,
            **present(
                responseModels=inputs.get("responseModels") or None,
                responseParameters=inputs.get("responseParameters") or None,
            ),
        )
        return "agmr-{restApiId}-{resourceId}-{httpMethod}-{statusCode}".format(**where)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetMethodResponse."""
        where = slot(state, *_RESPONSE)
        response = found(gateway(aws).get_method_response, **where)
        if response is None:
            return None
        return {
            **{name: state[name] for name in _RESPONSE},
            "responseModels": response.get("responseModels") or None,
            "responseParameters": response.get("responseParameters") or None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateMethodResponse; see the facts' note."""
        refuse_missing_models(aws, new["restApi"], new.get("responseModels"))
        operations = entries("/responseModels", old.get("responseModels"), new.get("responseModels"))
        operations += entries("/responseParameters", old.get("responseParameters"), new.get("responseParameters"))
        gateway(aws).update_method_response(**slot(new, *_RESPONSE), patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteMethodResponse."""
        removed(gateway(aws).delete_method_response, **slot(state, *_RESPONSE))


def refuse_missing_models(aws: Aws, api: str, models: Props | None) -> None:
    """Raise RefusedError for the name of a model that the API doesn't have."""
    for name in sorted(set((models or {}).values()) - _BUILT_IN_MODELS):
        if found(gateway(aws).get_model, restApiId=api, modelName=name) is None:
            raise RefusedError(f"Invalid model identifier specified: {name}")


def _refuse_dangling(aws: Aws, inputs: Props) -> None:
    """Raise RefusedError where a method refers to what the API doesn't have."""
    api = {"restApiId": inputs["restApi"]}
    refuse_missing_models(aws, inputs["restApi"], inputs.get("requestModels"))
    validator, authorizer = inputs.get("requestValidatorId"), inputs.get("authorizerId")
    if validator and found(gateway(aws).get_request_validator, **api, requestValidatorId=validator) is None:
        raise RefusedError(f"Invalid Request Validator identifier specified: {validator}")
    if authorizer and found(gateway(aws).get_authorizer, **api, authorizerId=authorizer) is None:
        raise RefusedError(f"Invalid authorizer ID specified: {authorizer}")


def _names(property_: str, inputs: Props, form: re.Pattern[str], shown: str) -> Iterator[Failure]:
    if given(inputs, property_):
        for name in inputs[property_]:
            if not form.fullmatch(name):
                yield Failure(property_, f"Invalid mapping expression specified: {name} is not {shown}")
