"""Connections keep what they authorize with in a secret, and never show it.

On AWS a connection's ARN ends with an id, its credentials are in the secret `events!connection/NAME/ID`, and
DescribeConnection leaves passwords, keys and secret values out
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html,
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeConnection.html).
The stock server keeps them in the connection, shows them to whoever may describe it, and has no secret.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ministack.core import responses
from ministack.services import eventbridge, secretsmanager

from local.emulator import frame
from local.emulator.frame import Server

NAME = "connections"
_Answer = tuple[int, dict[str, str], bytes]


def install(server: Server) -> None:
    frame.require(NAME, eventbridge, "_connections")
    for name in ("create_secret_in_process", "put_secret_value_in_process", "delete_secret_in_process"):
        frame.require(NAME, secretsmanager, name)
    frame.replace(NAME, eventbridge, "_create_connection", "data", _with_secret)
    frame.replace(NAME, eventbridge, "_update_connection", "data", _with_new_secret)
    frame.replace(NAME, eventbridge, "_delete_connection", "data", _without_secret)
    frame.replace(NAME, eventbridge, "_deauthorize_connection", "data", _without_credentials)


def find(arn: str) -> dict[str, Any] | None:
    """The connection with this ARN in the current account and region."""
    found = eventbridge._connections.get(arn.partition(":connection/")[2].partition("/")[0])
    return found if found and found["ConnectionArn"] == arn else None


def _with_secret(original: Any) -> Any:
    def create(data: dict[str, Any]) -> _Answer:
        problem = _problem(data)
        if problem:
            return responses.error_response_json("ValidationException", problem, 400)
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        connection = eventbridge._connections[data["Name"]]
        connection["ConnectionArn"] += f"/{uuid.uuid4()}"
        name = f"events!connection/{data['Name']}/{uuid.uuid4()}"
        connection["SecretArn"] = secretsmanager.create_secret_in_process(name, json.dumps(data["AuthParameters"]))
        connection["AuthParameters"] = shown(data["AuthParameters"])
        return responses.json_response({**json.loads(body), "ConnectionArn": connection["ConnectionArn"]})

    return create


def _with_new_secret(original: Any) -> Any:
    def update(data: dict[str, Any]) -> _Answer:
        answer = original(data)
        if answer[0] == 200 and "AuthParameters" in data:
            connection = eventbridge._connections[data["Name"]]
            secretsmanager.put_secret_value_in_process(connection["SecretArn"], json.dumps(data["AuthParameters"]))
            connection["AuthParameters"] = shown(data["AuthParameters"])
        return answer

    return update


def _without_secret(original: Any) -> Any:
    def delete(data: dict[str, Any]) -> _Answer:
        connection = eventbridge._connections.get(data.get("Name"))
        answer = original(data)
        if connection and "SecretArn" in connection:
            secretsmanager.delete_secret_in_process(connection["SecretArn"])
        return answer

    return delete


def _without_credentials(original: Any) -> Any:
    def deauthorize(data: dict[str, Any]) -> _Answer:
        answer = original(data)
        if answer[0] == 200:
            secretsmanager.put_secret_value_in_process(eventbridge._connections[data["Name"]]["SecretArn"], "{}")
        return answer

    return deauthorize


_NEEDED = {
    "API_KEY": ("ApiKeyAuthParameters", ("ApiKeyName", "ApiKeyValue")),
    "BASIC": ("BasicAuthParameters", ("Username", "Password")),
    "OAUTH_CLIENT_CREDENTIALS": ("OAuthParameters", ("AuthorizationEndpoint", "ClientParameters", "HttpMethod")),
}


def _problem(data: dict[str, Any]) -> str | None:
    """What is missing for the way in which the connection authorizes."""
    kind = data.get("AuthorizationType")
    if kind not in _NEEDED:
        return None  # The server refuses it itself.
    parameters = data.get("AuthParameters") or {}
    name, members = _NEEDED[kind]
    missing = [member for member in members if not (parameters.get(name) or {}).get(member)]
    return f"Parameter(s) {name}.{missing[0]} must be specified for {kind}." if missing else None


def shown(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters without what is secret."""
    found = json.loads(json.dumps(parameters))
    found.get("ApiKeyAuthParameters", {}).pop("ApiKeyValue", None)
    found.get("BasicAuthParameters", {}).pop("Password", None)
    found.get("OAuthParameters", {}).get("ClientParameters", {}).pop("ClientSecret", None)
    for group in (found.get("InvocationHttpParameters"), found.get("OAuthParameters", {}).get("OAuthHttpParameters")):
        for entries in (group or {}).values():
            for entry in entries:
                if entry.get("IsValueSecret"):
                    entry.pop("Value", None)
    return found
