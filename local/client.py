"""Clients of the local AWS, as its root user."""

from __future__ import annotations

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local import key_value_stores
from local.settings import ACCESS_KEY, SECRET_KEY, Settings


def client(service: str, settings: Settings) -> Any:
    """A boto3 client of the local AWS that nothing in the environment can lead elsewhere."""
    profiles = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    session: Any = boto3.session.Session(botocore_session=botocore.session.Session(session_vars=profiles))
    made = session.client(
        service,
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(inject_host_prefix=False, proxies={}, signature_version=key_value_stores.signature(service)),
    )
    made.meta.events.register(key_value_stores.CALLS, key_value_stores.address(settings.endpoint))
    return made
