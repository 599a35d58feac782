"""A Cognito user pool whose clients are programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pulumi_aws as aws

from .pattern import Pattern


class UserPool:
    """A pool with a resource server for each part before the slash of `scopes`, and one client that may ask for them.

    The client authenticates by a secret that AWS makes (client credentials):
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html
    """

    def __init__(self, owner: Pattern, name: str, *, scopes: Sequence[str]) -> None:
        tree_name = owner.tree_name(name)
        physical_name = owner.physical("user-pool", name)
        self.pool = aws.cognito.UserPool(
            tree_name,
            name=physical_name,
            admin_create_user_config=aws.cognito.UserPoolAdminCreateUserConfigArgs(allow_admin_create_user_only=True),
            deletion_protection="ACTIVE" if owner.settings.protect_data else "INACTIVE",
            tags=owner.tags,
            opts=owner.child(holds_data=True, can_exist_twice=True),
        )
        owner.may_lose(f"aws:cognito/userPool:UserPool::{tree_name}")
        servers = [
            aws.cognito.ResourceServer(
                f"{tree_name}-{server}",
                user_pool_id=self.pool.id,
                identifier=server,
                name=server,
                scopes=[
                    aws.cognito.ResourceServerScopeArgs(scope_name=scope.split("/")[1], scope_description=scope)
                    for scope in group
                ],
                opts=owner.child(),
            )
            for server, group in groupby(sorted(scopes), key=lambda scope: scope.split("/", maxsplit=1)[0])
        ]
        self.domain = aws.cognito.UserPoolDomain(
            tree_name,
            domain=owner.names.physical("user-pool-domain", physical_name, owner.names.account),
            user_pool_id=self.pool.id,
            opts=owner.child(),
        )
        self.client = aws.cognito.UserPoolClient(
            tree_name,
            name=physical_name,
            user_pool_id=self.pool.id,
            generate_secret=True,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["client_credentials"],
            allowed_oauth_scopes=list(scopes),
            opts=owner.child(after=servers, can_exist_twice=True),
        )
