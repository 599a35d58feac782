"""An account's own settings, which belong to no stack: two stacks that made them would take them from each other."""

from __future__ import annotations

import pulumi_aws as aws
from pulumi import ResourceOptions

from components.core.pattern import Pattern
from components.core.permissions import Permission
from components.core.role import Role

LOGGING = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"


class Account(Pattern):
    """What an account has once in a region."""

    api_logs: Role
    """The role by which API Gateway writes the logs of all APIs. AWS refuses stages that log while there is none."""

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("serviceful:index:Account", name, physical_name=None, opts=opts)
        self.api_logs = self._api_logs()
        self.publish()

    def _api_logs(self) -> Role:
        """AWS's page names the actions, and no log group: APIs to come have groups of their own."""
        logs = Permission(
            actions=(
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ),
            resources=("*",),
            page=LOGGING,
        )
        role = Role(
            self,
            "api-logs",
            service="apigateway.amazonaws.com",
            permissions=[logs],
            because="API Gateway writes the logs of every API of the account",
        )
        # AWS tries the role when it is named.
        aws.apigateway.Account(
            self.name,
            cloudwatch_role_arn=role.role.arn,
            opts=self.child(after=[role.policy], can_exist_twice=True),
        )
        return role
