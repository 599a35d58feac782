"""The proof, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from local.prove import flows, offline, planted
from local.prove.evidence import Evidence, by_evidence
from local.prove.probes import Answer, ask, probes
from local.prove.proof import Proof
from local.prove.removal import POLICY
from local.prove.removals import Removal, Remover
from local.prove.rights import Right
from local.prove.runs import Run, Stage, Usage, observe
from local.prove.watch import Watch
from local.prove.widenings import Sighting, widenings


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Who hears how far the proof is."""

    begin: Callable[[str, int], None]
    """A step of so many parts begins."""
    ran: Callable[[Run], None]
    removed: Callable[[Removal], None]
    answered: Callable[[Answer], None]
    sighted: Callable[[Sighting], None]


@dataclass(frozen=True, kw_only=True)
class Prover:
    """Makes the proof on a deployed stack."""

    stage: Stage
    rights: Sequence[Right]
    resources: Sequence[Mapping[str, Any]]
    """Those of the stack's state."""
    progress: Progress
    sample: int = 0
    """How many rights of each pattern are taken away; 0: all."""

    def prove(self) -> Proof:
        """All steps. Raises ProofError where something keeps the proof from being made."""
        started, documents = time.monotonic(), self._documents()
        watch = Watch(self.stage, self.rights, self.resources)
        stack = watch.stack()
        usage, surplus = self._observed()
        rights = by_evidence(self.rights)
        remover = Remover(stage=self.stage, usage=usage, tell=self.progress.removed)
        removals = self._removals(remover, rights[Evidence.RUN])
        return Proof(
            rights=rights,
            usage=usage,
            removals=removals,
            flows=flows.prove(stack),
            everything=offline.judge(stack, self.rights, self.resources),
            answers=self._answers(),
            sightings=[*self._sightings(watch), surplus, self._twice_granted(remover, removals)],
            after=self._once_more(usage),
            changed=[role for role, said in self._documents().items() if said != documents[role]],
            sampled=bool(self.sample),
            stack="/".join(self.resources[0]["urn"].split(":")[2:6:2][::-1]),
            made=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            seconds=time.monotonic() - started,
        )

    def _observed(self) -> tuple[Usage, Sighting]:
        self.progress.begin("every exercise once, to see what it uses", len(self.stage.exercises))
        with planted.needed_by_nobody(self.stage.guide(), self.rights) as surplus:
            usage = observe(self.stage, [*self.rights, surplus], self.progress.ran)
        return usage, planted.seen_unused(usage, surplus)

    def _removals(self, remover: Remover, run: Sequence[Right]) -> Mapping[Right, Removal]:
        used = [right for right in run if remover.usage.count(right)]
        taken = spread(used, self.sample) if self.sample else used
        self.progress.begin("each right taken away, to see what breaks", len(taken))
        return remover.remove(taken)

    def _answers(self) -> list[Answer]:
        outside = list(probes(self.rights, self.resources))
        self.progress.begin("calls of each role outside its grants", len(outside))
        return ask(outside, self.stage.settings, self.progress.answered)

    def _sightings(self, watch: Watch) -> list[Sighting]:
        wider = list(widenings(self.rights, self.resources))
        self.progress.begin("widenings planted, to see who reports them", len(wider))
        found = []
        for one in wider:
            found.append(watch.sight(one))
            self.progress.sighted(found[-1])
        return found

    def _twice_granted(self, remover: Remover, removals: Mapping[Right, Removal]) -> Sighting:
        quickest = min((one for one in removals.values() if one.proves), key=lambda one: one.seconds, default=None)
        return planted.seen_unbreakable(remover, quickest.right if quickest else None)

    def _once_more(self, usage: Usage) -> Usage:
        self.progress.begin("everything once more, with every right put back", len(self.stage.exercises))
        after = observe(self.stage, self.rights, self.progress.ran, parallel=True, known=usage)
        failed = [run.exercise for run in after.failures]
        if not failed:
            return after
        # Side by side, one may have been in another's way: what fails alone, too, has failed.
        self.progress.begin("what failed once more, by itself", len(failed))
        return observe(replace(self.stage, exercises=failed), self.rights, self.progress.ran, known=usage)

    def _documents(self) -> dict[str, str]:
        iam = self.stage.guide().aws("iam")
        roles = dict.fromkeys(right.role for right in self.rights)
        return {role: str(iam.get_role_policy(RoleName=role, PolicyName=POLICY)["PolicyDocument"]) for role in roles}


def spread(rights: Sequence[Right], number: int) -> list[Right]:
    """So many rights of each pattern, from its first to its last."""
    by_pattern: dict[str, list[Right]] = {}
    for right in rights:
        by_pattern.setdefault(right.pattern, []).append(right)
    return [
        those[len(those) * place // number] for those in by_pattern.values() for place in range(min(number, len(those)))
    ]
