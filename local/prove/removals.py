"""Each right is taken from the running system, and what needs it must be seen to break."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from local.emulator.decision import Decision
from local.prove import decisions
from local.prove.exercise import Exercise
from local.prove.lanes import side_by_side
from local.prove.removal import without
from local.prove.rights import Right
from local.prove.runs import Stage, Usage

_RUNS = 2
"""How often an exercise that broke is run until the denial shows: something else may have been in the way."""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What came of taking one right away."""

    right: Right
    exercise: str = ""
    """The exercise that broke; else the last that was tried."""
    denial: Decision | None = None
    """What IAM refused meanwhile for want of the right."""
    broken: str = ""
    """The sentence of the assertion that broke."""
    tried: tuple[str, ...] = ()
    """What was run without the right and didn't break for want of it, and what came of it."""
    seconds: float = 0.0

    @property
    def proves(self) -> bool:
        """Whether the right is shown to be needed: a call was refused, and a user would notice."""
        return bool(self.denial and self.broken)


@dataclass(frozen=True, kw_only=True)
class _Job:
    right: Right
    exercises: tuple[Exercise, ...]
    tried: tuple[str, ...] = ()

    @property
    def exercise(self) -> Exercise:
        return self.exercises[0]


@dataclass(kw_only=True)
class Remover:
    """Takes rights away one by one; different patterns side by side, as far as none misses what another lacks."""

    stage: Stage
    usage: Usage
    tell: Callable[[Removal], None] = lambda removal: None
    _done: dict[Right, Removal] = field(default_factory=dict)
    _telling: dict[tuple[str, str], Exercise] = field(default_factory=dict)
    """The exercise that broke for want of an action on something of a pattern: it may tell of the action's others."""

    def remove(self, rights: Sequence[Right]) -> Mapping[Right, Removal]:
        """Take away each of the rights, which all are used by some exercise."""
        found = ((right, tuple(self.usage.users(right))) for right in rights)
        jobs = [_Job(right=right, exercises=exercises) for right, exercises in found if exercises]
        # One exercise after another, so that each is prepared for once.
        names = [exercise.name for exercise in self.stage.exercises]
        jobs.sort(key=lambda job: names.index(job.exercise.name))
        side_by_side(jobs, self._try, self._disturb)
        return {right: self._done.get(right, Removal(right=right)) for right in rights}

    def _try(self, job: _Job) -> Sequence[_Job]:
        kind = (job.right.pattern, job.right.action)
        telling = self._telling.get(kind)
        if telling in job.exercises[1:] and not job.tried:
            return [replace(job, exercises=tuple(sorted(job.exercises, key=telling.__ne__)))]
        removal = self._without(job)
        if removal.proves:
            self._telling[kind] = job.exercise
        if removal.proves or len(job.exercises) == 1:
            self._done[job.right] = removal
            self.tell(removal)
            return ()
        return [_Job(right=job.right, exercises=job.exercises[1:], tried=removal.tried)]

    def _without(self, job: _Job) -> Removal:
        right, exercise, guide = job.right, job.exercise, self.stage.guide()
        started, tried = time.monotonic(), job.tried
        tells = Removal(right=right)
        for _ in range(_RUNS):
            self.stage.prepare(exercise)
            before = decisions.last(self.stage.settings)
            try:
                with without(guide, right.role, right.action, right.resource):
                    run = self.stage.run(exercise, self.usage.patience(exercise))
            finally:
                self.stage.tidy(exercise)
            denial = self._denial(right, before)
            if denial and run.broken:
                tells = Removal(right=right, exercise=exercise.name, denial=denial, broken=run.broken, tried=tried)
                break
            outcome = run.crashed and f"crashed: {run.crashed}"
            outcome = outcome or (run.broken and f"broke without a denial: {run.broken}") or "passed"
            tried = (*tried, f"{exercise.name} {outcome}" + (", although IAM refused" if denial else ""))
            tells = Removal(right=right, exercise=exercise.name, denial=denial, tried=tried)
            if not run.broken:
                break
        return replace(tells, seconds=time.monotonic() - started)

    def _denial(self, right: Right, since: int) -> Decision | None:
        log = decisions.since(self.stage.settings, since)
        return next((one for one in log if not one.allowed and right.explains(one)), None)

    def _disturb(self, one: _Job, other: _Job) -> bool:
        """Whether one of the two needs what the other takes away, or their exercises disturb each other."""
        return (
            one.exercise.disturbs(other.exercise)
            or one.right.role in self.usage.active[other.exercise.name]
            or other.right.role in self.usage.active[one.exercise.name]
        )
