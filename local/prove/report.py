"""The proof as JSON, and in words for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from local.emulator.decision import Decision
from local.prove.evidence import Evidence, reason
from local.prove.probes import Answer
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
        "outside_denied": sum(answer.denied for answer in proof.answers),
        "outside_allowed": [_answer(answer) for answer in proof.outside_allowed],
        "offline_judged": proof.everything.judged,
        "offline_beyond": list(proof.everything.beyond),
        "offline_missing": list(proof.everything.missing),
        "flows": len(proof.flows.flows),
        "flows_unproven": [*(flow.as_json() for flow in proof.flows.unproven), *map(_named, proof.unproven)],
        "flows_complaints": list(proof.flows.complaints),
        "flows_detail": [flow.as_json() for flow in proof.flows.flows],
        "outside": _outside(proof),
        "widenings": [
            {"name": one.widening, "what": one.what, "reports": list(one.reports)} for one in proof.sightings
        ],
        "changed": list(proof.changed),
        "holds": proof.holds,
        "stack": proof.stack,
        "made": proof.made,
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
    denied = sum(answer.denied for answer in proof.answers)
    console.print(f"outside the grants: {denied} of {len(proof.answers)} calls refused")
    beyond = len(proof.everything.beyond)
    console.print(f"offline: {beyond} of {proof.everything.judged:,} roles × actions × resources beyond the ledger")
    seen = len(proof.sightings) - len(proof.unreported)
    console.print(f"planted: {seen} of {len(proof.sightings)} widenings reported")
    proven = len(proof.flows.flows) - len(proof.flows.unproven)
    console.print(f"flows: {proven} of {len(proof.flows.flows)} allowed by one statement, and refused without it")
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
        "outside the grants, and not refused": [
            f"{one.probe.role}: {one.probe.call.action} on {one.probe.resource}" for one in proof.outside_allowed
        ],
        "allowed by a document, and in no ledger": list(proof.everything.beyond),
        "in the ledger, and allowed by no document": list(proof.everything.missing),
        "planted, and nobody reported it": [f"{one.widening} ({one.what})" for one in proof.unreported],
        "not what they were before the proof": list(proof.changed),
        "not proven offline": [*proof.flows.complaints, *map(str, proof.unproven)],
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
        "state": _state(proof, kind, right),
        "why_not_run": reason(right),
        "page": right.page,
        "uses": dict(proof.usage.uses.get(right, {})),
        "removal": _removal(removal) if removal else None,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    probe = answer.probe
    return {
        "principal": probe.role,
        "action": probe.call.action,
        "resource": probe.resource,
        "kind": probe.kind,
        "asked": answer.decision is not None,
    }


def _state(proof: Proof, kind: Evidence, right: Right) -> str:
    """In one word what is known of the right."""
    if kind is not Evidence.RUN:
        return str(kind)
    if not proof.usage.count(right):
        return "unused"
    removal = proof.removals.get(right)
    if removal is None:
        return "untried"
    return "proven" if removal.proves else "unbreakable"


def _outside(proof: Proof) -> list[dict[str, Any]]:
    """What was asked in the name of each role."""
    rows: dict[str, list[Answer]] = {}
    for answer in proof.answers:
        rows.setdefault(answer.probe.role, []).append(answer)
    return [
        {
            "principal": role,
            "denied": sum(answer.denied for answer in answers),
            "allowed": sum(not answer.denied for answer in answers),
            "calls": [{"action": one.probe.call.action, "resource": one.probe.resource} for one in answers],
        }
        for role, answers in rows.items()
    ]


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
