"""API Gateway: what a request is held against, who may send it, and how it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given, present
from local.provider.services.apigateway_common import arn, fields, found, gateway, members, methods, removed, slot

_SOURCE = re.compile(r"method\.request\.header\.[\w-]+")
_PARAMETER = re.compile(r"gatewayresponse\.(header|querystring|path)\.[\w.$-]+")
_OWN_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
"""What AWS answers where a response has no templates:
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""


class Model(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html"""

    token = "aws:apigateway/model:Model"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """A schema is an object."""
        if given(inputs, "schema") and not isinstance(json.loads(inputs["schema"]), dict):
            yield Failure("schema", "Invalid model schema specified: a JSON schema is an object")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateModel; a name that exists is refused by AWS."""
        api, name = slot(inputs, "restApi"), inputs["name"]
        if found(gateway(aws).get_model, **api, modelName=name):
            raise RefusedError(f"Model name already exists for this REST API: {name}")
        made = gateway(aws).create_model(
            **api,
            name=name,
            contentType=inputs["contentType"],
            **present(description=inputs.get("description") or None, schema=inputs.get("schema")),
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetModel, by name."""
        api = slot(state, "restApi")
        model = found(gateway(aws).get_model, **api, modelName=state["name"])
        if model is None:
            return None
        return {
            "restApi": api["restApiId"],
            "name": model["name"],
            "contentType": model["contentType"],
            "description": model.get("description") or None,
            "schema": model.get("schema") or None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateModel."""
        operations = fields(changed, new, {"description": "/description", "schema": "/schema"})
        gateway(aws).update_model(**slot(new, "restApi"), modelName=new["name"], patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteModel; AWS refuses while a method uses it."""
        api, name = slot(state, "restApi"), state["name"]
        if found(gateway(aws).get_model, **api, modelName=name) is None:
            return
        for path, verb, method in methods(aws, api["restApiId"]):
            if name in (method.get("requestModels") or {}).values():
                raise RefusedError(f"Cannot delete model '{name}', is referenced in method request: {path}/{verb}")
        removed(gateway(aws).delete_model, **api, modelName=name)


class RequestValidator(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRequestValidator.html"""

    token = "aws:apigateway/requestValidator:RequestValidator"  # noqa: S105 - a type token
    _members = ("name", "validateRequestBody", "validateRequestParameters")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateRequestValidator."""
        values = {name: inputs[name] for name in self._members}
        return gateway(aws).create_request_validator(**slot(inputs, "restApi"), **values)["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetRequestValidator."""
        api = slot(state, "restApi")
        validator = found(gateway(aws).get_request_validator, **api, requestValidatorId=id_)
        if validator is None:
            return None
        return {"restApi": api["restApiId"], **{name: validator.get(name) for name in self._members}}

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateRequestValidator."""
        operations = fields(changed, new, {name: f"/{name}" for name in self._members})
        gateway(aws).update_request_validator(
            **slot(new, "restApi"), requestValidatorId=id_, patchOperations=operations
        )

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteRequestValidator; one that a method uses stays until the API goes, as the official provider has it."""
        api = slot(state, "restApi")
        if not _is_used(aws, api["restApiId"], "requestValidatorId", id_):
            removed(gateway(aws).delete_request_validator, **api, requestValidatorId=id_)


class GatewayResponse(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutGatewayResponse.html"""

    token = "aws:apigateway/response:Response"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The form of the parameters' names."""
        for name in inputs["responseParameters"] if given(inputs, "responseParameters") else ():
            if not _PARAMETER.fullmatch(name):
                yield Failure("responseParameters", f"{name} is not gatewayresponse.header.<name>")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutGatewayResponse: it changes the response that is there."""
        where = _response(inputs)
        gateway(aws).put_gateway_response(
            **where,
            responseParameters=inputs.get("responseParameters") or {},
            responseTemplates=inputs.get("responseTemplates") or {},
            **present(statusCode=inputs.get("statusCode")),
        )
        return "aggr-{restApiId}-{responseType}".format(**where)

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetGatewayResponse; AWS's own response counts as none."""
        response = found(gateway(aws).get_gateway_response, **_response(state))
        if response is None or response.get("defaultResponse"):
            return None
        templates = response.get("responseTemplates")
        kept = "responseTemplates" not in state and templates == _OWN_TEMPLATES
        # The defaults have no status, and others have their own where none was given.
        status = response.get("statusCode") if state.get("statusCode") else None
        return {
            "restApiId": state["restApiId"],
            "responseType": response["responseType"],
            "statusCode": status,
            "responseParameters": response.get("responseParameters") or None,
            "responseTemplates": None if kept else templates,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutGatewayResponse anew."""
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteGatewayResponse brings AWS's own back."""
        removed(gateway(aws).delete_gateway_response, **_response(state))


class Authorizer(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"""

    token = "aws:apigateway/authorizer:Authorizer"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What an authorizer by user pools needs."""
        if not inputs.get("providerArns"):
            yield Failure("providerArns", "an authorizer of type COGNITO_USER_POOLS needs the ARN of a user pool")
        if given(inputs, "identitySource") and not _SOURCE.fullmatch(inputs["identitySource"]):
            yield Failure("identitySource", "user pools read the token from one header: method.request.header.<name>")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateAuthorizer."""
        _refuse_missing_pools(aws, inputs["providerArns"])
        made = gateway(aws).create_authorizer(
            **slot(inputs, "restApi"),
            name=inputs["name"],
            type=inputs["type"],
            providerARNs=inputs["providerArns"],
            identitySource=inputs["identitySource"],
            authorizerResultTtlInSeconds=inputs["authorizerResultTtlInSeconds"],
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetAuthorizer."""
        api = slot(state, "restApi")
        authorizer = found(gateway(aws).get_authorizer, **api, authorizerId=id_)
        if authorizer is None:
            return None
        return {
            "restApi": api["restApiId"],
            "name": authorizer["name"],
            "type": authorizer["type"],
            "providerArns": authorizer.get("providerARNs") or None,
            "identitySource": authorizer.get("identitySource"),
            "authorizerResultTtlInSeconds": authorizer.get("authorizerResultTtlInSeconds"),
            "arn": arn(aws, f"restapis/{api['restApiId']}/authorizers/{id_}"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateAuthorizer."""
        _refuse_missing_pools(aws, new["providerArns"])
        paths = {
            "name": "/name",
            "identitySource": "/identitySource",
            "authorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
        }
        operations = fields(changed, new, paths)
        operations += members("/providerARNs", old.get("providerArns"), new["providerArns"])
        gateway(aws).update_authorizer(**slot(new, "restApi"), authorizerId=id_, patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteAuthorizer; one that a method uses stays until the API goes, as the official provider has it."""
        api = slot(state, "restApi")
        if not _is_used(aws, api["restApiId"], "authorizerId", id_):
            removed(gateway(aws).delete_authorizer, **api, authorizerId=id_)


def _response(state: Props) -> Props:
    return {"restApiId": state["restApiId"], "responseType": state["responseType"]}


def _is_used(aws: Aws, api: str, member: str, id_: str) -> bool:
    try:
        return any(method.get(member) == id_ for _, _, method in methods(aws, api))
    except ClientError:
        return False


def _refuse_missing_pools(aws: Aws, arns: list[str]) -> None:
    pools = aws.client("cognito-idp")
    for pool in arns:
        try:
            pools.describe_user_pool(UserPoolId=pool.rsplit("/", 1)[-1])
        except ClientError as error:
            raise RefusedError(f"Invalid Cognito User Pool ARN specified: {pool} is not there") from error
