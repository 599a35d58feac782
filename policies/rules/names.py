"""Names: they say whose a resource is, and two stacks in one account never want the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from pulumi_policy.proxy import UnknownValueError

from ..framework import types
from ..framework.resources import Resource
from ..framework.rule import Context, Option, Severity, resources, rule
from ..framework.stack import Stack, physical_name
from ..framework.types import QUEUE

_NAMED: Final = (
    types.BUCKET,
    types.EVENT_BUS,
    types.EVENT_RULE,
    types.FUNCTION,
    types.LOG_GROUP,
    types.METRIC_ALARM,
    types.PIPE,
    types.QUEUE,
    types.ROLE,
    types.SCHEDULE_GROUP,
    types.SECRET,
    types.STATE_MACHINE,
    types.STREAM,
    types.TABLE,
    types.TOPIC,
)
"""Types whose names are unique in an account and region."""

_FOLDER: Final = re.compile(r"^/aws/(?:vendedlogs/)?[\w-]+/")
"""What services ask log groups' names to begin with."""


@rule(
    "physical-names",
    "A name in AWS begins with the project and the stack, and stands once",
    severity=Severity.LOW,
    on=resources(*_NAMED),
    judges={QUEUE: ("name",)},
    why="Two stacks of one program that want one name can't stand in one account: the second fails half-way, or takes "
    "over what is the first's.",
    fix="Let the component name it (`physical`): project-stack-component-part",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    passes={f"{QUEUE} jobs": {"name": "video-test-posters-jobs"}},
    fails={f"{QUEUE} jobs": {"name": "jobs"}},
    options={
        "prefix": Option(
            "{project}-{stack}-", "What names begin with; empty for anything", {"type": "string"}
        )
    },
)  # fmt: skip
def physical_names(resource: Resource, context: Context) -> Iterator[str]:
    """Judge one resource by its name, without what a service puts before it."""
    name = _FOLDER.sub("", physical_name(resource)).lstrip("/").replace("/", "-")
    prefix = _prefix(resource, context.options["prefix"])
    if not name.startswith(prefix):
        yield f"is called {name}, and not {prefix}…"
    others = [each.name for each in context.stack.once(_owners)[_key(resource)] if each is not resource]
    if others:
        yield f"has the same name as {', '.join(others)}"


def _prefix(resource: Resource, template: str) -> str:
    """`video-prod-` for `urn:pulumi:prod::video::…`, cleaned as AWS's names are."""
    stack, project = [*resource.urn.removeprefix("urn:pulumi:").split("::"), "", ""][:2]
    whole = template.replace("{project}", project).replace("{stack}", stack)
    return re.sub(r"[^a-z0-9-]+", "-", whole.lower())


def _key(resource: Resource) -> tuple[str, ...]:
    """What is unique: names of rules are on their bus."""
    bus = resource.given("eventBusName") or "" if resource.type == types.EVENT_RULE else ""
    return resource.type, bus, physical_name(resource)


def _owners(stack: Stack) -> dict[tuple[str, ...], list[Resource]]:
    owners: dict[tuple[str, ...], list[Resource]] = defaultdict(list)
    for resource in stack.of(*_NAMED):
        try:
            owners[_key(resource)].append(resource)
        except UnknownValueError:
            continue  # reported where the resource itself is judged
    return owners
