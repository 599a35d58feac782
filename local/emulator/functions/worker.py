"""One process of a function: Lambda's execution environment, as far as a process can be one."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, Any, cast

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")

Answer = dict[str, Any]


class Exited(Exception):
    """The function's process ended without an answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}")


class Process:
    """A running bootstrap. It ends itself when the server is gone, because its requests end then.

    `environment` are all variables that it sees. `folder` holds the unpacked code and is its working directory.
    """

    def __init__(self, python: str, handler: str, folder: Path, environment: dict[str, str]) -> None:
        marker = secrets.token_hex(16)
        reading, writing = os.pipe()
        arguments = [str(folder), "--handler", handler, "--answers", str(writing), "--marker", marker]
        try:
            self.popen = _Group(
                [python, "-P", "-s", "-u", str(BOOTSTRAP), *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                process_group=0,
                text=True,
                errors="replace",
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._requests = cast("IO[str]", self.popen.stdin)
        self._output = cast("IO[str]", self.popen.stdout)
        self._logs: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        threading.Thread(target=self._read_logs, args=[marker], daemon=True).start()
        threading.Thread(target=self._read_answers, args=[reading], daemon=True).start()

    def send(self, request: dict[str, Any]) -> None:
        """Hand over an invocation. That the process is gone shows when its answer is awaited."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()

    def answer(self, seconds: float) -> tuple[Answer, list[str]]:
        """Its next answer and what it printed before.

        Raises TimeoutError when none comes in time, and Exited when the process ended instead.
        """
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if answer is None:
            raise Exited(self.popen.wait())
        return answer, self._logs.get()

    def end(self) -> list[str]:
        """Stop it and its children at once; returns what it printed since its last answer."""
        self.popen.terminate()
        self.popen.wait()
        return self._logs.get()

    def _read_logs(self, marker: str) -> None:
        lines: list[str] = []
        with self._output:
            for line in self._output:
                if line != f"{marker}\n":
                    lines.append(line.rstrip("\n"))
                    continue
                # The newline before the marker either ended an unfinished line or made an empty one.
                self._logs.put(lines[:-1] if lines and not lines[-1] else lines)
                lines = []
        self._logs.put(lines)

    def _read_answers(self, descriptor: int) -> None:
        with os.fdopen(descriptor) as answers:
            for line in answers:
                self._answers.put(json.loads(line))
        self._answers.put(None)


class _Group(subprocess.Popen):
    """A process that ends together with its children and at once, as Lambda ends an execution environment."""

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
