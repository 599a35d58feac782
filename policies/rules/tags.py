"""Tags: whose a resource is, and who pays."""

from __future__ import annotations

from collections.abc import Iterator

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
    passes={f"{QUEUE} jobs": {"name": "jobs", "tags": dict.fromkeys(REQUIRED, "posters")}},
    fails={f"{QUEUE} jobs": {"name": "jobs", "tags": {"project": "posters"}}},
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
