"""What a row of the table of integrations says."""

from __future__ import annotations

from dataclasses import dataclass

from .calls import Targets


@dataclass(frozen=True)
class Need:
    """Actions on what the call's parameters name."""

    actions: tuple[str, ...]
    on: Targets
    also: tuple[str, ...] = ()
    """Actions that a permission given for the state may hold besides."""

    sure: bool = True
    """Whether the actions are needed whatever the parameters hold, so that a given permission must have them."""

    page: str = ""
    """AWS's page, where nothing local can show the need."""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """One integration: what it needs, and AWS's page."""

    needs: tuple[Need, ...]
    page: str
    patterns: tuple[str, ...] = ()
    """Patterns that it knows beside request and response."""

    job: tuple[Need, ...] = ()
    """What waiting for its job needs besides."""

    refused: tuple[str, ...] = ()
    """Parameters that would need more, and that no pattern uses."""


def need(action: str, on_: Targets, *, also: str = "", sure: bool = True, page: str = "") -> Need:
    """One action, or several with spaces between."""
    return Need(tuple(action.split()), on_, tuple(also.split()), sure, page)


def row(*needs: Need, page: str, patterns: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Integration:
    """A row of calls that are over with their answer, unless they hand a token on."""
    return Integration(needs=needs, page=page, patterns=patterns, refused=refused)
