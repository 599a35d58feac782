"""The state file: read whole, written whole and atomically.

Its shape is that of `pulumi stack export`, deployment version 3, plus one key beside it, `instance`: the server that
it describes (https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.engine import properties, resource
from local.engine.crypter import Crypter
from local.engine.errors import EngineError, LockedError
from local.engine.resource import Resource

ENGINE_VERSION: Final = "v3.260.0"
"""The release of the official engine whose state format this is."""


@dataclass(kw_only=True)
class Contents:
    """What a state file holds."""

    resources: Sequence[Resource] = ()
    pending: Sequence[tuple[str, Resource]] = ()
    """Operations under way when the file was written: `creating`, `updating`, `deleting` and the resource."""

    instance: str = ""


@dataclass(eq=False)
class StateFile:
    """One stack's state on disk. A ciphertext is kept as long as what it hides stays the same."""

    path: Path
    crypter: Crypter
    _ciphertexts: dict[tuple[str, str], str] = field(default_factory=dict)
    _lines: dict[Resource, str] = field(default_factory=dict)

    def read_json(self) -> dict[str, Any]:
        """The file as it stands, secrets encrypted; an empty deployment when there is none."""
        try:
            document = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {"version": 3, "deployment": {"manifest": _manifest()}}
        except ValueError as error:
            raise self._broken(str(error)) from error
        if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
            raise self._broken("it holds no deployment")
        return document

    def load(self) -> Contents:
        """Read and decrypt. Raises EngineError for a file of another version, or when the passphrase is wrong."""
        document = self.read_json()
        if document.get("version") != 3:
            raise EngineError(f"{self.path}: deployment version {document.get('version')}; only 3 is known")
        deployment = document["deployment"]
        operations = deployment.get("pending_operations") or []
        try:
            return Contents(
                resources=[self._read(entry) for entry in deployment.get("resources") or []],
                pending=[(operation["type"], self._read(operation["resource"])) for operation in operations],
                instance=document.get("instance", ""),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._broken(f"{type(error).__name__}: {error}") from error

    def save(self, contents: Contents) -> None:
        """Replace the file in one step: a crash leaves the old state or the new one, never half of one."""
        resources = ",\n".join(self._line(entry) for entry in contents.resources)
        operations = ",\n".join(
            f'{{"type": {json.dumps(kind)}, "resource": {self._line(entry)}}}' for kind, entry in contents.pending
        )
        deployment: dict[str, Any] = {"manifest": _manifest()}
        if self.crypter.salt:
            deployment["secrets_providers"] = {"type": "passphrase", "state": {"salt": self.crypter.salt}}
        head = json.dumps(deployment)[:-1]
        self._write(
            f'{{"version": 3,\n"deployment": {head},\n"resources": [\n{resources}\n],\n'
            f'"pending_operations": [\n{operations}\n]}},\n"instance": {json.dumps(contents.instance)}}}\n'
        )

    def set_aside(self) -> Path:
        """Keep the file as `.bak` and begin without one."""
        backup = self.path.with_suffix(".json.bak")
        self.path.replace(backup)
        return backup

    def _broken(self, why: str) -> EngineError:
        return EngineError(
            f"{self.path} is no state ({why}): restore it; or move it away and restart the local AWS, which forgets "
            "everything (`python -m local stop`, then `make up`)"
        )

    def _write(self, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".json.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        draft.replace(self.path)

    def _line(self, entry: Resource) -> str:
        if entry not in self._lines:
            self._lines[entry] = json.dumps(resource.to_json(entry, lambda text: self._seal(entry.urn, text)))
        return self._lines[entry]

    def _seal(self, urn: str, text: str) -> str:
        # Keyed by resource too, so that equal ciphertexts don't tell that two resources share a secret.
        if (urn, text) not in self._ciphertexts:
            self._ciphertexts[urn, text] = self.crypter.encrypt(text)
        return self._ciphertexts[urn, text]

    def _read(self, entry: dict[str, Any]) -> Resource:
        def unseal(ciphertext: str) -> str:
            text = self.crypter.decrypt(ciphertext)
            self._ciphertexts.setdefault((entry["urn"], text), ciphertext)
            return text

        return resource.from_json(entry, unseal)


def state_path(home: Path, project: str, stack: str) -> Path:
    """Where the state of a stack is kept."""
    return home / "state" / project / f"{stack}.json"


def export(document: dict[str, Any]) -> dict[str, Any]:
    """A state file's JSON without what only this engine adds: the shape of `pulumi stack export`."""
    filled = {key: value for key, value in document["deployment"].items() if value}
    deployment = {**filled, "metadata": {}}
    return {"version": document["version"], "deployment": deployment}


def stored_salt(document: dict[str, Any]) -> str:
    """The salt under which a state file's secrets are encrypted; empty when it has none."""
    provider = document.get("deployment", {}).get("secrets_providers") or {}
    if provider and provider.get("type") != "passphrase":
        raise EngineError(f"the state is encrypted by {provider.get('type')!r}; only passphrase is known")
    return provider.get("state", {}).get("salt", "")


def stack_outputs(document: dict[str, Any]) -> dict[str, Any]:
    """The outputs of the stack as the file holds them, secrets encrypted."""
    for entry in document["deployment"].get("resources") or []:
        if entry["type"] == "pulumi:pulumi:Stack":
            return entry.get("outputs", {})
    return {}


def redacted_outputs(document: dict[str, Any]) -> dict[str, Any]:
    """The stack's outputs for everyone to see."""
    return properties.redacted(stack_outputs(document))


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the stack's lock; it ends with the process, however that ends. Raises LockedError when another holds it."""
    file = path.with_suffix(".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            owner = handle.read().strip() or "another process"
            raise LockedError(f"{owner} is changing this stack: wait until it has ended ({file})") from error
        handle.truncate(0)
        handle.write(f"process {os.getpid()}")
        handle.flush()
        yield


def _manifest() -> dict[str, str]:
    magic = hashlib.sha256(ENGINE_VERSION.encode()).hexdigest()
    return {"time": resource.now(), "magic": magic, "version": ENGINE_VERSION}
