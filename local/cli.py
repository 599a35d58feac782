"""The commands of `python -m local`: parse, call, print.

Exit status: 0 done, 1 failed, 2 refused by policy, 3 locked by another process.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from local import stored
from local.emulator.errors import EmulatorError
from local.engine import run as operations
from local.engine.display import Display, summary
from local.engine.errors import DONE, FAILED, EngineError
from local.engine.outcome import Outcome
from local.engine.project import Project, load_project
from local.engine.report import Report
from local.engine.state import export, redacted_outputs
from local.settings import REPO, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    _go_round_proxies()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return options.command(options, Settings.from_environment())
    except (EngineError, EmulatorError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return getattr(error, "exit_code", FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return FAILED


def _go_round_proxies() -> None:
    """Reach this machine directly, here and in the programs that are started: gRPC would ask a proxy for 127.0.0.1."""
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (spared, "127.0.0.1", "localhost")))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Deploy a Pulumi program on the local AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", default="local", help="name of the stack (default: local)")
    common.add_argument(
        "--cwd", type=Path, default=REPO, help="folder of the Pulumi project (default: this repository)"
    )
    common.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    engine = argparse.ArgumentParser(add_help=False)
    engine.add_argument(
        "--engine", choices=("local", "pulumi"), default="local", help="pulumi: the official CLI on PATH, on this stack"
    )
    ruled = argparse.ArgumentParser(add_help=False)
    ruled.add_argument("--policy-pack-config", type=Path, help="JSON file: rule to level or to its settings")
    policed = argparse.ArgumentParser(add_help=False, parents=[ruled])
    policed.add_argument("--policy-pack", type=Path, action="append", help="folder of a policy pack; repeatable")

    def add(name: str, command: Callable[..., int], text: str, *parents: argparse.ArgumentParser) -> Any:
        subparser = commands.add_parser(name, parents=[common, *parents], help=text, description=text)
        subparser.set_defaults(command=command)
        return subparser

    add("preview", partial(_operate, "preview"), "Show what an update would do.", policed, engine)
    add("up", partial(_operate, "up"), "Preview, check the policies, then deploy.", policed, engine)
    add("refresh", partial(_operate, "refresh"), "Read every resource and bring the state up to date.", engine)
    destroy = add("destroy", partial(_operate, "destroy"), "Delete everything and verify that it is gone.", engine)
    destroy.add_argument("--include-protected", action="store_true", help="delete protected resources too")
    outputs = add("outputs", stored.outputs, "Print the stack's outputs.")
    outputs.add_argument("--show-secrets", action="store_true", help="print secrets in plain text")
    add("state", stored.state, "Print the state, in the shape of `pulumi stack export`.")
    policy = add(
        "policy", stored.policy, "Judge the deployed stack, or a state, by the repository's policy pack.", ruled
    )
    policy.add_argument("--state", type=Path, help="file that `pulumi stack export` printed (default: this stack)")
    policy.add_argument("--deployed", action="store_true", help="read what AWS holds for the resources of --state, too")
    add("env", _env, 'Print lines that let a shell reach the local AWS: eval "$(python -m local env)".')
    start = add("start", _start, "Start the local AWS.")
    start.add_argument("--renew", action="store_true", help="end one that runs older code; it forgets what it holds")
    add("stop", _with_commands("stop"), "Stop the local AWS. It forgets everything.")
    add("logs", _with_commands("logs"), "Print the functions' latest log lines.")
    add("job", _job, "Upload a picture, wait for its renditions, show them.", engine)
    add("tour", _tour, "Walk through the deployed system: each pattern does one real job.", engine)
    prove = add("prove", _prove, "Prove that each grant is needed and that nothing more is granted.", engine)
    prove.add_argument("--only", metavar="PATTERN", default="", help="one pattern, by its name in the tree")
    prove.add_argument(
        "--sample", type=int, default=0, metavar="N", help="take so many rights of each pattern away (default: all)"
    )
    redrive = add("redrive", _redrive, "Move dead letters back to their queue.")
    redrive.add_argument("queue", help="the queue's name in the tree, such as posters-zip")
    room = add("room", _room, "Show the waiting rooms, or switch one: at once, without a deployment.")
    room.add_argument("room", nargs="?", default="", help="name of the room (default: show all)")
    room.add_argument("action", nargs="?", default="numbers", choices=("numbers", "mode", "capacity", "rotate-keys"))
    room.add_argument(
        "value", nargs="?", default="", help="queue, guard, open or closed; or visitors a minute, 0: default"
    )
    room.add_argument("--force", action="store_true", help="with rotate-keys: void all tickets and passes")
    add("docs", _docs, "Write the parts of the pages that follow from the code and the deployed stack.")
    return parser


def _start(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    commands.start(settings, renew=options.renew)
    return DONE


def _with_commands(name: str) -> Callable[[argparse.Namespace, Settings], int]:
    def command(options: argparse.Namespace, settings: Settings) -> int:
        from local import commands  # noqa: PLC0415 - boto3 and more, for which the other commands don't wait

        getattr(commands, name)(settings)
        return DONE

    return command


def _job(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    commands.run_job(_deployed_outputs(options, settings), settings)
    return DONE


def _tour(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    commands.take_tour(_deployed_outputs(options, settings), settings)
    return DONE


def _prove(options: argparse.Namespace, settings: Settings) -> int:
    from local.prove import command  # noqa: PLC0415
    from local.prove.errors import ProofError  # noqa: PLC0415

    outputs, resources = _deployed_outputs(options, settings), _resources(options, settings)
    try:
        holds = command.run(
            resources, outputs, settings, only=options.only, sample=options.sample, as_json=options.json
        )
    except ProofError as error:
        raise EngineError(str(error)) from error
    return DONE if holds else FAILED


def _deployed_outputs(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from local import commands  # noqa: PLC0415

    if options.engine == "pulumi":
        return commands.official_outputs(settings)
    return redacted_outputs(stored.file_of(options, settings).read_json())


def _redrive(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    commands.redrive(options.queue, _resources(options, settings), settings)
    return DONE


def _room(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    numbers = commands.run_room(_resources(options, settings), vars(options), settings, quiet=options.json)
    if options.json:
        print(json.dumps(numbers))
    return DONE


def _docs(options: argparse.Namespace, settings: Settings) -> int:
    from local import commands  # noqa: PLC0415

    commands.write_docs(_resources(options, settings))
    return DONE


def _resources(options: argparse.Namespace, settings: Settings) -> list[dict[str, Any]]:
    from local import commands  # noqa: PLC0415

    if getattr(options, "engine", "local") == "pulumi":
        return commands.official_resources(settings)
    return export(stored.file_of(options, settings).read_json())["deployment"].get("resources", [])


def _operate(name: str, options: argparse.Namespace, settings: Settings) -> int:
    if name == "destroy" and _nothing_runs(settings):
        # A `make down` whose server has ended already is done.
        print("the local AWS isn't running, so there is nothing to destroy", file=sys.stderr)
        return _tell(Report.of(options.stack, Outcome(Display(Console(stderr=True))), {}, 0.0), name, options)
    if options.engine == "pulumi":
        from local import commands  # noqa: PLC0415

        return commands.operate_officially(name, settings)
    console = Console(stderr=True, highlight=False)
    with Display(console) as display:
        run = _run(options, settings, display)
        report = _OPERATE[name](run, options)
    return _tell(report, name, options)


def _nothing_runs(settings: Settings) -> bool:
    from local.emulator import manager  # noqa: PLC0415

    return manager.status(settings) is None


def _tell(report: Report, name: str, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps(report.to_json()))
    else:
        Console(highlight=False).print(summary(report, name), soft_wrap=True)
    return report.exit_code


_OPERATE: dict[str, Callable[[operations.Run, argparse.Namespace], Report]] = {
    "preview": lambda run, _: operations.preview(run),
    "up": lambda run, _: operations.up(run),
    "refresh": lambda run, _: operations.refresh(run),
    "destroy": lambda run, options: operations.destroy(run, include_protected=options.include_protected),
}


def _run(options: argparse.Namespace, settings: Settings, display: Display) -> operations.Run:
    # boto3 and all that the provider needs: the commands that only read the state don't wait for it.
    from local.emulator import manager  # noqa: PLC0415
    from local.provider.servicer import AwsProvider  # noqa: PLC0415

    instance = manager.require(settings)
    project = load_project(options.cwd.resolve())
    return operations.Run(
        project=project,
        stack=options.stack,
        home=settings.home,
        instance=instance.id,
        providers={"aws": lambda: AwsProvider(settings.endpoint, root=project.root)},
        observer=display,
        environment=settings.environment(),
        packs=_packs(options, project),
        rules=stored.rules_of(options),
    )


def _packs(options: argparse.Namespace, project: Project) -> list[Path]:
    given = getattr(options, "policy_pack", None)
    if given:
        return [folder.resolve() for folder in given]
    own = REPO / "policies"
    return [own] if project.root == REPO and own.is_dir() else []


def _env(options: argparse.Namespace, settings: Settings) -> int:
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in settings.environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return DONE


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
