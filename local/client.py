"""Clients of the local AWS, as its root user."""

from __future__ import annotations

from typing import Any

import boto3

from local.settings import ACCESS_KEY, SECRET_KEY, Settings


def client(service: str, settings: Settings) -> Any:
    """A boto3 client of the local AWS that nothing in the environment can lead elsewhere."""
    session: Any = boto3.session.Session()  # its own, so that profiles and default sessions don't matter
    return session.client(
        service,
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
