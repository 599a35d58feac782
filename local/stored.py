"""The commands that read a stack's state."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console

from local.engine.crypter import Crypter, passphrase
from local.engine.errors import DONE, EngineError
from local.engine.project import load_project
from local.engine.properties import from_json, redacted, shown
from local.engine.state import StateFile, export, redacted_outputs, stack_outputs, state_path, stored_salt
from local.settings import Settings


def file_of(options: argparse.Namespace, settings: Settings) -> StateFile:
    """The file that holds the state of the stack."""
    project = load_project(options.cwd.resolve())
    path = state_path(settings.home, project.name, options.stack)
    salt = stored_salt(StateFile(path, Crypter(str)).read_json())
    return StateFile(path, Crypter(lambda: passphrase(settings.home), salt))


def outputs(options: argparse.Namespace, settings: Settings) -> int:
    """Print the stack's outputs."""
    file = file_of(options, settings)
    document = file.read_json()
    if options.show_secrets:
        found = shown(from_json(stack_outputs(document), file.crypter.decrypt), secrets=True)
    else:
        found = redacted_outputs(document)
    if options.json:
        print(json.dumps(found))
    else:
        for key, value in sorted(found.items()):
            print(f"{key}\t{value if isinstance(value, str) else json.dumps(value)}")
    return DONE


def state(options: argparse.Namespace, settings: Settings) -> int:
    """Print the state."""
    document = export(file_of(options, settings).read_json())
    print(json.dumps(document if options.json else redacted(document), indent=4))
    return DONE


def policy(options: argparse.Namespace, settings: Settings) -> int:
    """Judge the deployed stack, or a state."""
    from local import policy as pack  # noqa: PLC0415 - all rules, for which the other commands don't wait

    if options.state:
        resources = pack.resources(pack.read_state(options.state))
        resources = pack.held(resources) if options.deployed else resources
    else:
        file = file_of(options, settings)
        document = file.read_json()
        resources = pack.resources(export(document), file.crypter)
        resources = pack.held_locally(resources, document.get("instance", ""), settings)
    verdicts = pack.judged(resources, load_project(options.cwd.resolve()), rules_of(options))
    if options.json:
        print(json.dumps(verdicts.to_json()))
    else:
        verdicts.show(Console(highlight=False))
    return verdicts.exit_code


def rules_of(options: argparse.Namespace) -> dict[str, Any]:
    """How rules are configured by `--policy-pack-config`."""
    file = getattr(options, "policy_pack_config", None)
    if file is None:
        return {}
    try:
        return json.loads(file.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise EngineError(f"{file}: {error}") from error
