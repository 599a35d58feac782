"""A decision of IAM, as the local AWS keeps it and tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_ASSUMED = ":assumed-role/"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One answer of IAM, or of a resource's policy."""

    n: int
    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str
    time: float
    keys: Mapping[str, str | list[str]] = field(default_factory=dict)
    """The condition keys of the service, lower case, as far as the request had them."""

    @property
    def role(self) -> str:
        """The name of the role that asked; empty for users and for services of their own."""
        _, assumed, session = self.principal.partition(_ASSUMED)
        return session.split("/")[0] if assumed else ""
