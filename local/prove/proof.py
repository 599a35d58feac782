"""What came of the proof; a finding is what must not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local.prove import flows
from local.prove.evidence import Evidence
from local.prove.offline import Everything
from local.prove.probes import Answer
from local.prove.removals import Removal
from local.prove.rights import Right
from local.prove.runs import Run, Usage
from local.prove.widenings import Sighting


@dataclass(kw_only=True)
class Proof:
    """What each step found."""

    rights: Mapping[Evidence, Sequence[Right]]
    usage: Usage = field(default_factory=Usage)
    removals: Mapping[Right, Removal] = field(default_factory=dict)
    after: Usage = field(default_factory=Usage)
    """The exercises once more, with everything put back."""
    answers: Sequence[Answer] = ()
    """What IAM said to calls outside the grants."""
    flows: flows.Proof
    """What the resources need, held against all documents, offline."""
    everything: Everything = field(default_factory=Everything)
    """What the documents allow of all that AWS knows, offline."""
    sightings: Sequence[Sighting] = ()
    """Who reported what was planted."""
    changed: Sequence[str] = ()
    """Roles whose documents aren't what they were before the proof."""
    sampled: bool = False
    """Whether only a part was asked for."""
    stack: str = ""
    made: str = ""
    """When the proof was made, in UTC."""
    seconds: float = 0.0

    @property
    def unused(self) -> list[Right]:
        """Rights that the local AWS asks for and nobody ever used."""
        return self.usage.unused(self.rights[Evidence.RUN])

    @property
    def unbreakable(self) -> list[Removal]:
        """Rights that were used, and whose loss nobody noticed."""
        return [removal for removal in self.removals.values() if not removal.proves]

    @property
    def failures(self) -> list[Run]:
        """Exercises that failed while every right was there."""
        return [*self.usage.failures, *self.after.failures]

    @property
    def outside_allowed(self) -> list[Answer]:
        """Calls outside the grants that IAM didn't refuse."""
        return [answer for answer in self.answers if not answer.denied]

    @property
    def unreported(self) -> list[Sighting]:
        """What was planted, and nobody saw it."""
        return [sighting for sighting in self.sightings if not sighting.reports]

    @property
    def unproven(self) -> list[Right]:
        """Rights that the local AWS doesn't ask for and no flow needs."""
        return [
            right
            for right in self.rights[Evidence.EVALUATOR]
            if not self.flows.proving(right.role, right.action, right.resource)
        ]

    @property
    def holds(self) -> bool:
        """Whether every right is needed, and nothing more is granted."""
        return not any(
            (
                self.unused,
                self.unbreakable,
                self.failures,
                self.usage.unexplained,
                self.outside_allowed,
                self.everything.beyond,
                self.everything.missing,
                self.unreported,
                self.changed,
                self.unproven,
                self.flows.complaints,
            )
        )
