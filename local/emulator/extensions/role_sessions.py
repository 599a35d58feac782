"""A session of any role, for whoever has this machine: `GET /_serviceful/session?role=ARN`.

On AWS a session comes from sts:AssumeRole, which the role's trust policy must allow
(https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html): the roles of functions, pipes and machines
trust a service alone, so nobody can ask IAM in their name. Here a proof can: calls that it signs with the session are
judged like those of the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from ministack.services import sts

from local.emulator import frame, principals
from local.emulator.frame import Server

NAME = "role_sessions"
_SESSION = "proof"


def install(server: Server) -> None:
    frame.require(NAME, sts, "register_session")
    server.routes["/_serviceful/session"] = _session


def _session(query: Mapping[str, list[str]]) -> dict[str, str]:
    return principals.new_session(query["role"][0], _SESSION)
