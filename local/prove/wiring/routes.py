"""What an API calls: the service or function behind a route, its authorizers, and the account's logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import API_ACCOUNT, REST_API, ROLE, STAGE
from policies.iam.evaluation import Request

from .aims import Call, aims
from .need import SAMPLE, Need, by_role, by_service, find, given, part

INTEGRATION: Final = "aws:apigateway/integration:Integration"
_AUTHORIZER: Final = "aws:apigateway/authorizer:Authorizer"
_GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
_ROLES: Final = _GUIDE + "permissions.html"
_FUNCTIONS: Final = _GUIDE + "api-gateway-control-access-using-iam-policies-to-invoke-api.html"
_LOGGING: Final = _GUIDE + "set-up-logging.html"
_LOGS: Final = (
    "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams logs:PutLogEvents "
    "logs:GetLogEvents logs:FilterLogEvents"
)

_FUNCTION: Final = re.compile(r"lambda:path/[\d-]+/functions/(arn:[^/]+)/invocations")
_ACTION: Final = re.compile(r":apigateway:[\w-]+:([\w.-]+):action/(\w+)")
_PATH: Final = re.compile(r":apigateway:[\w-]+:(sqs|s3):path/(.+)")
_PARAMETER: Final = re.compile(r'"(\w+)"\s*:\s*"([^"$]+)"')
_QUERIED: Final = re.compile(r"Action=(\w+)")
_OBJECT_METHODS: Final = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}


def needs(stack: Stack) -> Iterator[Need]:
    """Of all APIs of a stack, and of the account's setting where the stack has it."""
    for integration in stack.of(INTEGRATION):
        yield from _integration(integration, stack)
    for authorizer in stack.of(_AUTHORIZER):
        found = _FUNCTION.search(authorizer.known("authorizerUri") or "")
        if found:
            yield from _function(authorizer, found[1], authorizer.known("authorizerCredentials"), "authorizers", stack)
    for account in stack.of(API_ACCOUNT):
        yield from by_role(stack, account, account.known("cloudwatchRoleArn"), _LOGS, "*", page=_LOGGING)


def _integration(integration: Resource, stack: Stack) -> Iterator[Need]:
    if integration.known("type") not in ("AWS", "AWS_PROXY"):
        return
    uri, role = integration.known("uri"), integration.known("credentials")
    called = _FUNCTION.search(uri)
    if called:
        yield from _function(integration, called[1], role, integration.known("httpMethod"), stack)
        return
    for action, call in _calls(integration, uri, role or "", stack):
        for aim in aims(action, call):
            target = find(stack, aim.arn)
            yield Need(
                source=integration.key,
                target=target.key if target else aim.arn,
                request=Request(principal=role, action=action, resource=aim.arn, context=aim.sent),
                side="identity",
                page=_ROLES,
            )


def _calls(integration: Resource, uri: str, role: str, stack: Stack) -> Iterator[tuple[str, Call]]:
    """The action behind a route, and its parameters as the mapping template writes them."""
    if not stack.find(role, ROLE):
        return
    template = " ".join(given(integration, "requestTemplates").values())
    region = part(uri, 3)
    caller = f"arn:{part(uri, 1)}:apigateway:{region}:{part(role, 4)}:"
    found, path = _ACTION.search(uri), _PATH.search(uri)
    if found:
        names = {"cognito-idp": "cognito-idp", "monitoring": "cloudwatch"}
        written = dict(_PARAMETER.findall(template))
        entries = {"Entries": [written]} if found[2] == "PutEvents" else {}
        yield f"{names.get(found[1], found[1])}:{found[2]}", Call({**written, **entries}, caller, stack)
    elif path and path[1] == "sqs":
        queried = _QUERIED.search(template)
        url = f"https://sqs.{region}.amazonaws.com/{path[2]}"
        yield f"sqs:{queried[1] if queried else 'SendMessage'}", Call({"QueueUrl": url}, caller, stack)
    elif path:
        bucket, _, key = path[2].partition("/")
        action = _OBJECT_METHODS[integration.known("integrationHttpMethod")]
        yield action, Call({"Bucket": bucket, "Key": re.sub(r"\{\w+\}", SAMPLE, key)}, caller, stack)


def _function(caller: Resource, function: str, role: str | None, method: str, stack: Stack) -> Iterator[Need]:
    """A function by the route's role, or by the function's own policy for the API's method and path."""
    if role:
        yield from by_role(stack, caller, role, "lambda:InvokeFunction", function, page=_ROLES)
        return
    api = stack.named_by(caller, "restApi", REST_API)
    stages = [stage for stage in stack.of(STAGE) if api and stack.named_by(stage, "restApi", REST_API) is api]
    for stage in stages:
        executed = (
            f"{api.known('executionArn') if api else ''}/{stage.known('stageName')}/{method}{_path(caller, stack)}"
        )
        sent = {"aws:SourceArn": executed, "aws:SourceAccount": part(executed, 4)}
        yield from by_service(
            stack, caller, "apigateway.amazonaws.com", "lambda:InvokeFunction", function, sent=sent, page=_FUNCTIONS
        )


def _path(integration: Resource, stack: Stack) -> str:
    resource = stack.find(str(integration.known("resourceId")), "aws:apigateway/resource:Resource")
    return str(resource.known("path")) if resource else "/"
