"""What the functions that keep projections are told by their deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from handlers.environment import Environment, SettingsError
from handlers.events.projections import PROJECTIONS

SIDES = ("a", "b")
"""A projection's two tables: one is read, the other rebuilt."""


@dataclass(frozen=True, kw_only=True)
class ProjectionSettings:
    """Where projections are kept."""

    tables: Mapping[str, Mapping[str, str]]
    """Projection → side (`a`, `b`) → name of the table. From `PROJECTION_TABLES`, as JSON."""

    pointers_table: str
    """Name of the table that says which side is read. From `POINTERS_TABLE`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(tables=_tables(environment), pointers_table=environment.text("POINTERS_TABLE"))


@dataclass(frozen=True, kw_only=True)
class ReplaySettings(ProjectionSettings):
    """The same, and what projections are rebuilt from."""

    events_table: str
    """Name of the event table. From `EVENTS_TABLE`."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Validate every variable; raises SettingsError for the first that is wrong."""
        environment = Environment(variables)
        return cls(
            tables=_tables(environment),
            pointers_table=environment.text("POINTERS_TABLE"),
            events_table=environment.text("EVENTS_TABLE"),
        )


def _tables(environment: Environment) -> dict[str, dict[str, str]]:
    text = environment.text("PROJECTION_TABLES")
    shape = 'give {"<projection>": {"a": "<table>", "b": "<table>"}} as JSON'
    try:
        tables = json.loads(text)
        names = [tables[projection][side] for projection in tables for side in SIDES]
    except (ValueError, KeyError, TypeError) as problem:
        raise SettingsError(f"PROJECTION_TABLES={text}: {shape}") from problem
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise SettingsError(f"PROJECTION_TABLES={text}: {shape}, each table once")
    if unknown := sorted(tables.keys() - PROJECTIONS.keys()):
        raise SettingsError(f"PROJECTION_TABLES={text}: there is no projection {', '.join(unknown)}")
    return tables
