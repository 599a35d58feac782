"""A program that calls the API with a token of the user pool, as a shop's backend does."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import urllib3

from local import browse
from local.tour.guide import Guide


def token(guide: Guide, scope: str) -> str:
    """By client credentials: https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html"""
    pool, program = guide.outputs["api_user_pool"], guide.outputs["api_client"]
    described = guide.aws("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=program)
    answer = browse.CONNECTIONS.request(
        "POST",
        f"{guide.settings.endpoint}/oauth2/token",
        body=urlencode({"grant_type": "client_credentials", "scope": scope}),
        headers={
            **urllib3.make_headers(basic_auth=f"{program}:{described['UserPoolClient']['ClientSecret']}"),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    guide.expect(answer.status == 200, f"the user pool gives no token but {answer.status}")
    return answer.json()["access_token"]


def purchase(title: str, amount_minor: int) -> dict[str, Any]:
    """An event as the shop writes it: money in the currency's smallest unit."""
    return {
        "id": str(uuid.uuid4()),
        "type": "purchase.completed",
        "version": 2,
        "aggregate": f"order-{uuid.uuid4()}",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "payload": {"title": title, "amount_minor": amount_minor, "currency": "JPY"},
    }
