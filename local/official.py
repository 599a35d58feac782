"""Run the official Pulumi CLI on the local AWS: our provider as its plugin, its state in a folder of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from local.emulator.manager import Instance
from local.engine.crypter import passphrase
from local.settings import REPO, Settings

STACK = "local"
_COMMANDS = {
    "preview": ["preview", "--policy-pack", "policies"],
    "up": ["up", "--yes", "--skip-preview", "--policy-pack", "policies"],
    "refresh": ["refresh", "--yes", "--skip-preview"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


class OfficialError(Exception):
    """The CLI isn't there, or failed."""


def run(command: str, settings: Settings, instance: Instance) -> int:
    """Run `preview`, `up`, `refresh` or `destroy` by the CLI on PATH; returns its exit code."""
    config = _prepare(settings, instance)
    arguments = [*_COMMANDS[command], "--stack", STACK, "--config-file", str(config), "--non-interactive"]
    return subprocess.run([_cli(), *arguments], cwd=REPO, env=_environment(settings, instance), check=False).returncode


def outputs(settings: Settings, instance: Instance) -> dict[str, Any]:
    """The stack's outputs as the CLI keeps them."""
    return _shown(["stack", "output", "--json"], settings, instance)


def resources(settings: Settings, instance: Instance) -> list[dict[str, Any]]:
    """The stack's resources as the CLI exports them, secrets encrypted."""
    return _shown(["stack", "export"], settings, instance)["deployment"].get("resources", [])


def _shown(command: list[str], settings: Settings, instance: Instance) -> dict[str, Any]:
    config = _prepare(settings, instance)
    return json.loads(_quietly([*command, "--stack", STACK], config.parent, settings, instance))


def _prepare(settings: Settings, instance: Instance) -> Path:
    """Make the stack of this server instance where there is none; returns its config file.

    The CLI writes the salt of a new stack's secrets into the stack's config file. It is given a copy, so that no file
    of the repository changes.
    """
    work = _folder(settings, instance)
    config = work / f"Pulumi.{STACK}.yaml"
    if not config.exists():
        work.mkdir(parents=True, exist_ok=True)
        (work / "Pulumi.yaml").write_text("name: serviceful\nruntime: python\n")
        config.write_text((REPO / f"Pulumi.{STACK}.yaml").read_text())
        try:
            _quietly(["stack", "init", STACK], work, settings, instance)
        except OfficialError:
            shutil.rmtree(work)
            raise
    return config


def _quietly(arguments: list[str], folder: Path, settings: Settings, instance: Instance) -> str:
    command = [_cli(), *arguments, "--non-interactive"]
    done = subprocess.run(
        command, cwd=folder, env=_environment(settings, instance), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OfficialError(f"pulumi {' '.join(arguments)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _environment(settings: Settings, instance: Instance) -> dict[str, str]:
    """The plugin is on PATH for this one command: on an exported PATH it would be taken for a real stack too."""
    return {
        **os.environ,
        **settings.environment(),
        "PATH": f"{REPO / 'local' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{_folder(settings, instance)}",
        "PULUMI_CONFIG_PASSPHRASE": passphrase(settings.home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _folder(settings: Settings, instance: Instance) -> Path:
    """The local AWS forgets when it stops, so a state belongs to one run of it."""
    return settings.home / "pulumi" / instance.id


def _cli() -> str:
    found = shutil.which("pulumi")
    if not found:
        raise OfficialError("no `pulumi` on PATH: install Pulumi's CLI, or leave ENGINE out")
    return found
