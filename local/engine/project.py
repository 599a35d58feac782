"""Pulumi.yaml and Pulumi.<stack>.yaml: what to run, under which interpreter, with which configuration.

https://www.pulumi.com/docs/iac/concepts/projects/project-file/ and …/stack-settings-file/
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.engine.errors import EngineError, UnsupportedError


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project on disk."""

    name: str
    root: Path
    main: Path
    """The folder that holds `__main__.py`, or the file to run."""

    interpreter: str
    defaults: Mapping[str, Any]
    """The `config` section of Pulumi.yaml."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """A stack's configuration, decrypted. Keys are `<namespace>:<name>`."""

    values: Mapping[str, str]
    secret_keys: frozenset[str]

    def of_package(self, package: str) -> dict[str, str]:
        """What configures the default provider of a package, without the package's name in the keys."""
        prefix = f"{package}:"
        return {key.removeprefix(prefix): text for key, text in self.values.items() if key.startswith(prefix)}


def load_project(root: Path) -> Project:
    """Read `root/Pulumi.yaml`. Raises EngineError when there is none or its runtime isn't Python."""
    document = _read(root / "Pulumi.yaml")
    if document is None:
        raise EngineError(f"{root}: no Pulumi.yaml here; give the project's folder with --cwd")
    runtime = document.get("runtime")
    if isinstance(runtime, str):
        runtime = {"name": runtime}
    if not isinstance(runtime, dict) or runtime.get("name") != "python":
        raise UnsupportedError(f"{root / 'Pulumi.yaml'}: a runtime other than python")
    return Project(
        name=str(document["name"]),
        root=root,
        main=root / (document.get("main") or "."),
        interpreter=interpreter(root, runtime),
        defaults=document.get("config") or {},
    )


def interpreter(root: Path, runtime: Mapping[str, Any]) -> str:
    """The Python of `runtime.options.virtualenv`, relative to the project; without one, this process's own."""
    environment = (runtime.get("options") or {}).get("virtualenv")
    if not environment:
        return sys.executable
    python = root / environment / "bin" / "python"
    if not python.exists():
        raise EngineError(f"{python} doesn't exist, though runtime.options.virtualenv names it: make that environment")
    return str(python)


def load_config(project: Project, stack: str, decrypt: Callable[[str], str]) -> Config:
    """The stack's settings over the project's defaults. Raises EngineError for a missing value without default."""
    config = stack_config(project, stack, decrypt)
    if missing := sorted(_required(project) - config.values.keys()):
        raise EngineError(f"Pulumi.{stack}.yaml lacks {', '.join(missing)}: Pulumi.yaml declares it without a default")
    return config


def stack_config(project: Project, stack: str, decrypt: Callable[[str], str]) -> Config:
    """The same, whether or not it is complete."""
    values: dict[str, str] = {}
    secret: set[str] = set()
    for key, declared in project.defaults.items():
        _set_default(_full_key(key, project.name), declared, values, secret)
    for key, value in (stack_settings(project, stack).get("config") or {}).items():
        name = _full_key(key, project.name)
        plain = _decrypted(value, decrypt)
        values[name] = _text(plain)
        if plain is not value and plain != value:
            secret.add(name)
    return Config(values=values, secret_keys=frozenset(secret & values.keys()))


def stack_settings(project: Project, stack: str) -> dict[str, Any]:
    """Pulumi.<stack>.yaml as it stands; empty when there is none."""
    return _read(project.root / f"Pulumi.{stack}.yaml") or {}


def _required(project: Project) -> set[str]:
    return {
        _full_key(key, project.name)
        for key, declared in project.defaults.items()
        if isinstance(declared, dict) and "type" in declared and not {"default", "value"} & declared.keys()
    }


def _set_default(name: str, declared: Any, values: dict[str, str], secret: set[str]) -> None:
    if not isinstance(declared, dict):
        values[name] = _text(declared)
        return
    if declared.get("secret"):
        secret.add(name)
    for field in ("default", "value"):
        if field in declared:
            values[name] = _text(declared[field])


def _full_key(key: str, project: str) -> str:
    """`aws:config:region` is the long form of `aws:region`; a bare name belongs to the project."""
    key = key.replace(":config:", ":", 1)
    return key if ":" in key else f"{project}:{key}"


def _decrypted(value: Any, decrypt: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_decrypted(child, decrypt) for child in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"secure"}:
        return decrypt(value["secure"])
    return {key: _decrypted(child, decrypt) for key, child in value.items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return (
        json.dumps(value, separators=(",", ":"), default=str) if isinstance(value, bool | dict | list) else str(value)
    )


def _read(file: Path) -> dict[str, Any] | None:
    try:
        document = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        return None
    except yaml.YAMLError as error:
        raise EngineError(f"{file}: {error}") from error
    return document if isinstance(document, dict) else {}
