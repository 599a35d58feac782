"""The role of an integration: calls that the gateway makes in its name."""

from __future__ import annotations

import contextvars
import hashlib
from dataclasses import dataclass

from botocore.credentials import Credentials
from ministack.core import iam_evaluator, responses
from ministack.services import sts

from local.emulator import principals

SERVICE = "apigateway.amazonaws.com"
_SESSION = "BackplaneAssumeRoleSession"


@dataclass(frozen=True)
class Role:
    """The role `arn`, used by the API `api_id`."""

    arn: str
    api_id: str

    def assumable(self) -> bool:
        """Whether the role exists and lets the gateway assume it.

        No condition key is documented for this call, so one in the trust policy is never met:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-aws-proxy.html
        """
        return principals.assumable(self.arn, SERVICE)

    def credentials(self) -> Credentials:
        """A session of the role; the same for every call of the API."""
        digest = hashlib.sha256(f"{self.api_id}:{self.arn}".encode()).hexdigest()
        key = f"ASIA{digest[:16].upper()}"
        secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
        token = hashlib.sha256(f"token:{digest}".encode()).hexdigest()
        name = self.arn.rsplit("/", 1)[-1]
        session = {
            "Arn": f"arn:aws:sts::{self._account}:assumed-role/{name}/{_SESSION}",
            "UserId": f"{name}:{_SESSION}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        }
        sts.register_session(key, session)
        return Credentials(key, secret, token)

    def allowed(self, action: str, resource: str, region: str) -> bool:
        """Whether IAM lets the role do `action`, for what the gateway does without a request."""
        # A context of its own: the request being served is somebody else's, and so is its signature.
        return contextvars.Context().run(self._judged, action, resource, region)

    @property
    def _account(self) -> str:
        return self.arn.split(":")[4]

    def _judged(self, action: str, resource: str, region: str) -> bool:
        key, service = self.credentials().access_key, action.partition(":")[0]
        with responses.request_scope(self._account, region):
            return iam_evaluator.enforce(key, action, service, region, resource_arn=resource) is None
