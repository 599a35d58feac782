"""API Gateway: what an account has once in a region."""

from __future__ import annotations

from typing import Any

from local.provider.clients import Aws
from local.provider.resource import Props, Resource
from local.provider.services.apigateway_common import gateway
from local.settings import ACCOUNT


class Account(Resource):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html"""

    token = "aws:apigateway/account:Account"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """UpdateAccount: the settings are there always."""
        _set_role(aws, inputs["cloudwatchRoleArn"])
        return ACCOUNT

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetAccount; a role that was taken away is what deleting leaves."""
        account = gateway(aws).get_account()
        role = account.get("cloudwatchRoleArn", "")
        if state.get("cloudwatchRoleArn") and not role:
            return None
        limits = account["throttleSettings"]
        return {
            "cloudwatchRoleArn": role,
            "apiKeyVersion": account["apiKeyVersion"],
            "features": account["features"],
            "throttleSettings": [{"burstLimit": limits["burstLimit"], "rateLimit": limits["rateLimit"]}],
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateAccount."""
        _set_role(aws, new["cloudwatchRoleArn"])

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """UpdateAccount: nothing but the role can be taken away."""
        _set_role(aws, "")


def _set_role(aws: Aws, arn: str) -> None:
    operation: dict[str, Any] = {"op": "replace", "path": "/cloudwatchRoleArn", **({"value": arn} if arn else {})}
    gateway(aws).update_account(patchOperations=[operation])
