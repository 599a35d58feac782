"""Access tokens of programs, by the client credentials of a user pool."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from local.settings import Settings
from tests.local.door import Door
from tests.local.emulation import unique


def client_of(aws: Callable[..., Any], pool: str, scope: str, **more: Any) -> str:
    """A new client of the pool that may ask for `scope`; returns its id."""
    client = aws("cognito-idp").create_user_pool_client(
        UserPoolId=pool,
        ClientName=unique("client"),
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[scope],
        **more,
    )
    return client["UserPoolClient"]["ClientId"]


def token_of(settings: Settings, aws: Callable[..., Any], pool: str, client: str, scope: str) -> str:
    """An access token of the client, by the pool's token endpoint."""
    known = aws("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
    basic = base64.b64encode(f"{client}:{known['ClientSecret']}".encode()).decode()
    answer = Door(settings.endpoint, settings).call(
        "POST",
        "/oauth2/token",
        fields={"grant_type": "client_credentials", "scope": scope},
        encode_multipart=False,
        headers={"Authorization": f"Basic {basic}"},
    )
    return answer.json()["access_token"]
