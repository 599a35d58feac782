"""People: a stack makes none, nor anything by which somebody could act without a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..framework.resources import Resource
from ..framework.rule import Context, Scope, Severity, resources, rule
from ..framework.types import ROLE
from .roles import trust

_MAKES: Final = {
    "aws:iam/accessKey:AccessKey": "is a key that works until somebody deletes it",
    "aws:iam/groupMembership:GroupMembership": "adds to a group, whose grants stand in no ledger",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "is a password that works until somebody deletes it",
    "aws:iam/sshKey:SshKey": "is a key of a user",
    "aws:iam/user:User": "is a user",
    "aws:iam/userGroupMembership:UserGroupMembership": "joins groups, whose grants stand in no ledger",
    "aws:iam/userLoginProfile:UserLoginProfile": "is a password for the console",
}
"""Type → what is wrong with one."""


@rule(
    "iam-no-users",
    "A stack makes no users, and no credentials that last",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(*_MAKES),
    judges={"aws:iam/accessKey:AccessKey": ("user",)},
    why="A key that is copied works for years, from anywhere; a user in a group has grants that no policy of the stack "
    "shows.",
    fix="Let what runs have a role; people and partners come by the account's identity provider",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-users-federation-idp",
    same_as=("checkov CKV_AWS_273", "prowler iam_user_with_temporary_credentials"),
    frameworks=("SEC02-BP02", "SEC02-BP04"),
    passes={f"{ROLE} worker": {"name": "worker", "assumeRolePolicy": trust("lambda.amazonaws.com")}},
    fails={"aws:iam/accessKey:AccessKey partner": {"user": "partner"}},
)
def no_users(resource: Resource, _: Context) -> Iterator[str]:
    """Judge by what the resource is: nothing in it makes it better, and nothing unknown makes it worse."""
    yield _MAKES[resource.type]
