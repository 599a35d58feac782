"""Roles that a service must be able to assume: AWS looks when it is given one, the local AWS doesn't."""

from __future__ import annotations

from local.provider.clients import Aws
from local.provider.errors import RefusedError
from local.provider.grants import service_may_assume
from local.provider.services.iam import document, find_role


def require_trust(aws: Aws, arn: str, service: str) -> None:
    """Raise RefusedError unless the role is there and its trust policy names `service`, such as `pipes`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-service-role.html
    """
    principal = f"{service}.amazonaws.com"
    role = find_role(aws, arn.rsplit("/", 1)[-1])
    if role is None or role["Arn"] != arn:
        raise RefusedError(f"ValidationException: there is no role {arn}")
    if not service_may_assume(document(role["AssumeRolePolicyDocument"]), principal):
        raise RefusedError(
            f"ValidationException: {principal} can't assume the role {arn}: "
            f"its trust policy must allow sts:AssumeRole to {principal}"
        )
