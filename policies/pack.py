"""The rules as policies of a Pulumi policy pack."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from pulumi.runtime import get_config
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from .framework.exceptions import CONFIG_KEY, Exceptions
from .framework.resources import Resource
from .framework.rule import Rule, Scope
from .framework.stack import Stack
from .framework.types import canonical
from .judge import excepted, judge_rule
from .rules import RULES


def policies() -> list[Policy]:
    """All rules of the pack, for one run of the stack whose configuration the process was given."""
    stacks = _Stacks(excepted(get_config(CONFIG_KEY) or ()))
    return [_policy(rule, stacks) for rule in RULES]


class _Stacks:
    """The stack that the rules judge.

    pulumi_policy gives each rule resources of its own, one rule after another in the thread that serves the request;
    the stack made of the first ones, with all that is worked out about it, serves the other rules as well.
    """

    def __init__(self, exceptions: Exceptions) -> None:
        self.exceptions = exceptions
        self._of_thread = threading.local()

    def of(self, resources: list[PolicyResource], rule: Rule) -> Stack:
        """The stack of the request that `rule` is asked in: a rule that is asked again is asked in another one."""
        asked: set[str] | None = getattr(self._of_thread, "asked", None)
        if asked is None or rule.id in asked:
            self._of_thread.asked = asked = set()
            self._of_thread.stack = Stack(map(_resource, resources), self.exceptions)
        asked.add(rule.id)
        return self._of_thread.stack


def _policy(rule: Rule, stacks: _Stacks) -> Policy:
    common: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel.REMEDIATE if rule.remedy else EnforcementLevel(rule.level),
        "config_schema": _schema(rule),
        "severity": Severity(rule.severity.value),
        "remediation_steps": rule.fix,
        "url": rule.page,
    }

    def judge_all(args: StackValidationArgs, report: ReportViolation) -> None:
        for finding in judge_rule(rule, stacks.of(args.resources, rule), args.get_config()):
            report(finding.message, finding.urn)

    def judge_one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if rule.on.covers(canonical(args.resource_type)):
            for finding in rule.judge(*_alone(args, stacks.exceptions), args.get_config()):
                report(finding.message, finding.urn)

    def remedy_one(args: ResourceValidationArgs) -> Any:
        if not rule.on.covers(canonical(args.resource_type)):
            return None
        changes = rule.remedies(*_alone(args, stacks.exceptions), args.get_config())
        if not changes:
            return None
        _merge(args.props, changes)
        return args.props

    if rule.scope is Scope.STACK:
        return StackValidationPolicy(validate=judge_all, **common)
    return ResourceValidationPolicy(validate=judge_one, remediate=remedy_one if rule.remedy else None, **common)


def _alone(args: ResourceValidationArgs, exceptions: Exceptions) -> tuple[Resource, Stack]:
    resource = Resource(args.resource_type, args.name, args.urn, args.props)
    return resource, Stack([resource], exceptions)


def _merge(props: Any, changes: Mapping[str, Any]) -> None:
    """Set what changes and no more: the properties are a view that keeps secrets secret; a copy of it wouldn't."""
    for name, value in changes.items():
        within = props.get(name)
        if isinstance(value, Mapping) and isinstance(within, Mapping):
            _merge(within, value)
        else:
            props[name] = value


def _resource(resource: PolicyResource) -> Resource:
    dependencies: Mapping[str, list[str]] = {
        prop: [source.urn for source in sources] for prop, sources in resource.property_dependencies.items()
    }
    parent = resource.parent.urn if resource.parent else ""
    return Resource(
        resource.resource_type, resource.name, resource.urn, resource.props, parent=parent, dependencies=dependencies
    )


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.options:
        return None
    properties = {
        name: {**option.schema, "default": option.default, "description": option.meaning}
        for name, option in rule.options.items()
    }
    return PolicyConfigSchema(properties=properties)
