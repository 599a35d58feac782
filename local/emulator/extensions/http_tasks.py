"""HTTP Tasks call an API with what a connection authorizes, if the machine's role may use all of it.

On AWS the role needs states:InvokeHTTPEndpoint on the machine, with the condition keys states:HTTPEndpoint and
states:HTTPMethod, events:RetrieveConnectionCredentials on the connection, and to describe and read its secret
(https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#connect-http-task-permissions). An OAuth
token is fetched once and anew after 401 and 407
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html).
The stock server has no HTTP Tasks.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import eventbridge, stepfunctions

from local.emulator import frame
from local.emulator.extensions import connections, state_tasks
from local.emulator.frame import Server
from local.emulator.states import http_call
from local.emulator.states.http_call import Connection
from local.emulator.states.tasks import TaskError, Tasks

NAME = "http_tasks"
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
_REFRESH = (401, 407)

_lock = threading.Lock()
_tokens: dict[str, str] = {}
"""OAuth tokens by the version of the secret that they were fetched with."""


def install(server: Server) -> None:
    frame.require(NAME, eventbridge, "_fetch_oauth_token")
    stepfunctions._SERVICE_DISPATCH["arn:aws:states:::http:invoke"] = lambda resource, arguments: _invoke(arguments)


def _invoke(arguments: dict[str, Any]) -> Any:
    tasks = state_tasks.current()
    endpoint, method = http_call.endpoint_of(arguments), arguments.get("Method")
    if method not in _METHODS:
        raise TaskError("States.Runtime", f"Method is one of {', '.join(_METHODS)}, not {json.dumps(method)}.")
    asked = {"states:HTTPEndpoint": endpoint, "states:HTTPMethod": method}
    if not tasks.principal.allowed("states:InvokeHTTPEndpoint", tasks.principal.arn, **asked):
        message = f"The role is not authorized to perform: states:InvokeHTTPEndpoint with {json.dumps(asked)}."
        raise TaskError("States.Permissions", message)
    connection, version = _connection(tasks, arguments)
    region = tasks.principal.region
    answer = http_call.send(arguments, connection, _token(connection, version), region)
    if answer.status in _REFRESH and "OAuthParameters" in connection.parameters:
        answer = http_call.send(arguments, connection, _token(connection, version, anew=True), region)
    return answer.result()


def _connection(tasks: Tasks, arguments: dict[str, Any]) -> tuple[Connection, str]:
    """The connection that the task names, and the version of its secret."""
    named = arguments.get("InvocationConfig") or arguments.get("Authentication") or {}
    arn = named.get("ConnectionArn") or ""
    found = connections.find(arn)
    if found is None:
        raise TaskError("Events.ConnectionResource.ResourceNotFound", f"There is no connection {arn}.")
    if found["ConnectionState"] != "AUTHORIZED":
        message = f"The connection {arn} is {found['ConnectionState']}."
        raise TaskError("Events.ConnectionResource.InvalidConnectionState", message)
    if not tasks.principal.allowed("events:RetrieveConnectionCredentials", arn):
        raise _denied(f"events:RetrieveConnectionCredentials on resource: {arn}")
    secrets = tasks.client("secretsmanager")
    try:
        secrets.describe_secret(SecretId=found["SecretArn"])
        secret = secrets.get_secret_value(SecretId=found["SecretArn"])
    except ClientError as error:
        raise _denied(str(error)) from None
    return Connection(json.loads(secret["SecretString"])), secret["VersionId"]


def _token(connection: Connection, version: str, *, anew: bool = False) -> str:
    """The Authorization header of an OAuth connection; empty for others."""
    parameters = connection.parameters.get("OAuthParameters")
    if not parameters:
        return ""
    with _lock:
        if anew or version not in _tokens:
            try:
                fetched = eventbridge._fetch_oauth_token(parameters)
            except (OSError, ValueError) as error:
                message = f"No token from {parameters['AuthorizationEndpoint']}: {error}"
                raise TaskError("Events.ConnectionResource.InvalidConnectionState", message) from None
            _tokens[version] = f"{fetched['type']} {fetched['token']}"
        return _tokens[version]


def _denied(what: str) -> TaskError:
    message = f"The role is not authorized to use the connection: {what}"
    return TaskError("Events.ConnectionResource.AccessDenied", message)
