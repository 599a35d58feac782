"""Programs of this machine that outlive the command that started them: find, wait for and end them."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

_LOG_LINES = 20


def with_argument(matches: Callable[[str], bool]) -> list[psutil.Process]:
    """The processes that have a matching argument in their command line."""
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if any(map(matches, process.info["cmdline"] or []))]


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal those that are still there."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def end(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Ask them to end; returns those that are still there after `seconds`."""
    send(processes, signal.SIGTERM)
    _, still_there = psutil.wait_procs(processes, timeout=seconds)
    return still_there


def kill(processes: list[psutil.Process], seconds: float) -> None:
    """End them, and wait until they are gone."""
    send(processes, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=seconds)


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def ask(port: int, path: str, seconds: float) -> dict[str, Any] | None:
    """The JSON object that a server on 127.0.0.1 answers, or None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else None


def is_taken(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tail(log: Path) -> str:
    """The last lines of a log, and where the rest is."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([*lines[-_LOG_LINES:], f"(the whole log: {log})"])
