"""Tags: whose a resource is, and who pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..framework import types
from ..framework.resources import Resource
from ..framework.rule import Context, Option, Scope, Severity, resources, rule
from ..framework.types import QUEUE

REQUIRED = ["project", "stack", "component", "owner", "cost-centre"]
TAGGABLE = (
    types.BUCKET,
    types.DISTRIBUTION,
    types.EVENT_BUS,
    types.EVENT_SOURCE_MAPPING,
    types.FUNCTION,
    types.LOG_GROUP,
    types.QUEUE,
    types.REST_API,
    types.ROLE,
    types.STAGE,
    types.STATE_MACHINE,
    types.STREAM,
    types.TABLE,
    types.TOPIC,
    types.USER_POOL,
)


def told(resource: Resource, context: Context) -> Mapping[str, Any]:
    """The tags that the engine knows: nobody can tell an owner but the owner."""
    project, stack = resource.deployed_in
    given = resource.known("tags") or {}
    known = {"project": project, "stack": stack}
    missing = {tag: known[tag] for tag in context.options["required"] if tag in known and not given.get(tag)}
    return {"tags": missing} if missing else {}


@rule(
    "tags",
    "Every resource that takes tags says whose it is",
    severity=Severity.LOW,
    scope=Scope.RESOURCE,
    on=resources(*TAGGABLE),
    judges={QUEUE: ("tags",)},
    why="At three in the night somebody must find the owner; at the end of the month somebody pays.",
    fix="Set the tags",
    page="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
    frameworks=(
        "COST03-BP02",
        "OPS02-BP01",
    ),
    passes={f"{QUEUE} jobs": {"name": "jobs", "tags": dict.fromkeys(REQUIRED, "posters")}},
    fails={f"{QUEUE} jobs": {"name": "jobs", "tags": {"project": "posters"}}},
    remedy=told,
    remedied={f"{QUEUE} jobs": {"name": "jobs", "tags": {"project": "posters", "stack": "test"}}},
    options={
        "required": Option(REQUIRED, "Tags that each resource has", {"type": "array", "items": {"type": "string"}}),
    },
)
def tags(resource: Resource, context: Context) -> Iterator[str]:
    """Judge one resource."""
    given = resource.known("tags") or {}
    missing = [tag for tag in context.options["required"] if not given.get(tag)]
    if missing:
        yield f"has no tag {', '.join(missing)}"
