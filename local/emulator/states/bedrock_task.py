"""The optimized integration of Bedrock's InvokeModel, which reads what is sent from S3 and writes the answer there.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
"""

from __future__ import annotations

import json
from typing import Any

from local.emulator.states.tasks import TaskError, Tasks

_OPTIONS = ("Accept", "ContentType", "GuardrailIdentifier", "GuardrailVersion", "Trace")


def invoke_model(tasks: Tasks, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call the model; returns its ContentType, and its Body or, with Output, the address where that was written."""
    if ("Body" in arguments) is ("Input" in arguments):
        raise TaskError("States.Runtime", "A call of a model needs either Body or Input.")
    body = json.dumps(arguments["Body"]) if "Body" in arguments else _read(tasks, arguments["Input"])
    options = {name: arguments[name] for name in _OPTIONS if name in arguments}
    options = {"ContentType": "application/json", "Accept": "application/json", **options}
    call = {"ModelId": arguments["ModelId"], "Body": body, **options}
    answer = tasks.call("bedrockruntime", "invokeModel", call, "Bedrock", optimized=True)
    if "Output" in arguments:
        where = _place(arguments["Output"])
        tasks.call("s3", "putObject", {**where, "Body": answer["Body"], "ContentType": answer["ContentType"]}, "S3")
        return {"Body": arguments["Output"]["S3Uri"], "ContentType": answer["ContentType"]}
    return {"Body": json.loads(answer["Body"]), "ContentType": answer["ContentType"]}


def _read(tasks: Tasks, source: dict[str, Any]) -> str:
    return tasks.call("s3", "getObject", _place(source), "S3")["Body"]


def _place(where: dict[str, Any]) -> dict[str, str]:
    bucket, _, key = str(where.get("S3Uri")).removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise TaskError("States.Runtime", f"An S3Uri is s3://BUCKET/KEY, not {json.dumps(where)}.")
    return {"Bucket": bucket, "Key": key}
