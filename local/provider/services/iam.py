"""IAM: roles and their inline policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.documents import statements
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map

_GONE = ("NoSuchEntity", "NoSuchEntityException")


class Role(Resource):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""

    token = "aws:iam/role:Role"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """A trust policy names principals and no resource."""
        if given(inputs, "assumeRolePolicy"):
            for row in _statements(inputs["assumeRolePolicy"]):
                if "Principal" not in row and "NotPrincipal" not in row:
                    yield Failure("assumeRolePolicy", "each statement of a trust policy needs a Principal")
                if "Resource" in row:
                    yield Failure("assumeRolePolicy", "a trust policy has no Resource")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateRole."""
        aws.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Tags=tag_list(inputs.get("tags")),
            **present(
                Path=inputs.get("path"),
                Description=inputs.get("description"),
                MaxSessionDuration=inputs.get("maxSessionDuration"),
                PermissionsBoundary=inputs.get("permissionsBoundary"),
            ),
        )
        return inputs["name"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetRole answers the tags too."""
        role = find_role(aws, id_)
        if role is None:
            return None
        return {
            "name": role["RoleName"],
            "path": role["Path"],
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "assumeRolePolicy": document(role["AssumeRolePolicyDocument"]),
            "description": role.get("Description") or None,
            "maxSessionDuration": role.get("MaxSessionDuration"),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tag_map(role.get("Tags", [])),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """One call each for trust, description and session, boundary and tags."""
        iam = aws.client("iam")
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=id_, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            iam.update_role(
                RoleName=id_,
                Description=new.get("description") or "",
                MaxSessionDuration=new["maxSessionDuration"],
            )
        if "permissionsBoundary" in changed:
            if new.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=id_, PermissionsBoundary=new["permissionsBoundary"])
            else:
                iam.delete_role_permissions_boundary(RoleName=id_)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                iam.untag_role(RoleName=id_, TagKeys=removed)
            if added:
                iam.tag_role(RoleName=id_, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteRole; policies that are still there are removed first only if the program said so."""
        iam = aws.client("iam")
        try:
            if state.get("forceDetachPolicies"):
                for page in iam.get_paginator("list_role_policies").paginate(RoleName=id_):
                    for name in page["PolicyNames"]:
                        iam.delete_role_policy(RoleName=id_, PolicyName=name)
                for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=id_):
                    for policy in page["AttachedPolicies"]:
                        iam.detach_role_policy(RoleName=id_, PolicyArn=policy["PolicyArn"])
            iam.delete_role(RoleName=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


class RolePolicy(Resource):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html"""

    token = "aws:iam/rolePolicy:RolePolicy"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """An identity policy names resources and no principal."""
        if given(inputs, "policy"):
            for row in _statements(inputs["policy"]):
                if "Principal" in row or "NotPrincipal" in row:
                    yield Failure("policy", "a role's policy has no Principal")
                if "Resource" not in row and "NotResource" not in row:
                    yield Failure("policy", "each statement of a role's policy needs a Resource")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutRolePolicy."""
        aws.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetRolePolicy."""
        role, name = id_.split(":", 1)
        try:
            found = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {"role": role, "name": name, "policy": document(found["PolicyDocument"])}

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutRolePolicy replaces the document."""
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteRolePolicy."""
        role, name = id_.split(":", 1)
        try:
            aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def find_role(aws: Aws, name: str) -> dict[str, Any] | None:
    """GetRole, None without role."""
    try:
        return aws.client("iam").get_role(RoleName=name)["Role"]
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def document(answer: Any) -> str:
    """A policy as text: botocore parses it where AWS sends it URL-encoded."""
    return unquote(answer) if isinstance(answer, str) else json.dumps(answer)


def _statements(policy: str) -> list[dict[str, Any]]:
    return [row for row in statements(policy) if isinstance(row, dict)]
