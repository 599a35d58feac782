"""Exceptions from rules: the stack's, for a time, in its configuration. What a pattern accepts is in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from .resources import Resource
from .types import canonical

if TYPE_CHECKING:
    from .rule import Rule

CONFIG_KEY: Final = "serviceful:policyExceptions"
"""Where the stack's configuration lists them, as `Pulumi.<stack>.yaml` or `pulumi config set --path` writes it."""

ABOUT_EXCEPTIONS: Final = ("exceptions", "exceptions-live")
"""Rules from which there is no exception: it would hide itself."""

_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]00:00:00\b.*)?")
"""A day; the CLI hands an unquoted one on as midnight of it."""


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class PolicyException:
    """One resource that need not meet one rule, until the end of a day."""

    rule: str
    resource: str
    """`type::name`, or a URN."""

    reason: str
    owner: str
    expires: date

    def is_about(self, resource: Resource) -> bool:
        """Whether it is of this resource."""
        return self.resource in (resource.key, resource.urn)


class Exceptions:
    """What a stack excepts, and what of it the rules have needed. One object sees one run."""

    def __init__(self, entries: Any, rules: Mapping[str, Rule], clock: Callable[[], date] = today) -> None:
        """Read `entries`, a list as the configuration holds it, or its JSON text; what can't be read is a problem."""
        self.rules = rules
        self.problems: list[str] = []
        self.today = clock()
        self.entries = tuple(self._read(entries))
        self._judged: set[PolicyException] = set()
        self._needed: set[PolicyException] = set()

    def excuse(self, rule: str, resource: Resource, *, violated: bool) -> bool:
        """Whether an exception in force lets `resource` not meet `rule`; notes whether it was needed."""
        if not self.entries:
            return False
        about = [each for each in self.entries if each.rule == rule and each.is_about(resource)]
        self._judged.update(about)
        in_force = [each for each in about if violated and self.days_left(each) >= 0]
        self._needed.update(in_force)
        return bool(in_force)

    def days_left(self, entry: PolicyException) -> int:
        """Days until its last one: 0 on that day, negative afterwards."""
        return (entry.expires - self.today).days

    def needed(self, entry: PolicyException) -> bool:
        """Whether its rule found something in its resource."""
        return entry in self._needed

    def judged(self, entry: PolicyException) -> bool:
        """Whether its rule has judged its resource in this run."""
        return entry in self._judged

    def _read(self, entries: Any) -> list[PolicyException]:
        if isinstance(entries, str):
            try:
                entries = json.loads(entries)
            except ValueError:
                entries = None
        if not isinstance(entries, list | tuple):
            self.problems.append(f"{CONFIG_KEY} is no list")
            return []
        found: list[PolicyException] = []
        for number, entry in enumerate(entries, 1):
            try:
                exception = _exception(entry)
                if any((exception.rule, exception.resource) == (each.rule, each.resource) for each in found):
                    raise ValueError(f"repeats the one from {exception.rule} for {exception.resource}")
                found.append(exception)
            except ValueError as error:
                self.problems.append(f"the exception {number} {error}")
        return found


NONE: Final = Exceptions((), {})
"""Of a stack that excepts nothing."""


def _exception(entry: Any) -> PolicyException:
    if not isinstance(entry, Mapping):
        raise ValueError("is no object")
    names = [field.name for field in fields(PolicyException)]
    if missing := [name for name in names if not _text(entry.get(name))]:
        raise ValueError(f"has no {', '.join(missing)}")
    if strange := sorted(entry.keys() - set(names)):
        raise ValueError(f"has {', '.join(strange)}, which means nothing")
    if entry["rule"] in ABOUT_EXCEPTIONS:
        raise ValueError(f"is from {entry['rule']}, which nothing hides")
    type_, separator, name = _text(entry["resource"]).partition("::")
    resource = entry["resource"] if type_.startswith("urn:") else f"{canonical(type_)}{separator}{name}"
    written = _DATE.fullmatch(_text(entry["expires"]))
    try:
        expires = date.fromisoformat(written[1] if written else "")
    except ValueError:
        raise ValueError(f"expires on {entry['expires']!r}, which is no date as 2027-01-31") from None
    return PolicyException(
        _text(entry["rule"]), resource.strip(), _text(entry["reason"]), _text(entry["owner"]), expires
    )


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | date) else ""
