"""The policy pack beside the engine's own time, and beside checkov on the same resources.

The reference system is deployed on a local AWS of its own, and one of its patterns is added once more under another
name, which makes more than 500 resources. The pack is asked as the engine asks it: a process of its own, over gRPC, for
each resource and then for the stack. checkov reads the Terraform plan of the same resources, and of each case of the
corpus whose rule names one of its checks. Run it as `python -m bench.policies [--quick]`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence

from bench import _checkov, _pack
from bench._report import tell
from bench._terraform import blocks, plan
from local.engine.resource import Resource, to_json
from local.engine.urn import name_of
from policies.coverage import peers
from policies.framework.resources import UNKNOWN
from policies.framework.resources import Resource as Judged
from policies.framework.stack import Stack
from policies.judge import judge
from policies.rules import RULES
from tests.policies.cases import cases

LEAST = 500
"""Resources, at least."""

VERDICTS = ("agreed", "accepted", "left", "disputed", "open")
"""On a finding of checkov: ours too, accepted in the ledger, left with a reason, judged otherwise, or no rule yet."""


def recorded(resources: Sequence[Resource]) -> list[Judged]:
    """The same resources as a rule sees them, secrets opened."""
    entries = [
        json.loads(json.dumps(to_json(each, str)).replace('"ciphertext":', '"plaintext":')) for each in resources
    ]
    return [Judged.of({**entry, "name": name_of(entry["urn"]), "props": entry.get("outputs", {})}) for entry in entries]


def verdict(check: str, resource: Judged, ours: set[tuple[str, str]], stack: Stack) -> str:
    """What the pack says of a finding of checkov: it agrees, or what the table beside other tools says."""
    row = peers()["checkov"].row(check)
    if row is None or not (row.rules or row.left):
        return "open"
    if any((rule, resource.urn) in ours for rule in row.rules):
        return "agreed"
    if any(stack.ledger.accepts(rule, resource.key) for rule in row.rules):
        return "accepted"
    return "disputed" if row.rules else "left"


def compare_system(ours: set[tuple[str, str]], resources: list[Judged], found: _checkov.Findings) -> Counter[str]:
    """checkov's findings by our verdict; prints each check that we don't agree with."""
    stack = Stack(resources)
    by_address = {block.address: block.resource for block in blocks(resources)}
    verdicts = Counter((verdict(check, by_address[at], ours, stack), check) for check, at in found.failed["system"])
    for (said, check), count in sorted(verdicts.items()):
        if said != "agreed":
            row = peers()["checkov"].row(check)
            print(f"{said}: {count} × {check}, {row.answer if row else found.titles[check]}")
    return Counter({said: sum(n for (each, _), n in verdicts.items() if each == said) for said in VERDICTS})


def compare_corpus() -> Counter[str]:
    """In how many cases both find something or nothing, or one of them does; prints those of checkov alone."""
    like = {rule.id: {each.split()[1] for each in rule.same_as if each.startswith("checkov ")} for rule in RULES}
    judged = {f"case-{number}": case for number, case in enumerate(cases()) if like[case.rule]}
    found = _checkov.judge({name: plan(blocks(map(Judged.of, case.records))) for name, case in judged.items()})
    counted: Counter[str] = Counter(cases=len(judged))
    for name, case in judged.items():
        theirs = {check for check, _ in found.failed[name] if check in like[case.rule]}
        others = {rule.id for rule in RULES if like[rule.id] & theirs} - {case.rule}
        ours = bool(case.finds) or any(each.rule in others for each in judge(case.records))
        said = "agreed" if bool(theirs) == ours else "theirs only" if theirs else "ours only"
        counted[said] += 1
        counted["ours only unknown"] += said == "ours only" and UNKNOWN in repr(case.records)
        if said == "theirs only":
            print(f"checkov alone finds {', '.join(sorted(theirs))} in {case}")
    return counted


def main() -> None:
    """Deploy, preview, judge, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round; under a minute")
    rounds = 1 if parser.parse_args().quick else 3

    system = _pack.reference_system(rounds)
    resources = _pack.with_a_pattern_twice(system.resources)
    ours = min((_pack.judge(resources) for _ in range(rounds)), key=lambda each: each.judge_s)
    judged = recorded(resources)
    leaves = blocks(judged)
    checkov = min((_checkov.judge({"system": plan(leaves)}) for _ in range(rounds)), key=lambda each: each.seconds)
    corpus = compare_corpus()

    said = {(each.rule, each.urn) for each in ours.findings}
    verdicts = compare_system(said, judged, checkov)
    figures = {
        "resources": len(resources),
        "engine_s": system.engine_s,
        "engine_with_pack_s": system.engine_with_pack_s,
        "pack_start_s": round(ours.start_s, 2),
        "pack_s": round(ours.judge_s, 2),
        "pack_s_per_1000": round((ours.start_s + ours.judge_s) / len(leaves) * 1000, 2),
        "checkov_s_per_1000": round(checkov.seconds / len(leaves) * 1000, 2),
        "pack_cpu_s_per_1000": round(ours.cpu_s / len(leaves) * 1000, 2),
        "checkov_cpu_s_per_1000": round(checkov.cpu_s / len(leaves) * 1000, 2),
        "system_ours": len(said),
        "system_checkov": len(checkov.failed["system"]),
        **{f"system_checkov_{name}": count for name, count in verdicts.items()},
        **{f"corpus_{name.replace(' ', '_')}": count for name, count in corpus.items()},
    }
    tell(
        "policies",
        figures,
        {"pack_s": ("<=", 2), "resources": (">=", LEAST), "system_ours": ("<=", 0), "system_checkov_open": ("<=", 0)},
    )


if __name__ == "__main__":
    main()
