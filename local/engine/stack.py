"""One stack: what to run on it, its configuration and its state, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.engine.crypter import Crypter, passphrase
from local.engine.observer import Observer
from local.engine.project import Config, Project, load_config, stack_settings
from local.engine.providers import Factory
from local.engine.state import Contents, StateFile, state_path, stored_salt


@dataclass(frozen=True, kw_only=True)
class Run:
    """One operation on one stack."""

    project: Project
    stack: str
    home: Path
    """Where states and the generated passphrase are kept."""

    instance: str
    """The server that the state describes."""

    providers: Mapping[str, Factory]
    """By package, what starts a provider of it."""

    observer: Observer
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of the program and of the policy packs."""

    packs: Sequence[Path] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Policy configuration: rule to level, or to an object with `enforcementLevel` and settings. What it names goes
    over what the stack's own configuration (`passes.POLICIES_KEY`) names."""

    parallel: int = 16

    @property
    def state(self) -> Path:
        """The stack's state file."""
        return state_path(self.home, self.project.name, self.stack)


@dataclass(kw_only=True)
class Opened:
    """A stack's state and configuration."""

    file: StateFile
    contents: Contents
    config: Config
    stale: bool = False
    """The file describes another server; it is set aside before the first write."""

    def begin_writing(self, run: Run) -> None:
        """To be called before the first write."""
        if self.stale:
            backup = self.file.set_aside()
            run.observer.message("info", f"the other server's state is kept as {backup}")
            self.stale = False


def open_stack(run: Run) -> Opened:
    """Read the configuration and the state; a state of another server counts as none, after saying so.

    Raises EngineError when either can't be read or decrypted.
    """

    def phrase() -> str:
        return passphrase(run.home)

    salt = str(stack_settings(run.project, run.stack).get("encryptionsalt") or "")
    crypter = Crypter(phrase, salt)
    config = load_config(run.project, run.stack, crypter.decrypt)
    document = StateFile(run.state, crypter).read_json()
    recorded = document.get("instance", "")
    if recorded and recorded != run.instance and document["deployment"].get("resources"):
        run.observer.message(
            "warning", "the state describes a server that has ended, and its resources with it: planning from nothing"
        )
        return Opened(file=StateFile(run.state, crypter), contents=Contents(), config=config, stale=True)
    own_salt = stored_salt(document)
    file = StateFile(run.state, crypter if own_salt in ("", salt) else Crypter(phrase, own_salt))
    contents = file.load()
    for operation, entry in contents.pending:
        run.observer.message(
            "warning",
            f"the last run was interrupted while {operation} it: if it is there already, delete it by hand or "
            "restart the local AWS",
            entry.urn,
        )
    return Opened(file=file, contents=contents, config=config)
