"""A resource that acts under a role of its own: a pipe, a schedule, a state machine, a rule's target.

Its calls go back through the server's own door, signed with a session of the role, so that IAM judges them like
anybody's.
"""

from __future__ import annotations

import contextvars
import json
import secrets
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from ministack.core import iam_evaluator, responses
from ministack.services import iam, sts

_SESSION_NAME_LENGTH = 64
_CONFIG = Config(
    inject_host_prefix=False,
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    max_pool_connections=32,
    read_timeout=300,
)

# One session reads the service models once, but isn't safe to make clients from several threads.
_session: Any = boto3.session.Session()
_lock = threading.Lock()
_keys: dict[Principal, dict[str, str]] = {}
_clients: dict[tuple[Principal, str], Any] = {}


@dataclass(frozen=True)
class Principal:
    """The resource `arn` in a session of the role `role_arn`, called after the resource."""

    role_arn: str
    arn: str

    def client(self, service: str, endpoint: str) -> Any:
        """A client that signs with the session; made once for each service."""
        keys = self._session_keys()
        with _lock:
            if (self, service) not in _clients:
                _clients[self, service] = _session.client(
                    service, endpoint_url=endpoint, region_name=self.region, config=_CONFIG, **keys
                )
            return _clients[self, service]

    def allowed(self, action: str, resource: str, **keys: Any) -> bool:
        """Whether the role may do `action` on `resource`: for what a service does without a call.

        `keys` are the condition keys of the service.
        """
        # A context of its own: the request being served is somebody else's, and so is its signature.
        return contextvars.Context().run(self._denial, action, resource, keys) is None

    @property
    def region(self) -> str:
        """The region that the resource lives in."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """The account that the resource belongs to."""
        return self.arn.split(":")[4]

    def _denial(self, action: str, resource: str, keys: dict[str, Any]) -> object | None:
        key, service = self._session_keys()["aws_access_key_id"], action.partition(":")[0]
        with responses.request_scope(self.account, self.region):
            return iam_evaluator.enforce(key, action, service, self.region, resource_arn=resource, service_context=keys)

    def _session_keys(self) -> dict[str, str]:
        with _lock:
            if self not in _keys:
                _keys[self] = self._new_session()
            return _keys[self]

    def _new_session(self) -> dict[str, str]:
        return new_session(self.role_arn, self.arn.rpartition(":")[-1].rpartition("/")[-1])


def new_session(role_arn: str, name: str) -> dict[str, str]:
    """The keys of a new session of the role, as a client takes them; a long name is cut."""
    role, name = role_arn.rpartition("/")[-1], name[:_SESSION_NAME_LENGTH]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32)
    session = {
        "Arn": f"arn:aws:sts::{role_arn.split(':')[4]}:assumed-role/{role}/{name}",
        "UserId": f"{role}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(key, session)
    return {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}


def assumable(role_arn: str, service: str, source_arn: str = "") -> bool:
    """Whether the role exists and trusts `service`, acting for the resource `source_arn` where the service says that.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    region, account = (source_arn or role_arn).split(":")[3:5]
    region = region or responses.get_region()  # a role is of none
    sent = {"aws:sourcearn": source_arn, "aws:sourceaccount": account} if source_arn else {}
    with responses.request_scope(account, region):
        role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn="*",
        region=region,
        secure_transport=True,
        service_context=sent,
    )
    written = role["AssumeRolePolicyDocument"]
    document = json.loads(written) if isinstance(written, str) else written
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    # A trust policy names no resource: it is the role's own.
    policy = {"Statement": [{**statement, "Resource": "*"} for statement in statements]}
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"
