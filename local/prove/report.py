"""The proof as JSON, and in words for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from local.prove.decisions import Decision
from local.prove.evidence import Evidence, reason
from local.prove.proof import Proof
from local.prove.removals import Removal
from local.prove.rights import Right

_SHOWN = 30


def to_json(proof: Proof) -> dict[str, Any]:
    """What scripts and reviewers read: the counts first, then every right with its evidence."""
    rights = [right for kind in Evidence for right in proof.rights[kind]]
    return {
        "grants": len(rights),
        "run": len(proof.rights[Evidence.RUN]),
        "evaluator": len(proof.rights[Evidence.EVALUATOR]),
        "documented": [{**_named(right), "page": right.page} for right in proof.rights[Evidence.DOCUMENTED]],
        "unused": [_named(right) for right in proof.unused],
        "unbreakable": [{**_named(one.right), "tried": list(one.tried)} for one in proof.unbreakable],
        "holds": proof.holds,
        "sampled": proof.sampled,
        "seconds": round(proof.seconds, 1),
        "unexplained": [_decision(one) for one in proof.usage.unexplained],
        "failures": [{"exercise": run.exercise.name, "broken": run.broken or run.crashed} for run in proof.failures],
        "exercises": [
            {"name": run.exercise.name, "seconds": round(run.seconds, 2)} for run in proof.usage.runs.values()
        ],
        "rights": [_right(proof, kind, right) for kind in Evidence for right in proof.rights[kind]],
    }


def tell(proof: Proof, console: Console) -> None:
    """Print the proof: a line a pattern, then what must be mended."""
    console.print(_table(proof))
    for title, lines in _findings(proof).items():
        if lines:
            console.print(f"[bold red]{title}[/] ({len(lines)})")
            for line in lines[:_SHOWN]:
                console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
            if len(lines) > _SHOWN:
                console.print(f"  and {len(lines) - _SHOWN} more, in build/prove.json")


def _table(proof: Proof) -> Table:
    table = Table(title="Every right that the ledger grants, and what shows that it is needed")
    for column in ("pattern", "roles", "rights", "run", "used", "taken away", "broke", "evaluator", "documented"):
        table.add_column(column, justify="left" if column == "pattern" else "right")
    everything = [(kind, right) for kind in Evidence for right in proof.rights[kind]]
    patterns = list(dict.fromkeys(right.pattern for _, right in everything))
    for pattern in [*patterns, ""]:
        own = [(kind, right) for kind, right in everything if pattern in ("", right.pattern)]
        run = [right for kind, right in own if kind is Evidence.RUN]
        removals = [proof.removals[right] for right in run if right in proof.removals]
        if not pattern:
            table.add_section()
        table.add_row(
            pattern or "all",
            str(len({right.role for _, right in own})),
            str(len(own)),
            str(len(run)),
            str(sum(bool(proof.usage.count(right)) for right in run)),
            str(len(removals)),
            str(sum(removal.proves for removal in removals)),
            str(sum(kind is Evidence.EVALUATOR for kind, _ in own)),
            str(sum(kind is Evidence.DOCUMENTED for kind, _ in own)),
        )
    return table


def _findings(proof: Proof) -> dict[str, list[str]]:
    return {
        "granted, and never used": [str(right) for right in proof.unused],
        "taken away, and nobody noticed": [
            f"{removal.right} · {'; '.join(removal.tried) or 'no exercise reaches it'}" for removal in proof.unbreakable
        ],
        "failed although every right was there": [
            f"{run.exercise.name}: {run.broken or run.crashed}" for run in proof.failures
        ],
        "allowed, and no grant of the ledger says so": [
            f"{one.role}: {one.action} on {one.resource}" for one in proof.usage.unexplained
        ],
    }


def _named(right: Right) -> dict[str, Any]:
    return {
        "pattern": right.pattern,
        "principal": right.role,
        "action": right.action,
        "resource": right.resource,
        "because": right.because,
    }


def _right(proof: Proof, kind: Evidence, right: Right) -> dict[str, Any]:
    removal = proof.removals.get(right)
    return {
        **_named(right),
        "service": right.service,
        "conditions": right.conditions,
        "evidence": str(kind),
        "why_not_run": reason(right),
        "page": right.page,
        "uses": dict(proof.usage.uses.get(right, {})),
        "removal": _removal(removal) if removal else None,
    }


def _removal(removal: Removal) -> dict[str, Any]:
    return {
        "exercise": removal.exercise,
        "denial": _decision(removal.denial) if removal.denial else None,
        "broken": removal.broken,
        "tried": list(removal.tried),
        "seconds": round(removal.seconds, 2),
    }


def _decision(decision: Decision) -> Mapping[str, Any]:
    return {
        "principal": decision.principal,
        "action": decision.action,
        "resource": decision.resource,
        "reason": decision.reason,
    }
