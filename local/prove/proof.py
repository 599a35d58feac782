"""The proof, step by step, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from local.prove.evidence import Evidence, by_evidence
from local.prove.removals import Removal, Remover
from local.prove.rights import Right
from local.prove.runs import Run, Stage, Usage, observe


@dataclass(kw_only=True)
class Proof:
    """What was found; a finding is what must not be."""

    rights: Mapping[Evidence, Sequence[Right]]
    usage: Usage = field(default_factory=Usage)
    removals: Mapping[Right, Removal] = field(default_factory=dict)
    after: Usage = field(default_factory=Usage)
    """The exercises once more, with everything put back."""
    sampled: bool = False
    """Whether only a part was asked for."""
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
    def holds(self) -> bool:
        """Whether every right is needed, and nothing more is granted."""
        return not (self.unused or self.unbreakable or self.failures or self.usage.unexplained)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Who hears how far the proof is."""

    begin: Callable[[str, int], None]
    """A step of so many parts begins."""
    ran: Callable[[Run], None]
    removed: Callable[[Removal], None]


def prove(stage: Stage, rights: Sequence[Right], progress: Progress, *, sample: int = 0) -> Proof:
    """Make the proof on a deployed stack; with `sample`, so many rights of each pattern are taken away."""
    started = time.monotonic()
    proof = Proof(rights=by_evidence(rights), sampled=bool(sample))
    progress.begin("every exercise once, to see what it uses", len(stage.exercises))
    proof.usage = observe(stage, rights, progress.ran)
    taken = _taken(proof, sample)
    progress.begin("each right taken away, to see what breaks", len(taken))
    proof.removals = Remover(stage=stage, usage=proof.usage, tell=progress.removed).remove(taken)
    progress.begin("everything once more, with every right put back", len(stage.exercises))
    proof.after = observe(stage, rights, progress.ran, parallel=True, known=proof.usage)
    proof.seconds = time.monotonic() - started
    return proof


def _taken(proof: Proof, sample: int) -> list[Right]:
    used = [right for right in proof.rights[Evidence.RUN] if proof.usage.count(right)]
    if not sample:
        return used
    by_pattern: dict[str, list[Right]] = {}
    for right in used:
        by_pattern.setdefault(right.pattern, []).append(right)
    return [right for rights in by_pattern.values() for right in _spread(rights, sample)]


def _spread(rights: Sequence[Right], number: int) -> list[Right]:
    """So many of the rights, from the first to the last."""
    step = max(1, len(rights) / number)
    return [rights[int(step * index)] for index in range(min(number, len(rights)))]
