"""The pack's verdicts over plain records: recorded in a test, or read from an exported state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from .framework.exceptions import NONE, Exceptions, today
from .framework.resources import Resource
from .framework.rule import Finding, Rule, Scope
from .framework.stack import Stack
from .rules import RULES
from .state import resources_of

Config = Mapping[str, Any]
"""Rule id, or `all` → a level, or options with `enforcementLevel` among them, as in `--policy-pack-config`."""

_ALL: Final = "all"
_LEVELS: Final = {"mandatory": "mandatory", "remediate": "mandatory", "advisory": "advisory", "disabled": ""}
"""What a level makes of a violation. Nothing is remedied here, and what isn't stands."""


def judge(
    resources: Iterable[Resource | Mapping[str, Any]],
    config: Config | None = None,
    exceptions: Exceptions = NONE,
) -> list[Finding]:
    """All violations in a stack, as the pack reports them under the Pulumi CLI.

    A record has `type`, `name`, `urn`, `props` (outputs) and, where there are any, `inputs`, `parent` and
    `propertyDependencies`. Rules over one resource see its inputs, rules over the stack see outputs. Raises ValueError
    for a configuration that isn't one.
    """
    stack = Stack((item if isinstance(item, Resource) else Resource.of(item) for item in resources), exceptions)
    return [
        replace(finding, level=level)
        for rule, level, options in _configured(config or {})
        for finding in judge_rule(rule, stack, options)
    ]


def judge_rule(rule: Rule, stack: Stack, given: Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """The violations of one rule in a stack."""
    for resource in stack.of(*filter(rule.on.covers, stack.types)):
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
    return judge(resources_of(deployment), config, exceptions)


def _configured(config: Config) -> Iterator[tuple[Rule, str, Mapping[str, Any]]]:
    """Each rule that is on, with its level and its options."""
    if unknown := sorted(config.keys() - {rule.id for rule in RULES} - {_ALL}):
        raise ValueError(f"the policy configuration names {', '.join(unknown)}, which the pack doesn't have")
    every, _ = _level_and_options(config.get(_ALL))
    for rule in RULES:
        own, options = _level_and_options(config.get(rule.id))
        level = own or every or rule.level
        if level not in _LEVELS:
            raise ValueError(f"policy {rule.id}: {level!r} is no level; use {', '.join(_LEVELS)}")
        if _LEVELS[level]:
            yield rule, _LEVELS[level], options


def _level_and_options(given: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(given, Mapping):
        return given or "", {}
    return given.get("enforcementLevel", ""), {key: given[key] for key in given if key != "enforcementLevel"}
