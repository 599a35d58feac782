"""How the parts of one API are called."""

from __future__ import annotations

from dataclasses import dataclass

from ..pattern import Pattern


@dataclass(frozen=True)
class Scope:
    """An API inside a pattern: `name` begins the names of its parts; the API that a pattern is for has none."""

    owner: Pattern
    name: str

    @property
    def tree_name(self) -> str:
        """The API's own name in the tree."""
        return self.owner.tree_name(self.name) if self.name else self.owner.name

    @property
    def physical_name(self) -> str:
        """The API's own physical name."""
        return self.owner.physical("api", *([self.name] if self.name else []))

    def part(self, part: str) -> str:
        """A part's name within the pattern."""
        return f"{self.name}-{part}" if self.name else part

    def tree(self, part: str) -> str:
        """A part's name in the tree."""
        return self.owner.tree_name(self.part(part))

    def physical(self, part: str) -> str:
        """A part's physical name."""
        return self.owner.physical("api", self.part(part))
