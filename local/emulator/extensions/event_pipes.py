"""Pipes filter, transform and deliver under their role, and give back what they were told.

On AWS a pipe reads its source and calls its target with its role
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html), shapes each event by a template
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html), and treats failures as
its source parameters say (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html).
The stock server knows DynamoDB streams to machines and topics alone, without role, filter or template; it takes every
other pipe, calls it running, and forgets its parameters. Here, what isn't done is refused.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import responses
from ministack.services import lambda_svc, pipes

from local.emulator import frame, principals
from local.emulator.event_sources import streams
from local.emulator.frame import Server
from local.emulator.pipes import settings
from local.emulator.pipes.pollers import QueuePipe, Run, StreamPipe
from local.emulator.pipes.settings import Pipe

NAME = "event_pipes"
SERVICE = "pipes.amazonaws.com"
_KEPT = ("SourceParameters", "TargetParameters", "LogConfiguration")


def install(server: Server) -> None:
    for name in ("_pipes", "_error"):
        frame.require(NAME, pipes, name)
    frame.require(NAME, lambda_svc, "_match_esm_filter")
    frame.replace(NAME, pipes, "_ensure_poller", "", lambda original: lambda: None)
    frame.replace(NAME, pipes, "_initial_position", "pipe", lambda original: lambda pipe: 0)
    frame.replace(NAME, pipes, "_create_pipe", "name body", lambda original: _creating(original, server))
    frame.replace(NAME, pipes, "_update_pipe", "name body", _updating)
    frame.replace(NAME, pipes, "_describe_response", "pipe", _describing)


def _creating(original: Any, server: Server) -> Any:
    def create(name: str, body: dict[str, Any]) -> Any:
        arn = f"arn:aws:pipes:{responses.get_region()}:{responses.get_account_id()}:pipe/{name}"
        problem = settings.problem(body) or _role_problem(body.get("RoleArn", ""), arn)
        if problem:
            return pipes._error(400, "ValidationException", problem)
        status, headers, answer = original(name, body)
        if status == 200:
            pipe = pipes._pipes[name]
            pipe.update({kept: body[kept] for kept in _KEPT if body.get(kept)}, CreationId=responses.new_uuid())
            _start(pipe, server)
        return status, headers, answer

    return create


def _updating(original: Any) -> Any:
    def update(name: str, body: dict[str, Any]) -> Any:
        pipe = pipes._pipes.get(name)
        if pipe is None:
            return original(name, body)
        parameters = {kept: _merged(pipe.get(kept) or {}, body[kept]) for kept in _KEPT if body.get(kept)}
        changed: Pipe = {**pipe, **body, **parameters, "Source": pipe["Source"]}
        problem = settings.problem(changed) or _role_problem(changed["RoleArn"], pipe["Arn"])
        if problem:
            return pipes._error(400, "ValidationException", problem)
        pipe.update(parameters)
        return original(name, body)

    return update


def _describing(original: Any) -> Any:
    return lambda pipe: {**original(pipe), **{kept: pipe[kept] for kept in _KEPT if pipe.get(kept)}}


def _merged(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Parameters after an update: each object that it names is replaced as a whole, but for where reading began.

    https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_UpdatePipe.html
    """
    merged = {**before, **given}
    for name, parameters in before.items():
        if isinstance(parameters, dict) and "StartingPosition" in parameters:
            merged[name] = {"StartingPosition": parameters["StartingPosition"], **merged[name]}
    return merged


def _start(pipe: Pipe, server: Server) -> None:
    run = Run(pipe, server.endpoint)
    if settings.service(pipe["Source"]) == "sqs":
        QueuePipe(run).start()
        return
    lambda_svc._ensure_poller()  # announces what comes to the sources
    starting = settings.source_parameters(pipe)["StartingPosition"]
    StreamPipe(run, streams.beginning(pipe["Source"], starting)).start()


def _role_problem(role_arn: str, pipe_arn: str) -> str | None:
    if principals.assumable(role_arn, SERVICE, pipe_arn):
        return None
    return f"Role {json.dumps(role_arn)} does not exist or does not let {SERVICE} assume it."
