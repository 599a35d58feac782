"""Who sees that more is granted than the ledger says: the policy rules over the deployed documents, flows, calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.prove import flows
from local.prove.probes import ask, probes
from local.prove.rights import Right
from local.prove.runs import Stage
from local.prove.widenings import Sighting, Widening
from policies.deployed import deployed
from policies.framework.stack import Stack
from policies.judge import judge
from policies.state import resources_of


class Watch:
    """Looks at a deployed stack as it is now, and says what is new since it was made."""

    def __init__(self, stage: Stage, rights: Sequence[Right], resources: Sequence[Mapping[str, Any]]) -> None:
        self._stage, self._rights, self._resources = stage, rights, resources
        self._usual = set(self._complaints())

    def stack(self) -> Stack:
        """The stack's resources, with the documents that AWS holds now."""
        guide = self._stage.guide()
        recorded = resources_of({"resources": self._resources})
        return Stack(deployed(recorded, lambda service, region: guide.aws(service)))

    def sight(self, widening: Widening) -> Sighting:
        """Plant the widening, and collect the reports that name what is widened."""
        with widening.planted(self._stage.guide()):
            reports = [one for one in self.news() if widening.what in one]
            if widening.role:
                reports += self._passed(widening.role)
        return Sighting(widening=widening.name, what=widening.what, reports=tuple(reports))

    def news(self) -> list[str]:
        """What rules and flows complain of now and didn't when the watch began."""
        return [one for one in self._complaints() if one not in self._usual]

    def _complaints(self) -> Iterable[str]:
        stack = self.stack()
        for finding in judge(stack.resources):
            yield f"{finding.rule}: {finding.message} [{finding.urn}]"
        for complaint in flows.prove(stack).complaints:
            yield f"flows: {complaint}"

    def _passed(self, role: str) -> list[str]:
        answers = ask(probes(self._rights, self._resources, role=role, every=True), self._stage.settings)
        allowed = [one.probe for one in answers if one.decision and one.decision.allowed]
        return [f"a call of {role}: {one.call.action} on {one.resource} is allowed" for one in allowed]
