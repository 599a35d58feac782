"""A method without scopes takes ID tokens only.

On AWS a Cognito authorizer takes an ID token where the method names no scopes, and an access token with one of them
where it does (https://repost.aws/knowledge-center/api-gateway-cognito-401-unauthorized). The stock server takes access
tokens without looking at their scopes where a method names none: every client of the pool would be let in.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

from local.emulator import frame
from local.emulator.frame import Server

NAME = "api_user_pool_tokens"


def install(server: Server) -> None:
    parameters = "authorizer method_obj headers query_params stage"
    frame.replace(NAME, apigateway_v1, "_validate_cognito_authorizer", parameters, _by_use)


def _by_use(original: Any) -> Any:
    async def validate(authorizer: dict, method_obj: dict, *request: Any) -> Any:
        claims, refusal = await original(authorizer, method_obj, *request)
        if refusal is None and not method_obj.get("authorizationScopes") and claims.get("token_use") != "id":
            return None, apigateway_v1._GatewayError("UNAUTHORIZED", "Unauthorized")
        return claims, refusal

    return validate
