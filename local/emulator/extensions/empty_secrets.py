"""A secret that is made without a value has none.

On AWS CreateSecret makes a version only of a value that it is given, and GetSecretValue answers
ResourceNotFoundException until there is one
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html). The stock server makes an empty
version, which GetSecretValue answers without any value.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import secretsmanager

from local.emulator import frame
from local.emulator.frame import Server

NAME = "empty_secrets"


def install(server: Server) -> None:
    frame.require(NAME, secretsmanager, "_secrets")
    frame.replace(NAME, secretsmanager, "_create_secret", "data", _without_version)


def _without_version(original: Any) -> Any:
    def create(data: dict[str, Any]) -> Any:
        status, headers, body = original(data)
        if status != 200 or "SecretString" in data or "SecretBinary" in data:
            return status, headers, body
        made = json.loads(body)
        secretsmanager._secrets[made["Name"]]["Versions"].clear()
        made.pop("VersionId")
        return status, headers, json.dumps(made).encode()

    return create
