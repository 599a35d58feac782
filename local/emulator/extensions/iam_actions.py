"""Calls are judged under the actions that IAM has.

On AWS the batch calls of SQS and SNS need the action of the single call, Converse needs InvokeModel
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html, list_amazonsns.html and
list_amazonbedrock.html beside it), and writing an object with If-Match needs s3:GetObject, too
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
The stock server asks for actions named like the calls, which no policy can grant, and for PutObject alone.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

from local.emulator import frame
from local.emulator.frame import Server

NAME = "iam_actions"

ALIASES = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}


def install(server: Server) -> None:
    call = "service method path headers body query_params"
    frame.replace(NAME, iam_actions, "extract_iam_action", call, _with_aliases)
    frame.replace(NAME, iam_actions, "s3_additional_checks", "method path headers body query_params", _with_if_match)


def _with_aliases(original: Any) -> Any:
    def extract_iam_action(*call: Any, **named: Any) -> str | None:
        action = original(*call, **named)
        return ALIASES.get(action, action)

    return extract_iam_action


def _with_if_match(original: Any) -> Any:
    def s3_additional_checks(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> list:
        checks = list(original(method, path, headers, body, query_params))
        key = path.lstrip("/")
        if method in ("PUT", "POST") and "if-match" in headers and "/" in key:
            checks.append(("s3:GetObject", f"arn:aws:s3:::{key}"))
        return checks

    return s3_additional_checks
