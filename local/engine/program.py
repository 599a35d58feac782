"""The program's process: a child under the project's interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.engine.deployment import Scope
from local.engine.observer import Observer
from local.engine.project import Project
from local.engine.streams import pump

_CHILD: Final = Path(__file__).with_name("child.py")
_REPORTED: Final = 32


class Program:
    """A running program. What it prints goes to the observer, line by line."""

    def __init__(
        self,
        project: Project,
        scope: Scope,
        address: str,
        observer: Observer,
        *,
        environment: Mapping[str, str],
        parallel: int,
    ) -> None:
        command = [
            # -P: the engine's own folder must not be searched for the program's imports.
            *(project.interpreter, "-u", "-P", str(_CHILD)),
            *("--address", address, "--project", scope.project, "--stack", scope.stack),
            *("--root", str(project.root), "--parallel", str(parallel)),
            *(["--preview"] if scope.preview else []),
            str(project.main),
        ]
        settings = {
            "PULUMI_CONFIG": json.dumps(dict(scope.config.values)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(scope.config.secret_keys)),
        }
        # On its own: an interruption of the terminal must not end it before its steps are done.
        self._process = subprocess.Popen(
            command,
            cwd=project.main if project.main.is_dir() else project.main.parent,
            env={**os.environ, **environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._observer = observer
        self._readers = [
            pump(self._process.stdout, observer, "info"),
            pump(self._process.stderr, observer, "warning"),
        ]

    def wait(self) -> bool:
        """Wait until it ends; whether it ended well. A failure that it couldn't report itself is reported here."""
        status = self._process.wait()
        for reader in self._readers:
            reader.join()
        if status not in (0, _REPORTED):
            self._observer.message("error", f"the program ended with status {status}")
        return status == 0

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(5)
