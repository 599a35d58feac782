"""Where this machine's deployment lives: its folder, its port, its account."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
ACCOUNT = "000000000000"
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - the local AWS's public root credentials, accepted nowhere else
DEFAULT_PORT = 4747
MONOLITH_HOST = "monolith.localhost"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What two deployments on one machine must not share, and the cache that they may."""

    home: Path = REPO / ".serviceful"
    """State, logs and the pid file. From `SERVICEFUL_HOME`."""

    port: int = DEFAULT_PORT
    """Port of the local AWS on 127.0.0.1; the next one is the old shop's. From `SERVICEFUL_PORT`."""

    cache: Path = REPO / ".serviceful" / "cache"
    """Things named by their content: environments and bundles. From `SERVICEFUL_CACHE`, by default `home/cache`."""

    region: str = "us-east-1"
    account: str = ACCOUNT

    @property
    def monolith_port(self) -> int:
        """Port of the old shop on 127.0.0.1: the one above the local AWS's."""
        return self.port + 1

    @property
    def hosts(self) -> dict[str, str]:
        """Names outside AWS that the local AWS finds on this machine, with host and port, so that no plan depends on
        a port."""
        return {MONOLITH_HOST: f"127.0.0.1:{self.monolith_port}"}

    @property
    def endpoint(self) -> str:
        """The one address of the local AWS."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the three variables; raises ValueError for a port that is none."""
        home = Path(os.environ.get("SERVICEFUL_HOME") or REPO / ".serviceful").absolute()
        cache = Path(os.environ.get("SERVICEFUL_CACHE") or home / "cache").absolute()
        port = os.environ.get("SERVICEFUL_PORT") or str(DEFAULT_PORT)
        if not port.isdigit() or not 1024 <= int(port) <= 65534:
            raise ValueError(f"SERVICEFUL_PORT={port}: give a number from 1024 to 65534")
        return cls(home=home, port=int(port), cache=cache)

    def environment(self) -> dict[str, str]:
        """What an AWS client needs to reach the local AWS, as environment variables."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
