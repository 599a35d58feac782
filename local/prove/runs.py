"""Running exercises, and what each of them uses."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.console import Console

from local.emulator.decision import Decision
from local.prove import decisions
from local.prove.errors import ProofError
from local.prove.exercise import Exercise
from local.prove.lanes import side_by_side
from local.prove.rights import Right
from local.settings import Settings
from local.tour.guide import Guide, TourError

_IDLE_SECONDS = 4
"""How long to watch what goes on without anybody: queues and streams are asked at least every second."""
_QUIET_SECONDS = 0.8
_SETTLING_SECONDS = 10
_TIDYINGS = 4
_ATTEMPTS = 2
"""The first run after a deployment may find functions cold and the machine busy; what fails twice fails."""
_HASTE = 1.4
_LEAST_PATIENCE_SECONDS = 4.0

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Hurried(Guide):
    """A guide that waits no longer than `patience` seconds for anything."""

    patience: float

    def await_(self, what: str, look: Callable[[], Found | None], seconds: float = 60) -> Found:
        """Look until something is found; raises TourError when patience ends."""
        return super().await_(what, look, min(seconds, self.patience))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of an exercise."""

    exercise: Exercise
    seconds: float
    broken: str = ""
    """The sentence of the assertion that broke."""
    crashed: str = ""
    """An error of the exercise itself: it proves nothing."""

    @property
    def passed(self) -> bool:
        """Whether nothing broke."""
        return not (self.broken or self.crashed)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where exercises run: a deployed stack."""

    outputs: Mapping[str, Any]
    settings: Settings
    exercises: Sequence[Exercise]

    def guide(self) -> Guide:
        """A guide that says nothing."""
        return Guide(outputs=self.outputs, settings=self.settings, console=Console(file=io.StringIO()))

    def prepare(self, exercise: Exercise) -> None:
        """Bring the stack to where the exercise begins. Raises ProofError where that can't be done."""
        try:
            exercise.prepare(self.guide())
        except TourError as error:
            raise ProofError(f"{exercise.name} can't be prepared: {error}") from error

    def run(self, exercise: Exercise, patience: float | None = None) -> Run:
        """Run one exercise; with `patience` it waits for nothing longer than that many seconds."""
        guide = self.guide()
        if patience is not None:
            guide = Hurried(outputs=guide.outputs, settings=guide.settings, console=guide.console, patience=patience)
        started, broken, crashed = time.monotonic(), "", ""
        try:
            exercise.run(guide)
        except TourError as error:
            broken = str(error)
        except Exception as error:
            crashed = f"{type(error).__name__}: {error}"
        return Run(exercise=exercise, seconds=time.monotonic() - started, broken=broken, crashed=crashed)

    def tidy(self, exercise: Exercise) -> None:
        """Put back what a broken run left. Raises ProofError where that can't be done."""
        for left in reversed(range(_TIDYINGS)):
            try:
                exercise.tidy(self.guide())
            except Exception as error:
                # What is tidied may just be ending by itself.
                if not left:
                    raise ProofError(f"{exercise.name} can't be tidied: {error}") from error
                time.sleep(_QUIET_SECONDS)
            else:
                return


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What the exercises used, from the log of decisions."""

    runs: Mapping[str, Run] = field(default_factory=dict)
    uses: Mapping[Right, Counter[str]] = field(default_factory=dict)
    """How often each exercise used the right."""
    active: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The roles that did something in an exercise which they don't do all the time."""
    unexplained: Sequence[Decision] = ()
    """What a role was allowed although no grant of the ledger says so."""

    @property
    def failures(self) -> list[Run]:
        """The runs that didn't end as they should."""
        return [run for run in self.runs.values() if not run.passed]

    def count(self, right: Right) -> int:
        """How often the right was used."""
        return sum(self.uses.get(right, Counter()).values())

    def unused(self, rights: Iterable[Right]) -> list[Right]:
        """Those that no exercise used."""
        return [right for right in rights if not self.count(right)]

    def users(self, right: Right) -> list[Exercise]:
        """The exercises that used the right: the pattern's own first, then those that use little else, then short ones.

        What uses much passes by much without looking: a log is written by every call, and read by the exercise of it.
        """
        names = [name for name in self.uses.get(right, ()) if right.role in self.active[name]]
        breadth = {name: sum(name in users for users in self.uses.values()) for name in names}

        def order(name: str) -> tuple[bool, int, float]:
            run = self.runs[name]
            return run.exercise.pattern != right.pattern, breadth[name], run.seconds

        return [self.runs[name].exercise for name in sorted(names, key=order)]

    def patience(self, exercise: Exercise) -> float:
        """How long a run may wait for one thing, from the time that the whole exercise took."""
        return _LEAST_PATIENCE_SECONDS + _HASTE * self.runs[exercise.name].seconds


def observe(
    stage: Stage,
    rights: Sequence[Right],
    tell: Callable[[Run], None] = lambda run: None,
    *,
    parallel: bool = False,
    known: Usage | None = None,
) -> Usage:
    """Run every exercise and see what it uses: one after another, or `parallel` by pattern, which blurs whose use is
    whose. By `known` usage each waits no longer than it does while rights are taken away."""
    index = _Index(rights)
    before = decisions.last(stage.settings)
    time.sleep(_IDLE_SECONDS)
    background = {(one.role, one.action) for one in decisions.since(stage.settings, before)}
    runs: dict[str, Run] = {}
    seen: dict[str, list[Decision]] = {}

    def work(exercise: Exercise) -> Sequence[Exercise]:
        for _ in range(_ATTEMPTS):
            stage.prepare(exercise)
            since = decisions.last(stage.settings)
            runs[exercise.name] = stage.run(exercise, known.patience(exercise) if known else None)
            if runs[exercise.name].passed:
                break
            stage.tidy(exercise)
        if not parallel:
            settle(stage.settings, background)
        seen[exercise.name] = decisions.since(stage.settings, since)
        tell(runs[exercise.name])
        return ()

    if parallel:
        side_by_side(stage.exercises, work, lambda one, other: one.disturbs(other))
    else:
        for exercise in stage.exercises:
            work(exercise)
    return _usage(index, runs, seen, background)


def settle(settings: Settings, background: Iterable[tuple[str, str]] = ()) -> None:
    """Wait until nothing happens any more but `background`, for a while; at most ten seconds."""
    usual = set(background)
    deadline = time.monotonic() + _SETTLING_SECONDS
    while time.monotonic() < deadline:
        number = decisions.last(settings)
        time.sleep(_QUIET_SECONDS)
        if all((one.role, one.action) in usual for one in decisions.since(settings, number) if one.role):
            return


class _Index:
    """Rights by role and action: a log has thousands of decisions."""

    def __init__(self, rights: Iterable[Right]) -> None:
        self.roles: set[str] = set()
        self._rights: dict[tuple[str, str], list[Right]] = {}
        for right in rights:
            self.roles.add(right.role)
            self._rights.setdefault((right.role, right.action.lower()), []).append(right)

    def explaining(self, decision: Decision) -> list[Right]:
        """The rights that explain why it was allowed."""
        there = self._rights.get((decision.role, decision.action.lower()), ())
        return [right for right in there if right.explains(decision)]


def _usage(
    index: _Index,
    runs: Mapping[str, Run],
    seen: Mapping[str, Sequence[Decision]],
    background: set[tuple[str, str]],
) -> Usage:
    uses: dict[Right, Counter[str]] = {}
    unexplained: dict[tuple[str, str, str], Decision] = {}
    active: dict[str, frozenset[str]] = {}
    for name, log in seen.items():
        own = [one for one in log if one.role in index.roles]
        active[name] = frozenset(one.role for one in own if (one.role, one.action) not in background)
        for decision in own:
            if not decision.allowed:
                continue
            explaining = index.explaining(decision)
            for right in explaining:
                uses.setdefault(right, Counter())[name] += 1
            if not explaining:
                unexplained.setdefault((decision.role, decision.action, decision.resource), decision)
    return Usage(runs=runs, uses=uses, active=active, unexplained=tuple(unexplained.values()))
