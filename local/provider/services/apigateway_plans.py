"""API Gateway: API keys, and the plans by which they may be used."""

from __future__ import annotations

from collections.abc import Iterator

from local.provider.check import Failure
from local.provider.clients import Aws
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
    when,
)
from local.wire import Secret

_LARGEST_OFFSET = {"DAY": 0, "WEEK": 6, "MONTH": 27}
"""https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html"""


class ApiKey(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html"""

    token = "aws:apigateway/apiKey:ApiKey"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateApiKey; without a value AWS makes one."""
        made = gateway(aws).create_api_key(
            name=inputs["name"],
            description=inputs["description"],
            enabled=inputs["enabled"],
            tags=inputs.get("tags") or {},
            **present(value=inputs.get("value")),
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetApiKey, with its value."""
        key = found(gateway(aws).get_api_key, apiKey=id_, includeValue=True)
        if key is None:
            return None
        return {
            "name": key.get("name"),
            "description": key.get("description"),
            "enabled": key.get("enabled", False),
            "value": Secret(key["value"]),
            "tags": key.get("tags") or {},
            "arn": arn(aws, f"apikeys/{id_}"),
            "createdDate": when(key["createdDate"]),
            "lastUpdatedDate": when(key["lastUpdatedDate"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateApiKey."""
        operations = fields(changed, new, {"description": "/description", "enabled": "/enabled"})
        if operations:
            gateway(aws).update_api_key(apiKey=id_, patchOperations=operations)
        change_tags(aws, arn(aws, f"apikeys/{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteApiKey."""
        removed(gateway(aws).delete_api_key, apiKey=id_)


class UsagePlan(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlan.html"""

    token = "aws:apigateway/usagePlan:UsagePlan"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """When a quota's period may begin."""
        quota = inputs.get("quotaSettings")
        if isinstance(quota, dict) and given(quota, "offset", "period"):
            largest = _LARGEST_OFFSET[quota["period"]]
            if quota["offset"] > largest:
                yield Failure("quotaSettings.offset", f"for {quota['period']} the offset is at most {largest}")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateUsagePlan."""
        _refuse_missing_stages(aws, inputs)
        made = gateway(aws).create_usage_plan(
            name=inputs["name"],
            apiStages=[_stage(stage) for stage in inputs.get("apiStages") or []],
            tags=inputs.get("tags") or {},
            **present(
                description=inputs.get("description"),
                quota=inputs.get("quotaSettings"),
                throttle=inputs.get("throttleSettings"),
            ),
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetUsagePlan."""
        plan = found(gateway(aws).get_usage_plan, usagePlanId=id_)
        if plan is None:
            return None
        return {
            "name": plan["name"],
            "description": plan.get("description") or None,
            "apiStages": [_read_stage(stage) for stage in plan.get("apiStages") or []] or None,
            "quotaSettings": plan.get("quota") or None,
            "throttleSettings": plan.get("throttle") or None,
            "tags": plan.get("tags") or {},
            "arn": arn(aws, f"usageplans/{id_}"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateUsagePlan: stages are taken away and added anew, as the official provider does."""
        operations = fields(changed, new, {"name": "/name", "description": "/description"})
        if "apiStages" in changed:
            _refuse_missing_stages(aws, new)
            operations += [_without(stage) for stage in old.get("apiStages") or []]
            for stage in new.get("apiStages") or []:
                operations += _with(stage)
        for name, path in (("quotaSettings", "/quota"), ("throttleSettings", "/throttle")):
            if name in changed and not new.get(name):
                operations.append({"op": "remove", "path": path})
            elif name in changed:
                operations += [replaced(f"{path}/{member}", value) for member, value in new[name].items()]
        if operations:
            gateway(aws).update_usage_plan(usagePlanId=id_, patchOperations=operations)
        change_tags(aws, arn(aws, f"usageplans/{id_}"), old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """AWS deletes no plan that has stages: they are taken away first."""
        plan = found(gateway(aws).get_usage_plan, usagePlanId=id_)
        stages = [_without(stage) for stage in (plan or {}).get("apiStages") or []]
        if stages:
            gateway(aws).update_usage_plan(usagePlanId=id_, patchOperations=stages)
        removed(gateway(aws).delete_usage_plan, usagePlanId=id_)


class UsagePlanKey(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlanKey.html"""

    token = "aws:apigateway/usagePlanKey:UsagePlanKey"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateUsagePlanKey; AWS refuses a key that isn't there."""
        if found(gateway(aws).get_api_key, apiKey=inputs["keyId"]) is None:
            raise RefusedError(f"Invalid API Key identifier specified: {inputs['keyId']}")
        made = gateway(aws).create_usage_plan_key(
            usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType=inputs["keyType"]
        )
        return made["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetUsagePlanKey."""
        key = found(gateway(aws).get_usage_plan_key, **_key(state))
        if key is None:
            return None
        return {
            "keyId": state["keyId"],
            "usagePlanId": state["usagePlanId"],
            "keyType": key["type"],
            "name": key.get("name"),
            "value": Secret(key.get("value")),
        }

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteUsagePlanKey."""
        removed(gateway(aws).delete_usage_plan_key, **_key(state))


def _key(state: Props) -> Props:
    return {"usagePlanId": state["usagePlanId"], "keyId": state["keyId"]}


def _refuse_missing_stages(aws: Aws, inputs: Props) -> None:
    for stage in inputs.get("apiStages") or []:
        if found(gateway(aws).get_stage, restApiId=stage["apiId"], stageName=stage["stage"]) is None:
            raise RefusedError(f"API Stage not found: {stage['apiId']}:{stage['stage']}")


def _stage(stage: Props) -> Props:
    throttles = {row["path"]: _limits(row) for row in stage.get("throttles") or []}
    return {"apiId": stage["apiId"], "stage": stage["stage"], **({"throttle": throttles} if throttles else {})}


def _limits(row: Props) -> Props:
    return {"burstLimit": row["burstLimit"], "rateLimit": row["rateLimit"]}


def _read_stage(stage: Props) -> Props:
    throttles = [{"path": path, **limits} for path, limits in (stage.get("throttle") or {}).items()]
    return present(apiId=stage["apiId"], stage=stage["stage"], throttles=throttles or None)


def _without(stage: Props) -> Props:
    return {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}


def _with(stage: Props) -> list[Props]:
    name = f"{stage['apiId']}:{stage['stage']}"
    operations: list[Props] = [{"op": "add", "path": "/apiStages", "value": name}]
    for row in stage.get("throttles") or []:
        place, _, verb = row["path"].rpartition("/")
        path = f"/apiStages/{name}/throttle/{pointer(place)}/{verb}"
        operations += [replaced(f"{path}/{member}", value) for member, value in _limits(row).items()]
    return operations
