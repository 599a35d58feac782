"""An EventBridge connection: the credentials by which a state machine calls an API of somebody else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission

Secret = pulumi.Input[str]
_Parameters = aws.cloudwatch.EventConnectionAuthParametersArgs


@dataclass(frozen=True)
class ApiKeyHeader:
    """A key in a header."""

    header: str
    """The header's name, such as `x-api-key`."""

    value: Secret
    """From a secret of the stack's config: `pulumi.Config().require_secret(…)`."""


@dataclass(frozen=True)
class BasicAuth:
    """A name and a password."""

    username: str
    """The name."""

    password: Secret
    """From a secret of the stack's config."""


@dataclass(frozen=True)
class ClientCredentials:
    """A token by OAuth 2.0 client credentials, which EventBridge asks for and renews."""

    token_url: str
    """Where tokens are given, by https."""

    client_id: str
    """Who asks."""

    client_secret: Secret
    """From a secret of the stack's config."""

    scope: str = ""
    """What is asked for."""


Credentials = ApiKeyHeader | BasicAuth | ClientCredentials


class Connection:
    """EventBridge keeps the credentials in a secret of its own; Pulumi's state holds them encrypted.

    AWS makes the ids of both, so permissions name them as far as they are known:
    https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#connect-http-task-permissions
    """

    def __init__(self, owner: Pattern, name: str, credentials: Credentials) -> None:
        self._owner = owner
        self.physical_name = owner.physical("connection", name)
        kind, parameters = _parameters(credentials)
        self.connection = aws.cloudwatch.EventConnection(
            owner.tree_name(name),
            name=self.physical_name,
            authorization_type=kind,
            auth_parameters=parameters,
            opts=owner.child(),
        )

    def use(self) -> tuple[Permission, ...]:
        """Get the credentials for a call of an HTTP Task."""
        names = self._owner.names
        secret = names.arn("secretsmanager", f"secret:events!connection/{self.physical_name}/*")
        return (
            Permission(
                actions=("events:RetrieveConnectionCredentials",),
                resources=(names.arn("events", f"connection/{self.physical_name}/*"),),
            ),
            Permission(actions=("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), resources=(secret,)),
        )


def _parameters(credentials: Credentials) -> tuple[str, _Parameters]:
    match credentials:
        case ApiKeyHeader(header, value):
            key = aws.cloudwatch.EventConnectionAuthParametersApiKeyArgs(key=header, value=pulumi.Output.secret(value))
            return "API_KEY", _Parameters(api_key=key)
        case BasicAuth(username, password):
            basic = aws.cloudwatch.EventConnectionAuthParametersBasicArgs(
                username=username, password=pulumi.Output.secret(password)
            )
            return "BASIC", _Parameters(basic=basic)
        case ClientCredentials(token_url, client_id, client_secret, scope):
            client = aws.cloudwatch.EventConnectionAuthParametersOauthClientParametersArgs(
                client_id=client_id, client_secret=pulumi.Output.secret(client_secret)
            )
            form = [("grant_type", "client_credentials"), *([("scope", scope)] if scope else [])]
            bodies = [
                aws.cloudwatch.EventConnectionAuthParametersOauthOauthHttpParametersBodyArgs(key=key, value=value)
                for key, value in form
            ]
            oauth = aws.cloudwatch.EventConnectionAuthParametersOauthArgs(
                authorization_endpoint=token_url,
                http_method="POST",
                client_parameters=client,
                oauth_http_parameters=aws.cloudwatch.EventConnectionAuthParametersOauthOauthHttpParametersArgs(
                    bodies=bodies
                ),
            )
            return "OAUTH_CLIENT_CREDENTIALS", _Parameters(oauth=oauth)
