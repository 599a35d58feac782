"""What shows that a right is needed, from one table of what the local AWS asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from local.prove.errors import ProofError
from local.prove.rights import Right


class Evidence(StrEnum):
    """From the strongest to the weakest."""

    RUN = "run"
    """The local AWS enforces it: without the right something that a user does breaks."""
    EVALUATOR = "evaluator"
    """The local AWS lets it pass: the offline evaluator proves the flow that needs it."""
    DOCUMENTED = "documented"
    """Only AWS needs it, and says so on the page that the ledger names."""


@dataclass(frozen=True, kw_only=True)
class Unasked:
    """Actions that the local AWS doesn't ask for when a role that `service` assumes would need them."""

    service: str = "*"
    actions: tuple[str, ...]
    evidence: Evidence
    why: str

    def covers(self, right: Right) -> bool:
        """Whether the right is one of these."""
        return fnmatchcase(right.service, self.service) and any(fnmatchcase(right.action, one) for one in self.actions)


UNASKED = (
    Unasked(
        actions=("xray:*",),
        evidence=Evidence.DOCUMENTED,
        why="there is no X-Ray on the local AWS",
    ),
    Unasked(
        service="states.amazonaws.com",
        actions=(
            "logs:*LogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
        evidence=Evidence.DOCUMENTED,
        why="executions write no log on the local AWS",
    ),
    Unasked(
        service="states.amazonaws.com",
        actions=("states:DescribeExecution", "states:StopExecution", "events:PutTargets", "events:PutRule"),
        evidence=Evidence.DOCUMENTED,
        why="a nested execution is waited for without asking on the local AWS",
    ),
)
"""Everything else is asked for, whoever would use it: docs/local-fidelity.md."""


def evidence(right: Right) -> Evidence:
    """What shows that the right is needed. Raises ProofError where only AWS needs it and no page says so."""
    entry = _unasked(right)
    found = entry.evidence if entry else Evidence.RUN
    if found is Evidence.DOCUMENTED and not right.page:
        raise ProofError(f"{right}: only AWS needs it, and the ledger names no page of AWS that says so")
    return found


def reason(right: Right) -> str:
    """Why the local AWS can't show the need; empty where it can."""
    entry = _unasked(right)
    return entry.why if entry else ""


def by_evidence(rights: Iterable[Right]) -> dict[Evidence, list[Right]]:
    """The rights by what shows their need."""
    sorted_out: dict[Evidence, list[Right]] = {kind: [] for kind in Evidence}
    for right in rights:
        sorted_out[evidence(right)].append(right)
    return sorted_out


def _unasked(right: Right) -> Unasked | None:
    return next((entry for entry in UNASKED if entry.covers(right)), None)
