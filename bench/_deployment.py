"""A program on a local AWS of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.emulator import manager
from local.settings import REPO, Settings

_HEAD = f"import sys\n\nsys.path.insert(0, {str(REPO)!r})\n"


@contextmanager
def local_aws() -> Iterator[Settings]:
    """A local AWS with a folder of its own; both end with the block."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder, "home"), port=_free_port(), cache=Settings.from_environment().cache)
        manager.start(settings)
        try:
            yield settings
        finally:
            manager.stop(settings)


@contextmanager
def deployed(name: str, source: str) -> Iterator[tuple[Settings, dict[str, str]]]:
    """The local AWS with the program `source` deployed, and what that exports; both end with the block."""
    with local_aws() as settings:
        yield settings, _up(settings.home.parent / name, source, settings)


def _up(project: Path, source: str, settings: Settings) -> dict[str, str]:
    project.mkdir()
    (project / "Pulumi.yaml").write_text(f"name: {project.name}\nruntime: python\n")
    config = {"aws:region": settings.region, "serviceful:protectData": "false", "serviceful:platform": "host"}
    (project / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))
    (project / "__main__.py").write_text(_HEAD + source)
    where = {
        "SERVICEFUL_HOME": str(settings.home),
        "SERVICEFUL_PORT": str(settings.port),
        "SERVICEFUL_CACHE": str(settings.cache),
    }
    command = [sys.executable, "-m", "local", "up", "--json", "--cwd", str(project)]
    done = subprocess.run(command, env={**os.environ, **where}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["outputs"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
