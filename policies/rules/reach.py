"""What a message reaches: from a topic, queue, stream, table, bus, function or machine to all that runs after it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..framework.resources import Resource, unknown
from ..framework.stack import Stack
from ..framework.types import (
    EVENT_BUS,
    EVENT_RULE,
    EVENT_SOURCE_MAPPING,
    EVENT_TARGET,
    FUNCTION,
    PIPE,
    QUEUE,
    ROLE,
    ROLE_POLICY,
    STATE_MACHINE,
    STREAM,
    SUBSCRIPTION,
    TABLE,
    TOPIC,
)
from ..iam.arns import overlap
from ..iam.conditions import values_of
from ..iam.documents import Statement
from .subjects import identity_statements

INVOKE_CONFIG: Final = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
DEFAULT_BUS: Final = "default"
TARGETS: Final = (QUEUE, TOPIC, STREAM, FUNCTION, STATE_MACHINE, EVENT_BUS)

_STARTS: Final = {
    "lambda:invokefunction": FUNCTION,
    "states:startexecution": STATE_MACHINE,
    "states:startsyncexecution": STATE_MACHINE,
    "sqs:sendmessage": QUEUE,
    "sns:publish": TOPIC,
    "kinesis:putrecord": STREAM,
    "kinesis:putrecords": STREAM,
    "dynamodb:putitem": TABLE,
    "dynamodb:updateitem": TABLE,
    "dynamodb:deleteitem": TABLE,
    "dynamodb:partiqlinsert": TABLE,
    "events:putevents": EVENT_BUS,
}
"""Action of whoever runs → what it wakes."""


def reached(first: Resource, stack: Stack) -> list[Resource]:
    """All functions and machines that a message to `first` may wake, `first` itself included.

    Raises UnknownValueError where a wire on the way is known only after the update.
    """
    seen = {first.urn: first}
    pending = [first]
    while pending:
        for after in _next(pending.pop(), stack):
            if after.urn not in seen:
                seen[after.urn] = after
                pending.append(after)
    return [each for each in seen.values() if each.type in (FUNCTION, STATE_MACHINE)]


def grants_of(runs: Resource, stack: Stack) -> Iterator[Statement]:
    """What a function or machine may do."""
    role = stack.named_by(runs, "role" if runs.type == FUNCTION else "roleArn", ROLE)
    for policy in stack.naming(role, ROLE_POLICY, "role") if role else ():
        yield from (statement for statement in identity_statements(policy, stack) if statement.allows)


def pattern_of(event_rule: Resource) -> Mapping[str, Any]:
    """A rule's pattern; `{}` for a schedule."""
    text = event_rule.known("eventPattern")
    try:
        pattern = json.loads(text) if text else {}
    except json.JSONDecodeError:
        pattern = None
    if not isinstance(pattern, dict):
        raise unknown("eventPattern")
    return pattern


def targets_of(event_rule: Resource, stack: Stack) -> Iterator[Resource]:
    """What a rule wakes."""
    for target in stack.naming(event_rule, EVENT_TARGET, "rule"):
        if found := stack.named_by(target, "arn", *TARGETS):
            yield found


def inner(resource: Resource, props: Mapping[str, Any], prop: str) -> Resource:
    """A part of a resource as one of its own: unknown values in it are made of what the whole part is made of."""
    names = {name: resource.dependencies.get(prop, ()) for name in props}
    return Resource(resource.type, resource.name, resource.urn, props, dependencies=names)


def _next(resource: Resource, stack: Stack) -> Iterator[Resource]:
    if resource.type == TOPIC:
        for subscription in stack.naming(resource, SUBSCRIPTION, "topic"):
            yield from _found(stack.named_by(subscription, "endpoint", QUEUE, FUNCTION))
    elif resource.type == EVENT_BUS:
        for each in stack.naming(resource, EVENT_RULE, "eventBusName"):
            yield from targets_of(each, stack)
    elif resource.type in (FUNCTION, STATE_MACHINE):
        yield from _started(resource, stack)
    else:
        yield from _read(resource, stack)


def _read(source: Resource, stack: Stack) -> Iterator[Resource]:
    """What reads a queue, a stream or a table's stream."""
    for mapping in _readers(source, EVENT_SOURCE_MAPPING, "eventSourceArn", stack):
        yield from _found(stack.named_by(mapping, "functionName", FUNCTION))
        yield from _destinations(mapping, stack)
    for pipe in _readers(source, PIPE, "source", stack):
        yield from _found(stack.named_by(pipe, "target", *TARGETS))
        if pipe.known("enrichment"):
            yield from _found(stack.named_by(pipe, "enrichment", FUNCTION, STATE_MACHINE))


def _readers(source: Resource, type_: str, prop: str, stack: Stack) -> Iterator[Resource]:
    """Those of `type_` that read `source`. An unknown ARN of a table's stream is the table's, and no queue's."""
    return (each for each in stack.of(type_) if stack.named_by(each, prop, QUEUE, STREAM, TABLE) is source)


def _started(runs: Resource, stack: Stack) -> Iterator[Resource]:
    """What a function or machine wakes by its grants; a function by its destinations, too."""
    for statement in grants_of(runs, stack):
        types = {
            type_ for action, type_ in _STARTS.items() for own in statement.actions if overlap(own.lower(), action)
        }
        for resource in statement.resources if types else ():
            for after in _found(stack.find(resource, *sorted(types))):
                if after.type == EVENT_BUS:
                    yield from _woken_by_events(after, statement, stack)
                else:
                    yield after
    for config in stack.naming(runs, INVOKE_CONFIG, "functionName") if runs.type == FUNCTION else ():
        yield from _destinations(config, stack)


def _woken_by_events(bus: Resource, statement: Statement, stack: Stack) -> Iterator[Resource]:
    """The targets of those rules on a bus that may match what the statement lets put there."""
    sources = set(values_of(statement, "events:source"))
    for each in stack.naming(bus, EVENT_RULE, "eventBusName"):
        wanted = pattern_of(each).get("source", ())
        if not sources or not all(isinstance(one, str) for one in wanted) or not wanted or sources & set(wanted):
            yield from targets_of(each, stack)


def _destinations(config: Resource, stack: Stack) -> Iterator[Resource]:
    given = config.props.get("destinationConfig") or {}
    for kind in ("onSuccess", "onFailure"):
        destination = given.get(kind) or {}
        for prop in ("destination", "destinationArn"):
            if destination.get(prop) is not None:
                yield from _found(stack.named_by(inner(config, destination, "destinationConfig"), prop, *TARGETS))


def _found(resource: Resource | None) -> Iterator[Resource]:
    if resource:
        yield resource
