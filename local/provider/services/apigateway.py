"""API Gateway: REST APIs and their paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local.provider.check import Failure
from local.provider.clients import PARTITION, Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given, present
from local.provider.services.apigateway_common import (
    arn,
    change_tags,
    fields,
    found,
    gateway,
    pointer,
    removed,
    replaced,
    resources,
    slot,
    when,
)

_LARGEST_COMPRESSION_SIZE = 10_485_760
"""Bytes: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html"""


class RestApi(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html"""

    token = "aws:apigateway/restApi:RestApi"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The range of a number that is written as text."""
        if (
            given(inputs, "minimumCompressionSize")
            and int(inputs["minimumCompressionSize"]) > _LARGEST_COMPRESSION_SIZE
        ):
            yield Failure("minimumCompressionSize", f"at most {_LARGEST_COMPRESSION_SIZE} bytes")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateRestApi."""
        made = gateway(aws).create_rest_api(
            name=inputs["name"],
            endpointConfiguration=_endpoint(inputs.get("endpointConfiguration") or {"types": "EDGE"}),
            tags=inputs.get("tags") or {},
            **present(
                description=inputs.get("description") or None,
                binaryMediaTypes=inputs.get("binaryMediaTypes") or None,
                minimumCompressionSize=_compression(inputs),
                policy=inputs.get("policy") or None,
            ),
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetRestApi, and GetResources for the root path's id."""
        api = found(gateway(aws).get_rest_api, restApiId=id_)
        if api is None:
            return None
        size = api.get("minimumCompressionSize")
        endpoint = api.get("endpointConfiguration", {})
        return {
            "name": api["name"],
            "description": api.get("description") or None,
            "apiKeySource": api.get("apiKeySource"),
            "binaryMediaTypes": api.get("binaryMediaTypes") or None,
            "disableExecuteApiEndpoint": api.get("disableExecuteApiEndpoint", False),
            "endpointConfiguration": present(
                types=(endpoint.get("types") or [None])[0], ipAddressType=endpoint.get("ipAddressType")
            ),
            "minimumCompressionSize": None if size is None else str(size),
            "policy": _policy(api.get("policy")),
            "tags": api.get("tags") or {},
            "arn": arn(aws, f"restapis/{id_}"),
            "createdDate": when(api["createdDate"]),
            "executionArn": f"arn:{PARTITION}:execute-api:{aws.region}:{aws.account}:{id_}",
            "rootResourceId": next(row["id"] for row in resources(aws, id_) if row["path"] == "/"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateRestApi."""
        operations = fields(changed, new, {"name": "/name", "description": "/description", "policy": "/policy"})
        if "minimumCompressionSize" in changed:
            operations.append(replaced("/minimumCompressionSize", _compression(new)))
        if "endpointConfiguration" in changed:
            wanted = new["endpointConfiguration"]
            operations.append(replaced("/endpointConfiguration/types/0", wanted["types"]))
            if wanted.get("ipAddressType"):
                operations.append(replaced("/endpointConfiguration/ipAddressType", wanted["ipAddressType"]))
        if "binaryMediaTypes" in changed:
            before, after = old.get("binaryMediaTypes") or [], new.get("binaryMediaTypes") or []
            steps = [("remove", kind) for kind in before if kind not in after]
            steps += [("add", kind) for kind in after if kind not in before]
            operations += [{"op": op, "path": f"/binaryMediaTypes/{pointer(kind)}"} for op, kind in steps]
        if operations:
            gateway(aws).update_rest_api(restApiId=id_, patchOperations=operations)
        change_tags(aws, arn(aws, f"restapis/{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteRestApi, with all that is in it."""
        removed(gateway(aws).delete_rest_api, restApiId=id_)


class ApiResource(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html"""

    token = "aws:apigateway/resource:Resource"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateResource; AWS refuses a path that another one hides."""
        _refuse_hidden(aws, inputs)
        made = gateway(aws).create_resource(
            restApiId=inputs["restApi"], parentId=inputs["parentId"], pathPart=inputs["pathPart"]
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetResource."""
        api = slot(state, "restApi")
        resource = found(gateway(aws).get_resource, **api, resourceId=id_)
        if resource is None:
            return None
        return {
            "restApi": api["restApiId"],
            "parentId": resource.get("parentId"),
            "pathPart": resource.get("pathPart"),
            "path": resource["path"],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateResource."""
        _refuse_hidden(aws, new, id_)
        operations = fields(changed, new, {"pathPart": "/pathPart", "parentId": "/parentId"})
        gateway(aws).update_resource(**slot(new, "restApi"), resourceId=id_, patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteResource."""
        removed(gateway(aws).delete_resource, **slot(state, "restApi"), resourceId=id_)


def _endpoint(endpoint: Props) -> Props:
    return {"types": [endpoint["types"]], **present(ipAddressType=endpoint.get("ipAddressType"))}


def _compression(inputs: Props) -> int | None:
    """Bytes; -1 stands for none, as the official provider has it."""
    size = int(inputs.get("minimumCompressionSize") or -1)
    return None if size < 0 else size


def _policy(answered: str | None) -> str | None:
    """AWS answers the document as it stands within a JSON text, without the quotation marks around it."""
    return json.loads(f'"{answered}"') if answered else None


def _refuse_hidden(aws: Aws, inputs: Props, own: str | None = None) -> None:
    """Raise RefusedError for a second variable beside one, and for a path below a greedy one."""
    part = inputs["pathPart"]
    every: list[dict[str, Any]] = resources(aws, inputs["restApi"])
    parent = next((row for row in every if row["id"] == inputs["parentId"]), {})
    if parent.get("pathPart", "").endswith("+}"):
        raise RefusedError(f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}")
    for sibling in every:
        taken = sibling.get("pathPart", "")
        if sibling.get("parentId") != inputs["parentId"] or sibling["id"] == own:
            continue
        if part.startswith("{") and taken.startswith("{") and part.endswith("+}") == taken.endswith("+}"):
            raise RefusedError(
                f"A sibling ({taken}) of this resource already has a variable path part -- only one unique variable "
                "path part is allowed"
            )
