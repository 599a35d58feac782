"""Clients that can reach the local AWS and nothing else."""

from __future__ import annotations

import ipaddress
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import grpc
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import key_value_stores
from local.provider import strict
from local.provider.errors import ProviderError, RefusedError, explain
from local.settings import ACCESS_KEY, ACCOUNT, SECRET_KEY

PARTITION = "aws"
_NO_FILE: tuple[None, None, str, None] = (None, None, os.devnull, None)
_NOTHING: tuple[None, None, None, None] = (None, None, None, None)
_AMBIENT = {"profile": _NOTHING, "config_file": _NO_FILE, "credentials_file": _NO_FILE, "ca_bundle": _NOTHING}
"""Settings that a developer's machine may have for real accounts. Here none is read."""


def loopback(endpoint: str) -> str:
    """The endpoint without a trailing slash. Raises RefusedError unless it is `http://<loopback address>:<port>`."""
    parts = urlsplit(endpoint)
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not plain or not _is_loopback(parts.hostname or ""):
        raise RefusedError(
            f"the endpoint {endpoint!r} is not on this machine: this provider speaks to the local AWS only. "
            "Start it and set AWS_ENDPOINT_URL to its address"
        )
    return endpoint.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Clients:
    """Clients for one endpoint, made once each and shared by threads."""

    def __init__(self, endpoint: str, region: str, root: Path | None = None) -> None:
        self.endpoint = loopback(endpoint)
        self.region = region
        self.root = root or Path.cwd()
        """Where relative paths of archives start."""
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}
        core = botocore.session.Session(session_vars=_AMBIENT)
        strict.hold(core.get_component("event_emitter"))
        core.register(key_value_stores.CALLS, key_value_stores.address(self.endpoint))
        core.register("before-send", self._stay_here)
        self._session = core

    def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service in a region, the provider's own if none is given."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._session.create_client(
                    service,
                    endpoint_url=self.endpoint,
                    region_name=key[1],
                    aws_access_key_id=ACCESS_KEY,
                    aws_secret_access_key=SECRET_KEY,
                    config=Config(
                        inject_host_prefix=False,
                        signature_version=key_value_stores.signature(service),
                        s3={"addressing_style": "path"},
                        retries={"mode": "standard", "total_max_attempts": 3},
                        max_pool_connections=32,
                        connect_timeout=5,
                        read_timeout=60,
                        proxies={},
                    ),
                )
            return self._made[key]

    def verify_account(self) -> None:
        """Raise ProviderError unless the local account answers."""
        try:
            account = self.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            raise ProviderError(
                grpc.StatusCode.UNAVAILABLE,
                f"no local AWS answers at {self.endpoint} ({explain(error)}): start it with `make start`",
            ) from error
        if account != ACCOUNT:
            raise RefusedError(f"{self.endpoint} answers as account {account}: only the local {ACCOUNT} is accepted")

    def _stay_here(self, **sent: Any) -> None:
        """Last guard: some operations take their address from a parameter (a queue's URL) or from a redirect."""
        request: AWSPreparedRequest = sent["request"]
        if not request.url.startswith(self.endpoint + "/"):
            raise RefusedError(
                f"a request to {urlsplit(request.url).netloc} was stopped: only {self.endpoint} is spoken to"
            )


@dataclass(frozen=True, kw_only=True)
class Aws:
    """What an operation on one resource gets: the clients of its region, and how long it may wait."""

    clients: Clients
    region: str
    deadline: float = field(default_factory=lambda: time.monotonic() + 600)
    """On the monotonic clock, in seconds."""
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def account(self) -> str:
        """The local account; the provider is bound to it."""
        return ACCOUNT

    def client(self, service: str) -> Any:
        """The client of a service in this resource's region."""
        return self.clients.client(service, self.region)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account in this region."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        """Ask again until `done`. Raises ProviderError when time is up or the engine cancels."""
        pause = 0.02
        while not done():
            if time.monotonic() > self.deadline:
                raise ProviderError(grpc.StatusCode.DEADLINE_EXCEEDED, f"gave up waiting for {what}")
            if self.cancelled.wait(pause):
                raise ProviderError(grpc.StatusCode.CANCELLED, f"cancelled while waiting for {what}")
            pause = min(pause * 2, 2.0)
