"""The environment variables of a function: what Lambda's runtime gives, and no more.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "TZ",
    }
)
"""Names that a function can't give to its own variables."""

LAMBDA_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin"


def variables(
    config: dict[str, Any], code: Path, layers: Sequence[Path], credentials: dict[str, str], endpoint: str
) -> dict[str, str]:
    """All variables of one process of the function that `config` describes.

    Beyond Lambda's own there are three: the address of the local AWS, that hosts in it have no prefixes, and a HOME
    that isn't there (without it Python would find the home of the user who runs the server, and boto3 its settings).
    """
    region = config["FunctionArn"].split(":")[3]
    name, version = config["FunctionName"], config.get("Version", "$LATEST")
    logging = config.get("LoggingConfig") or {}
    own = (config.get("Environment") or {}).get("Variables") or {}
    runtime = {
        "_HANDLER": config["Handler"],
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": _log_stream(version),
        "LAMBDA_TASK_ROOT": str(code),
        "TZ": ":UTC",
        **credentials,
    }
    if logging.get("LogFormat") == "JSON":
        runtime["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        runtime["AWS_LAMBDA_LOG_LEVEL"] = logging.get("ApplicationLogLevel") or "INFO"
    defaults = {
        "LANG": "en_US.UTF-8",
        "PATH": LAMBDA_PATH,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "HOME": str(code / "no-home"),
    }
    merged = {**defaults, **own, **runtime}
    found_by_python = [merged.get("PYTHONPATH", ""), *(str(layer / "python") for layer in layers)]
    merged["PYTHONPATH"] = ":".join([str(code), *filter(None, found_by_python)])
    return merged


def _log_stream(version: str) -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y/%m/%d}/[{version}]{secrets.token_hex(16)}"
