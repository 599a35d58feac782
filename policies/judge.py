"""The pack's verdicts over plain records: recorded in a test, or read from an exported state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from .framework.exceptions import NONE, Exceptions, today
from .framework.resources import Resource
from .framework.rule import Finding, Rule, Scope
from .framework.stack import Stack
from .rules import RULES

Config = Mapping[str, Mapping[str, Any]]
"""Rule id → option → value."""


def judge(
    resources: Iterable[Resource | Mapping[str, Any]],
    config: Config | None = None,
    exceptions: Exceptions = NONE,
) -> list[Finding]:
    """All violations in a stack, as the pack reports them under the Pulumi CLI.

    A record has `type`, `name`, `urn`, `props` (outputs) and, where there are any, `inputs`, `parent` and
    `propertyDependencies`. Rules over one resource see its inputs, rules over the stack see outputs.
    """
    stack = Stack((item if isinstance(item, Resource) else Resource.of(item) for item in resources), exceptions)
    return [finding for rule in RULES for finding in judge_rule(rule, stack, (config or {}).get(rule.id))]


def judge_rule(rule: Rule, stack: Stack, given: Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """The violations of one rule in a stack."""
    for resource in stack.resources:
        seen = resource.as_declared() if rule.scope is Scope.RESOURCE else resource
        yield from rule.judge(seen, stack, given)


def excepted(entries: Any, clock: Callable[[], date] = today) -> Exceptions:
    """The exceptions of a run: `entries` is a list as the stack's configuration holds it, or its JSON text."""
    return Exceptions(entries, {rule.id: rule for rule in RULES}, clock)


def judge_state(
    deployment: Mapping[str, Any], config: Config | None = None, exceptions: Exceptions = NONE
) -> list[Finding]:
    """All violations in a stack as `pulumi stack export` prints it (version 3).

    An encrypted secret counts as unknown: export with `--show-secrets` to have it judged.
    """
    inner = deployment.get("deployment", deployment)
    records = [_record(resource) for resource in inner.get("resources") or () if not resource.get("delete")]
    return judge(records, config, exceptions)


def _record(resource: Mapping[str, Any]) -> dict[str, Any]:
    inputs = resource.get("inputs") or {}
    return {
        "type": resource["type"],
        "name": resource["urn"].rsplit("::", 1)[-1],
        "urn": resource["urn"],
        "props": resource.get("outputs") or inputs,
        "inputs": inputs,
        "parent": resource.get("parent", ""),
        "propertyDependencies": resource.get("propertyDependencies") or {},
    }
