"""One pass over the program: start it, answer it, delete what it no longer has, let the policies judge the whole."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from local.engine.deletes import Deleter
from local.engine.deployment import Deployment, Scope
from local.engine.errors import EngineError
from local.engine.monitor import EngineService, MonitorService, Server
from local.engine.outcome import Outcome
from local.engine.pack import Pack, PackSettings
from local.engine.policy import Policies
from local.engine.program import Program
from local.engine.providers import Providers, reference
from local.engine.snapshot import Snapshot
from local.engine.stack import Opened, Run
from local.engine.urn import is_provider

POLICIES_KEY: Final = "policies"
"""The project's configuration key that configures policies: an object, rule to level or to its settings."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A pass that has ended."""

    outcome: Outcome
    outputs: Mapping[str, Any]
    """The stack's."""


def carry_out(run: Run, opened: Opened, *, preview: bool) -> Passed:
    """Run the program once. What happens is in the outcome; raises EngineError when the pass can't even begin."""
    scope = Scope(
        project=run.project.name, stack=run.stack, root=run.project.root, config=opened.config, preview=preview
    )
    outcome = Outcome(run.observer)
    snapshot = Snapshot(opened.contents, run.instance, None if preview else opened.file)
    providers = Providers(run.providers)
    server, engine = Server(), EngineService(run.observer)
    with ExitStack() as ending:
        if not preview:
            ending.callback(snapshot.save)
        ending.callback(server.stop)
        policies = _policies(run, scope, server.address, ending)
        ending.enter_context(interruptible(outcome))
        deployment = Deployment(scope, snapshot, providers, policies, outcome)
        server.start(engine, MonitorService(deployment))
        _run_program(run, scope, server.address, deployment)
        outcome.program_failed = outcome.program_failed or engine.errors > 0
        deleter = Deleter(
            snapshot=snapshot, providers=providers, outcome=outcome, preview=preview, parallel=run.parallel
        )
        _clean_up(run, deleter, deployment)
        if outcome.succeeded:
            _judge_stack(deployment, policies)
    root = snapshot.current(deployment.root)
    return Passed(outcome=outcome, outputs=root.outputs if root else {})


@contextmanager
def interruptible(outcome: Outcome) -> Iterator[None]:
    """Note an interruption the moment it comes, so that no new step starts, and then raise KeyboardInterrupt."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        outcome.interrupted = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _policies(run: Run, scope: Scope, address: str, ending: ExitStack) -> Policies:
    configured = scope.config.values.get(f"{scope.project}:{POLICIES_KEY}")
    settings = PackSettings(
        engine=address,
        project=scope.project,
        stack=scope.stack,
        config=scope.config,
        preview=scope.preview,
        environment=run.environment,
        observer=run.observer,
        rules={**(json.loads(configured) if configured else {}), **run.rules},
    )
    policies = Policies()
    ending.callback(policies.close)
    for folder in run.packs:
        pack = Pack(folder, settings)
        ending.callback(pack.close)
        policies.add(pack)
    return policies


def _run_program(run: Run, scope: Scope, address: str, deployment: Deployment) -> None:
    program = Program(run.project, scope, address, run.observer, environment=run.environment, parallel=run.parallel)
    try:
        if not program.wait():
            deployment.outcome.program_failed = True
    except KeyboardInterrupt:
        run.observer.message("warning", "interrupted: waiting for the running steps")
        deployment.cancel()
        program.stop()


def _clean_up(run: Run, deleter: Deleter, deployment: Deployment) -> None:
    """Delete what the program no longer has. After a failure nobody can tell what that is, so everything is kept."""
    doomed = deployment.snapshot.leftovers(deployment.handled())
    if doomed and deployment.outcome.succeeded:
        deleter.run(doomed)
    elif doomed:
        run.observer.message("info", "nothing was deleted, because something failed")


def _judge_stack(deployment: Deployment, policies: Policies) -> None:
    resources = deployment.snapshot.resources()
    providers = {reference(entry.urn, entry.id): entry for entry in resources if is_provider(entry.type)}
    asked = deployment.delete_before_replace
    try:
        deployment.outcome.judge(policies.review_stack(resources, asked, providers, deployment.root))
    except EngineError as error:
        deployment.outcome.fail(deployment.root, str(error))
