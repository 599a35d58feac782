"""The commands that only this machine has: the server's life, its logs, one real job, dead letters, the picture."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from local import job, monolith, official, room, tour
from local.client import client
from local.emulator import manager
from local.engine.errors import EngineError
from local.settings import REPO, Settings

Outputs = Mapping[str, Any]
Resources = Iterable[Mapping[str, Any]]

_LATEST = 200
"""Log events shown."""

_PAUSE_SECONDS = 0.5


def start(settings: Settings, *, renew: bool) -> None:
    """Start the local AWS and the old shop, if they aren't running.

    A local AWS that runs older code than this checkout is ended and started anew if `renew`, and left alone otherwise.
    """
    console = _console()
    running = manager.status(settings)
    if running and running.code != manager.code_digest():
        if renew:
            console.print("the local AWS runs older code than this checkout: starting it anew, with nothing deployed")
            stop(settings)
            running = None
        else:
            console.print("the local AWS runs older code than this checkout; `make up` starts it anew")
    if running is None:
        console.print("starting the local AWS; the first time builds its environments, which takes a minute")
    instance = manager.start(settings)
    console.print(f"the local AWS is at {settings.endpoint} (process {instance.pid}, log {manager.log_path(settings)})")
    monolith.start(settings)
    console.print(f"the old shop is at http://127.0.0.1:{settings.monolith_port} (log {monolith.log_path(settings)})")


def stop(settings: Settings) -> None:
    """Stop the local AWS, which forgets everything, and the old shop."""
    monolith.stop(settings)
    _console().print("stopped the local AWS" if manager.stop(settings) else "the local AWS was not running")


def logs(settings: Settings) -> None:
    """Print the latest lines of every function, oldest first, and where the server's own log is."""
    manager.require(settings)
    cloudwatch = client("logs", settings)
    events = [
        {**event, "group": group["logGroupName"]}
        for page in cloudwatch.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
        for event in cloudwatch.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    console = Console(highlight=False)
    for event in sorted(events, key=lambda one: one["timestamp"])[-_LATEST:]:
        when = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%H:%M:%S")
        name = event["group"].removeprefix("/aws/lambda/")
        console.print(f"{when} {name} {event['message'].rstrip()}", markup=False, soft_wrap=True)
    console.print(f"the server's own log: {manager.log_path(settings)}, the old shop's: {monolith.log_path(settings)}")


def run_job(outputs: Outputs, settings: Settings) -> None:
    """Run one real job through the deployed system and show what came of it."""
    manager.require(settings)
    try:
        job.run(dict(outputs), settings, Console(highlight=False))
    except KeyError as error:
        raise EngineError(f"the stack has no output {error}: deploy it first, with `make up`") from error
    except job.JobError as error:
        raise EngineError(str(error)) from error


def take_tour(outputs: Outputs, settings: Settings) -> None:
    """Walk through the deployed system, pattern by pattern."""
    manager.require(settings)
    try:
        tour.take(outputs, settings, Console(highlight=False))
    except tour.TourError as error:
        raise EngineError(str(error)) from error


def redrive(name: str, resources: Resources, settings: Settings) -> None:
    """Move what is in the dead-letter queue of the queue `name` (as the tree names it) back to that queue."""
    manager.require(settings)
    queues = {
        one["urn"].rpartition("::")[2]: one["inputs"] for one in resources if one["type"] == "aws:sqs/queue:Queue"
    }
    if "redrivePolicy" not in queues.get(name, {}):
        known = ", ".join(sorted(queue for queue, inputs in queues.items() if "redrivePolicy" in inputs))
        raise EngineError(f"no queue with a dead-letter queue is called {name!r}; there are: {known or 'none'}")
    source = json.loads(queues[name]["redrivePolicy"])["deadLetterTargetArn"]
    target = f"{source.rpartition(':')[0]}:{queues[name]['name']}"
    sqs = client("sqs", settings)
    # With a destination: SQS knows no source of what a function wrote into the queue itself.
    sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
    while (task := sqs.list_message_move_tasks(SourceArn=source)["Results"][0])["Status"] == "RUNNING":
        time.sleep(_PAUSE_SECONDS)
    if task["Status"] != "COMPLETED":
        raise EngineError(f"the messages of {source} were not moved: {task.get('FailureReason', task['Status'])}")
    moved = task["ApproximateNumberOfMessagesMoved"]
    _console().print(f"moved {moved} messages from {source.rpartition(':')[2]} to {queues[name]['name']}")


def run_room(resources: Resources, arguments: Mapping[str, Any], settings: Settings, *, quiet: bool) -> dict[str, Any]:
    """Show waiting rooms or switch one; answers their numbers."""
    manager.require(settings)
    try:
        numbers = room.run(resources, arguments, settings)
    except room.RoomError as error:
        raise EngineError(str(error)) from error
    if not quiet:
        room.show(numbers, Console(highlight=False))
    return numbers


def write_docs(resources: Resources) -> None:
    """Write the parts of the pages that follow from the code and from the deployed stack."""
    # With them come the components and pulumi, for which the other commands don't wait.
    from local import costs, machines, pages, picture  # noqa: PLC0415

    for page, component in picture.PAGES.items():
        pages.put(REPO / page, "picture", picture.draw(resources, component))
    for page in sorted((REPO / "docs").glob("*.md")):
        for definition in pages.drawings(page):
            pages.put(page, definition, machines.draw(REPO / definition))
    pages.put(REPO / "docs/state-machines.md", "integrations", pages.integrations())
    pages.put(REPO / "docs/local-fidelity.md", "unenforced", pages.unenforced_properties())
    for page, text in costs.tables().items():
        pages.put(REPO / page, "cost", text)


def operate_officially(command: str, settings: Settings) -> int:
    """Run `command` by the official CLI; returns its exit status."""
    try:
        return official.run(command, settings, manager.require(settings))
    except official.OfficialError as error:
        raise EngineError(str(error)) from error


def official_outputs(settings: Settings) -> dict[str, Any]:
    """The outputs of the stack that the official CLI deployed."""
    try:
        return official.outputs(settings, manager.require(settings))
    except official.OfficialError as error:
        raise EngineError(str(error)) from error


def official_resources(settings: Settings) -> list[dict[str, Any]]:
    """The resources of the stack that the official CLI deployed."""
    try:
        return official.resources(settings, manager.require(settings))
    except official.OfficialError as error:
        raise EngineError(str(error)) from error


def _console() -> Console:
    return Console(stderr=True, highlight=False)
