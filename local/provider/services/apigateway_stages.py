"""API Gateway: deployments, the stages that serve them, and the settings of a stage's methods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.provider.check import Failure
from local.provider.clients import PARTITION, Aws
from local.provider.errors import RefusedError
from local.provider.resource import Props, Resource, given, present
from local.provider.services.apigateway_common import (
    arn,
    change_tags,
    entries,
    fields,
    found,
    gateway,
    methods,
    pointer,
    removed,
    replaced,
    slot,
    when,
)
from local.wire import UNKNOWN

_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]+")
_EVERY_METHOD = "*/*"
_SETTINGS = {
    "metricsEnabled": "metrics/enabled",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
}
_ANSWERED = (
    *_SETTINGS,
    "cachingEnabled",
    "cacheTtlInSeconds",
    "cacheDataEncrypted",
    "requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy",
)


class Deployment(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html"""

    token = "aws:apigateway/deployment:Deployment"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateDeployment; AWS refuses an API that isn't whole."""
        api = slot(inputs, "restApi")
        every = list(methods(aws, api["restApiId"]))
        if not every:
            raise RefusedError("The REST API doesn't contain any methods")
        bare = [f"{path}/{verb}" for path, verb, method in every if not method.get("methodIntegration")]
        if bare:
            raise RefusedError(f"No integration defined for method: {', '.join(sorted(bare))}")
        return gateway(aws).create_deployment(**api, description=inputs.get("description") or "")["id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetDeployment."""
        api = slot(state, "restApi")
        deployment = found(gateway(aws).get_deployment, **api, deploymentId=id_)
        if deployment is None:
            return None
        return {
            "restApi": api["restApiId"],
            "description": deployment.get("description") or None,
            "createdDate": when(deployment["createdDate"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateDeployment."""
        operations = [replaced("/description", new.get("description") or "")]
        gateway(aws).update_deployment(**slot(new, "restApi"), deploymentId=id_, patchOperations=operations)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteDeployment; AWS refuses while a stage serves it."""
        api = slot(state, "restApi")
        stages = (found(gateway(aws).get_stages, **api) or {}).get("item", [])
        if any(stage.get("deploymentId") == id_ for stage in stages):
            raise RefusedError("Active stages pointing to this deployment must be moved or deleted")
        removed(gateway(aws).delete_deployment, **api, deploymentId=id_)


class Stage(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html"""

    token = "aws:apigateway/stage:Stage"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The forms of variables and of the access log:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        for name, value in (inputs["variables"] if given(inputs, "variables") else {}).items():
            if not _VARIABLE_NAME.fullmatch(name) or (value is not UNKNOWN and not _VARIABLE.fullmatch(value)):
                yield Failure(
                    "variables", f"{name}: a name matches {_VARIABLE_NAME.pattern}, a value {_VARIABLE.pattern}"
                )
        logs = inputs.get("accessLogSettings")
        line = logs.get("format") if isinstance(logs, dict) else None
        if isinstance(line, str):
            if "$context.requestId" not in line and "$context.extendedRequestId" not in line:
                yield Failure("accessLogSettings.format", "an access log's format has at least $context.requestId")
            if "\n" in line.removesuffix("\n"):
                yield Failure("accessLogSettings.format", "an access log's format is a single line")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateStage; one that is there already is refused by AWS."""
        where = _stage(inputs)
        if found(gateway(aws).get_stage, **where):
            raise RefusedError("Stage already exists")
        _refuse_missing_deployment(aws, inputs)
        gateway(aws).create_stage(
            **where,
            deploymentId=inputs["deployment"],
            tracingEnabled=bool(inputs.get("xrayTracingEnabled")),
            variables=inputs.get("variables") or {},
            tags=inputs.get("tags") or {},
            description=inputs.get("description") or "",
        )
        return "ags-{restApiId}-{stageName}".format(**where)

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """The access log is a change of the stage."""
        if inputs.get("accessLogSettings"):
            gateway(aws).update_stage(**_stage(inputs), patchOperations=_log_operations(inputs))

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetStage."""
        where = _stage(state)
        stage = found(gateway(aws).get_stage, **where)
        if stage is None:
            return None
        api, name = where["restApiId"], where["stageName"]
        logs = stage.get("accessLogSettings") or {}
        return {
            "restApi": api,
            "stageName": name,
            "deployment": stage["deploymentId"],
            "description": stage.get("description") or None,
            "accessLogSettings": {"destinationArn": logs["destinationArn"], "format": logs.get("format")}
            if logs.get("destinationArn")
            else None,
            "variables": stage.get("variables") or None,
            "xrayTracingEnabled": stage.get("tracingEnabled", False),
            "cacheClusterEnabled": stage.get("cacheClusterEnabled", False),
            "tags": stage.get("tags") or {},
            "arn": arn(aws, f"restapis/{api}/stages/{name}"),
            "executionArn": f"arn:{PARTITION}:execute-api:{aws.region}:{aws.account}:{api}/{name}",
            "invokeUrl": f"https://{api}.execute-api.{aws.region}.amazonaws.com/{name}",
            "webAclArn": stage.get("webAclArn") or "",
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateStage."""
        where = _stage(new)
        if "deployment" in changed:
            _refuse_missing_deployment(aws, new)
        operations = fields(changed, new, {"deployment": "/deploymentId", "description": "/description"})
        operations += entries("/variables", old.get("variables"), new.get("variables"))
        if "xrayTracingEnabled" in changed:
            operations.append(replaced("/tracingEnabled", bool(new.get("xrayTracingEnabled"))))
        if "accessLogSettings" in changed:
            operations += _log_operations(new)
        if operations:
            gateway(aws).update_stage(**where, patchOperations=operations)
        change_tags(aws, arn(aws, f"restapis/{where['restApiId']}/stages/{where['stageName']}"), old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteStage."""
        removed(gateway(aws).delete_stage, **_stage(state))


class MethodSettings(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html"""

    token = "aws:apigateway/methodSettings:MethodSettings"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The two limits are one token bucket: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"""
        settings = inputs["settings"]
        if not isinstance(settings, dict):
            return
        limits = [settings.get(name) for name in ("throttlingBurstLimit", "throttlingRateLimit")]
        if UNKNOWN not in limits and limits.count(-1) == 1:
            yield Failure("settings", "throttlingBurstLimit and throttlingRateLimit come together")

    def create(self, aws: Aws, inputs: Props) -> str:
        """UpdateStage."""
        where, path = _stage(inputs), inputs["methodPath"]
        _refuse_missing_method(aws, where["restApiId"], path)
        _set(aws, where, path, inputs["settings"])
        return "{restApiId}-{stageName}-".format(**where) + path

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetStage, and the settings of this method."""
        where, path = _stage(state), state["methodPath"]
        stage = found(gateway(aws).get_stage, **where) or {}
        every = stage.get("methodSettings", {})
        settings = every.get(path) or every.get(_plain(path))
        if settings is None:
            return None
        return {
            "restApi": where["restApiId"],
            "stageName": where["stageName"],
            "methodPath": path,
            "settings": {name: settings.get(name) for name in _ANSWERED},
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateStage."""
        _set(aws, _stage(new), new["methodPath"], new["settings"])

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """UpdateStage; settings that are gone already are no error."""
        operation = {"op": "remove", "path": f"/{state['methodPath']}"}
        if self.read(aws, id_, state) is not None:
            gateway(aws).update_stage(**_stage(state), patchOperations=[operation])


def _stage(state: Props) -> Props:
    return {**slot(state, "restApi"), "stageName": state["stageName"]}


def _refuse_missing_deployment(aws: Aws, inputs: Props) -> None:
    deployment = inputs["deployment"]
    if found(gateway(aws).get_deployment, **slot(inputs, "restApi"), deploymentId=deployment) is None:
        raise RefusedError(f"Invalid Deployment identifier specified: {deployment}")


def _refuse_missing_method(aws: Aws, api: str, path: str) -> None:
    known = {f"{pointer(place.lstrip('/') or '/')}/{verb}" for place, verb, _ in methods(aws, api)}
    if path != _EVERY_METHOD and path not in known:
        raise RefusedError(f"Invalid method setting path: /{path}. Must be one of: {', '.join(sorted(known))} or */*")


def _log_operations(inputs: Props) -> list[Props]:
    logs = inputs.get("accessLogSettings")
    if not logs:
        return [{"op": "remove", "path": "/accessLogSettings"}]
    return [replaced(f"/accessLogSettings/{name}", logs[name]) for name in ("destinationArn", "format")]


def _set(aws: Aws, where: Props, path: str, settings: Props) -> None:
    given_ = present(**{name: settings.get(name) for name in _SETTINGS})
    operations = [replaced(f"/{path}/{_SETTINGS[name]}", value) for name, value in given_.items()]
    gateway(aws).update_stage(**where, patchOperations=operations)


def _plain(path: str) -> str:
    """The local AWS answers a method's path without its escapes."""
    place, _, verb = path.rpartition("/")
    return f"{place.replace('~1', '/').replace('~0', '~')}/{verb}"
