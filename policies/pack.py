"""The rules as policies of a Pulumi policy pack."""

from __future__ import annotations

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
from .judge import excepted, judge_rule
from .rules import RULES


def policies() -> list[Policy]:
    """All rules of the pack, for one run of the stack whose configuration the process was given."""
    exceptions = excepted(get_config(CONFIG_KEY) or ())
    return [_policy(rule, exceptions) for rule in RULES]


def _policy(rule: Rule, exceptions: Exceptions) -> Policy:
    common: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.level),
        "config_schema": _schema(rule),
        "severity": Severity(rule.severity.value),
        "remediation_steps": rule.fix,
        "url": rule.page,
    }
    if rule.scope is Scope.RESOURCE:
        return ResourceValidationPolicy(
            validate=lambda args, report: _judge_one(rule, exceptions, args, report), **common
        )
    return StackValidationPolicy(validate=lambda args, report: _judge_all(rule, exceptions, args, report), **common)


def _judge_one(rule: Rule, exceptions: Exceptions, args: ResourceValidationArgs, report: ReportViolation) -> None:
    resource = Resource(args.resource_type, args.name, args.urn, args.props)
    for finding in rule.judge(resource, Stack([resource], exceptions), args.get_config()):
        report(finding.message, finding.urn)


def _judge_all(rule: Rule, exceptions: Exceptions, args: StackValidationArgs, report: ReportViolation) -> None:
    stack = Stack((_resource(resource) for resource in args.resources), exceptions)
    for finding in judge_rule(rule, stack, args.get_config()):
        report(finding.message, finding.urn)


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
