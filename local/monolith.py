"""Start and stop the old shop of `examples/monolith`, to which the reference system's API leaves the other paths.

It is an application of its own beside the local AWS, under whose name `monolith.localhost` the API reaches it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil

from local import processes
from local.emulator import envs, manager
from local.emulator.errors import EmulatorError
from local.settings import REPO, Settings

APPLICATION = "examples.monolith.shop:app"
HEALTH = "/health"
_START_SECONDS = 20
_STOP_SECONDS = 5
_ANSWER_SECONDS = 2


def start(settings: Settings) -> None:
    """Start it, if it isn't running. Raises EmulatorError when its port is taken or it doesn't answer."""
    with envs.exclusive(settings.home / "monolith.lock"):
        if answers(settings):
            return
        _end(settings)
        if processes.is_taken(settings.monolith_port):
            raise EmulatorError(
                f"port {settings.monolith_port}, one above SERVICEFUL_PORT, is in use by another program; the old shop "
                "needs it. End it, or set SERVICEFUL_PORT to a port with a free one above it."
            )
        _launch(settings)


def stop(settings: Settings) -> None:
    """End it, if it is running."""
    with envs.exclusive(settings.home / "monolith.lock"):
        _end(settings)


def answers(settings: Settings) -> bool:
    """Whether this home's shop is there and answers."""
    said = processes.ask(settings.monolith_port, HEALTH, _ANSWER_SECONDS)
    return said == {"service": "old shop"} and bool(running(settings))


def running(settings: Settings) -> list[psutil.Process]:
    """The processes of this home's shop."""
    return processes.with_argument(_mark(settings).__eq__)


def log_path(settings: Settings) -> Path:
    """What it prints."""
    return settings.home / "monolith.log"


def _launch(settings: Settings) -> None:
    python = envs.server_python(settings.cache)
    address = f"127.0.0.1:{settings.monolith_port}"
    with log_path(settings).open("w") as log:
        process = subprocess.Popen(
            [python, "-m", "hypercorn", "--workers", "0", "--bind", address, _mark(settings), APPLICATION],
            cwd=REPO,
            env=manager.inherited(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ready() -> bool:
        if process.poll() is not None:
            raise EmulatorError(f"the old shop ended while it started:\n{processes.tail(log_path(settings))}")
        return answers(settings)

    try:
        if not processes.wait(ready, _START_SECONDS):
            raise EmulatorError(
                f"the old shop did not answer within {_START_SECONDS} s:\n{processes.tail(log_path(settings))}"
            )
    except BaseException:
        _end(settings)
        raise
    process.returncode = 0  # it outlives this process: without it Popen warns that nobody waits for the server


def _end(settings: Settings) -> None:
    processes.kill(processes.end(running(settings), _STOP_SECONDS), _STOP_SECONDS)


def _mark(settings: Settings) -> str:
    """An argument by which the process of this home is known."""
    return f"--pid={settings.home / 'monolith.pid'}"
