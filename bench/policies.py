"""The policy pack beside the engine's own time, and beside checkov on the same resources.

The reference system is deployed on a local AWS of its own, and one of its patterns is added once more under another
name, which makes more than 500 resources. The pack is asked as the engine asks it: a process of its own, over gRPC, for
each resource and then for the stack. checkov reads the Terraform plan of the same resources, and of each case of the
corpus whose rule names one of its checks. Run it as `python -m bench.policies [--quick]`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from bench import _checkov, _pack
from bench._report import tell
from bench._terraform import blocks, plan
from local.engine.resource import Resource, to_json
from local.engine.urn import name_of
from policies.framework.resources import UNKNOWN
from policies.framework.resources import Resource as Judged
from policies.rules import RULES
from tests.policies.cases import cases

LEAST = 500
"""Resources, at least."""


def recorded(resources: Sequence[Resource]) -> list[Judged]:
    """The same resources as a rule sees them; secrets stay closed."""
    entries = [to_json(each, lambda _: "") for each in resources]
    return [Judged.of({**entry, "name": name_of(entry["urn"]), "props": entry.get("outputs", {})}) for entry in entries]


def checks_by_rule() -> dict[str, frozenset[str]]:
    """Rule → the checks of checkov that look for the same, or for part of it; rules without one are left out."""
    named = ((rule.id, [each.split()[1] for each in rule.same_as if each.startswith("checkov ")]) for rule in RULES)
    return {rule: frozenset(checks) for rule, checks in named if checks}


def compare_corpus() -> Counter[str]:
    """In how many cases both find something or nothing, or one of them does."""
    like = checks_by_rule()
    judged = {f"case-{number}": case for number, case in enumerate(cases()) if case.rule in like}
    found = _checkov.judge({name: plan(blocks(map(Judged.of, case.records))) for name, case in judged.items()})
    counted: Counter[str] = Counter(cases=len(judged))
    for name, case in judged.items():
        theirs = any(check in like[case.rule] for check, _ in found.failed[name])
        counted["agreed" if theirs == bool(case.finds) else "theirs only" if theirs else "ours only"] += 1
        counted["ours only unknown"] += bool(case.finds) and not theirs and UNKNOWN in repr(case.records)
    return counted


def main() -> None:
    """Deploy, preview, judge, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round; under a minute")
    rounds = 1 if parser.parse_args().quick else 3

    system = _pack.reference_system(rounds)
    resources = _pack.with_a_pattern_twice(system.resources)
    ours = min((_pack.judge(resources) for _ in range(rounds)), key=lambda each: each.judge_s)
    leaves = blocks(recorded(resources))
    checkov = min((_checkov.judge({"system": plan(leaves)}) for _ in range(rounds)), key=lambda each: each.seconds)
    corpus = compare_corpus()

    for check, count in sorted(Counter(check for check, _ in checkov.failed["system"]).items()):
        print(f"checkov alone, {count} times: {check} {checkov.titles[check]}")
    figures = {
        "resources": len(resources),
        "engine_s": system.engine_s,
        "engine_with_pack_s": system.engine_with_pack_s,
        "pack_start_s": round(ours.start_s, 2),
        "pack_s": round(ours.judge_s, 2),
        "pack_s_per_1000": round((ours.start_s + ours.judge_s) / len(leaves) * 1000, 2),
        "checkov_s_per_1000": round(checkov.seconds / len(leaves) * 1000, 2),
        "findings": len(ours.findings),
        "checkov_findings": len(checkov.failed["system"]),
        **{f"corpus_{name.replace(' ', '_')}": count for name, count in corpus.items()},
    }
    tell("policies", figures, {"pack_s": ("<=", 2), "resources": (">=", LEAST)})


if __name__ == "__main__":
    main()
