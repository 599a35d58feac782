"""An exercise: one behaviour of a deployed pattern, driven as its users do, that fails when a right is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from local.tour.guide import Guide


def nothing_to_prepare(guide: Guide) -> None:
    """What most exercises need first: nothing."""


def nothing_to_tidy(guide: Guide) -> None:
    """What most exercises leave behind: nothing that another one meets."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One behaviour whose outcome depends on every grant that it uses. Those of one pattern run one after another."""

    name: str
    """Pattern and behaviour: `posters.convert`."""

    needs: str
    """The stack's outputs, parted by spaces, without which what it drives is switched off."""

    run: Callable[[Guide], None]
    """Drives the pattern, with keys of its own. Raises TourError that says in one sentence which assertion broke."""

    prepare: Callable[[Guide], None] = nothing_to_prepare
    """Brings the stack to where the behaviour begins, while every right is there and nobody looks."""

    tidy: Callable[[Guide], None] = nothing_to_tidy
    """Puts back what a run that broke midway leaves: a claim, a poisoned message, a mode."""

    alone: bool = False
    """Whether other patterns' exercises would meet what this one does, as a room that holds everybody up."""

    def fits(self, outputs: Collection[str]) -> bool:
        """Whether a stack with these outputs has what it drives."""
        return all(one in outputs for one in self.needs.split())

    @property
    def pattern(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    def disturbs(self, other: Exercise) -> bool:
        """Whether the two can't run at the same time."""
        return self.alone or other.alone or self.pattern == other.pattern
