"""The rooms' signing keys, in Secrets Manager: made and changed at run time, seen by no program and no state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

CACHE_S = 30
"""How long a copy is used. A new key is valid for longer than that before it signs."""

MISSING = "ResourceNotFoundException"


class NoKeys(LookupError):
    """The room has no keys yet: the controller makes them when it first runs."""


@dataclass
class Secret:
    """One document for all rooms, read through a short-lived copy."""

    secrets: Any
    """A boto3 client of Secrets Manager."""

    name: str
    clock: Callable[[], float] = time.monotonic
    _copy: dict[str, Any] = field(default_factory=dict)
    _read_at: float = -CACHE_S

    def rooms(self) -> dict[str, Any]:
        """Room → its keys, at most `CACHE_S` old."""
        if not self._copy or self.clock() - self._read_at >= CACHE_S:
            self._copy, self._read_at = self.read(), self.clock()
        return self._copy

    def read(self) -> dict[str, Any]:
        """The document as it is now; empty before there is one."""
        try:
            value = self.secrets.get_secret_value(SecretId=self.name)["SecretString"]
        except ClientError as error:
            if error.response["Error"]["Code"] != MISSING:
                raise
            return {}
        return json.loads(value)

    def write(self, rooms: dict[str, Any]) -> None:
        """Make `rooms` the document."""
        self.secrets.put_secret_value(SecretId=self.name, SecretString=json.dumps(rooms))
        self._copy, self._read_at = rooms, self.clock()
