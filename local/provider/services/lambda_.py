"""Lambda: functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider import archives
from local.provider.check import Failure
from local.provider.clients import PARTITION, Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.grants import service_may_assume
from local.provider.resource import Props, Resource, present, tag_changes
from local.provider.services.iam import document, find_role
from local.wire import UNKNOWN, Archive

GONE = ("ResourceNotFoundException",)
_LATEST = "$LATEST"
_ENVIRONMENT_BYTES = 4096
_ZIP_BYTES = 50 * 1024 * 1024
"""Limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_CONFIGURATION = frozenset(
    {"description", "environment", "ephemeralStorage", "handler", "loggingConfig"}
    | {"memorySize", "role", "runtime", "timeout", "tracingConfig"}
)
_LOGGING = {
    "logFormat": "LogFormat",
    "applicationLogLevel": "ApplicationLogLevel",
    "systemLogLevel": "SystemLogLevel",
    "logGroup": "LogGroup",
}


class Function(Resource):
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""

    token = "aws:lambda/function:Function"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What a function of a zip needs."""
        for name in ("code", "handler", "runtime"):
            if inputs.get(name) is None:
                yield Failure(name, f"a function of a zip needs {name!r}")
        variables = (
            (inputs.get("environment") or {}).get("variables") if inputs.get("environment") is not UNKNOWN else {}
        )
        if isinstance(variables, dict):
            known = [(key, value) for key, value in variables.items() if isinstance(value, str)]
            if sum(len((key + value).encode()) for key, value in known) > _ENVIRONMENT_BYTES:
                yield Failure("environment.variables", f"the variables together exceed {_ENVIRONMENT_BYTES} bytes")
        logging = inputs.get("loggingConfig")
        if isinstance(logging, dict) and logging.get("logFormat") == "Text":
            for name in ("applicationLogLevel", "systemLogLevel"):
                if logging.get(name):
                    yield Failure(f"loggingConfig.{name}", "log levels need the log format JSON")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateFunction, once the role can be assumed."""
        _require_trust(aws, inputs["role"])
        aws.client("lambda").create_function(
            FunctionName=inputs["name"],
            Code={"ZipFile": _zip(aws, inputs["code"])},
            PackageType=inputs["packageType"],
            **present(Architectures=inputs.get("architectures"), Tags=inputs.get("tags")),
            **_configuration(inputs, _CONFIGURATION),
        )
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it is active; concurrency is a call of its own."""
        _wait(aws, id_)
        if (inputs.get("reservedConcurrentExecutions") or 0) >= 0 and "reservedConcurrentExecutions" in inputs:
            _reserve(aws, id_, inputs["reservedConcurrentExecutions"])

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetFunction answers configuration, tags and concurrency."""
        try:
            found = aws.client("lambda").get_function(FunctionName=id_)
        except ClientError as error:
            if is_missing(error, GONE):
                return None
            raise
        about, arn = found["Configuration"], found["Configuration"]["FunctionArn"]
        variables = about.get("Environment", {}).get("Variables")
        return {
            "name": about["FunctionName"],
            "arn": arn,
            "invokeArn": _invoke_arn(aws, arn, "2015-03-31", "invocations"),
            "responseStreamingInvokeArn": _invoke_arn(aws, arn, "2021-11-15", "response-streaming-invocations"),
            "qualifiedArn": f"{arn}:{_LATEST}",
            "qualifiedInvokeArn": _invoke_arn(aws, f"{arn}:{_LATEST}", "2015-03-31", "invocations"),
            "version": about.get("Version", _LATEST),
            "lastModified": about["LastModified"],
            "codeSha256": about["CodeSha256"],
            "sourceCodeSize": about["CodeSize"],
            "role": about["Role"],
            "runtime": about.get("Runtime"),
            "handler": about.get("Handler"),
            "packageType": about.get("PackageType", "Zip"),
            "architectures": about.get("Architectures") or ["x86_64"],
            "description": about.get("Description") or None,
            "memorySize": about["MemorySize"],
            "timeout": about["Timeout"],
            "environment": {"variables": variables} if variables else None,
            "ephemeralStorage": {"size": about.get("EphemeralStorage", {}).get("Size", 512)},
            "tracingConfig": {"mode": about.get("TracingConfig", {}).get("Mode", "PassThrough")},
            "loggingConfig": _logging(about),
            "reservedConcurrentExecutions": found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "publish": False,
            "tags": found.get("Tags", {}),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """Configuration before code, as upstream does, waiting for each: AWS takes one update at a time."""
        client = aws.client("lambda")
        if "role" in changed:
            _require_trust(aws, new["role"])
        if changed & _CONFIGURATION:
            client.update_function_configuration(FunctionName=id_, **_configuration(new, changed & _CONFIGURATION))
            _wait(aws, id_)
        if changed & {"code", "sourceCodeHash", "architectures"}:
            client.update_function_code(
                FunctionName=id_,
                ZipFile=_zip(aws, new["code"]),
                **present(Architectures=new.get("architectures")),
            )
            _wait(aws, id_)
        if "reservedConcurrentExecutions" in changed:
            _reserve(aws, id_, new["reservedConcurrentExecutions"])
        if "tags" in changed:
            arn = aws.arn("lambda", f"function:{id_}")
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(Resource=arn, TagKeys=removed)
            if added:
                client.tag_resource(Resource=arn, Tags=added)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteFunction, unless the program wants it kept."""
        if state.get("skipDestroy"):
            return
        try:
            aws.client("lambda").delete_function(FunctionName=id_)
        except ClientError as error:
            if not is_missing(error, GONE):
                raise


def timeout_of(aws: Aws, name: str) -> int:
    """Seconds that the function may run."""
    return aws.client("lambda").get_function_configuration(FunctionName=name)["Timeout"]


def _configuration(inputs: Props, names: frozenset[str] | set[str]) -> Props:
    """The parameters that CreateFunction and UpdateFunctionConfiguration share."""
    made: dict[str, tuple[str, Any]] = {
        "description": ("Description", inputs.get("description") or ""),
        "environment": ("Environment", {"Variables": (inputs.get("environment") or {}).get("variables") or {}}),
        "ephemeralStorage": ("EphemeralStorage", _member(inputs, "ephemeralStorage", "size", "Size")),
        "handler": ("Handler", inputs.get("handler")),
        "loggingConfig": ("LoggingConfig", _to_logging(inputs.get("loggingConfig"))),
        "memorySize": ("MemorySize", inputs.get("memorySize")),
        "role": ("Role", inputs["role"]),
        "runtime": ("Runtime", inputs.get("runtime")),
        "timeout": ("Timeout", inputs.get("timeout")),
        "tracingConfig": ("TracingConfig", _member(inputs, "tracingConfig", "mode", "Mode")),
    }
    return {key: value for name, (key, value) in made.items() if name in names and value is not None}


def _member(inputs: Props, name: str, member: str, key: str) -> Props | None:
    value = (inputs.get(name) or {}).get(member)
    return {key: value} if value is not None else None


def _to_logging(logging: Props | None) -> Props | None:
    return {key: logging[name] for name, key in _LOGGING.items() if logging.get(name)} if logging else None


def _logging(about: dict[str, Any]) -> Props:
    found = about.get("LoggingConfig") or {}
    read = {name: found[key] for name, key in _LOGGING.items() if found.get(key)}
    return {"logFormat": "Text", "logGroup": f"/aws/lambda/{about['FunctionName']}", **read}


def _zip(aws: Aws, code: Any) -> bytes:
    if not isinstance(code, Archive):
        raise RefusedError("the function's code is no archive")
    content = archives.content(code, aws.clients.root)
    if len(content) > _ZIP_BYTES:
        raise RefusedError(f"the bundle has {len(content)} bytes: AWS takes at most {_ZIP_BYTES} in a request")
    return content


def _require_trust(aws: Aws, arn: str) -> None:
    """AWS refuses a role that Lambda can't assume; the local AWS looks only whether the role is there."""
    role = find_role(aws, arn.rsplit("/", 1)[-1])
    if role is None or not service_may_assume(document(role["AssumeRolePolicyDocument"]), "lambda.amazonaws.com"):
        raise RefusedError(
            "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda: "
            f"the trust policy of {arn} must allow sts:AssumeRole to lambda.amazonaws.com"
        )


def _reserve(aws: Aws, name: str, executions: int) -> None:
    """A negative number stands for none reserved."""
    client = aws.client("lambda")
    if executions >= 0:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)
    else:
        client.delete_function_concurrency(FunctionName=name)


def _wait(aws: Aws, name: str) -> None:
    """Until the function is active and its last update done. Raises RefusedError if AWS gave up on it."""

    def done() -> bool:
        about = aws.client("lambda").get_function_configuration(FunctionName=name)
        if "Failed" in (about.get("State"), about.get("LastUpdateStatus")):
            raise RefusedError(
                f"the function {name} failed: {about.get('StateReason') or about.get('LastUpdateStatusReason')}"
            )
        return about.get("State", "Active") == "Active" and about.get("LastUpdateStatus", "Successful") == "Successful"

    aws.wait_until(done, f"the function {name}")


def _invoke_arn(aws: Aws, arn: str, version: str, action: str) -> str:
    return f"arn:{PARTITION}:apigateway:{aws.region}:lambda:path/{version}/functions/{arn}/{action}"
