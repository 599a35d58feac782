"""CloudFront Functions on a kept Node process."""

from __future__ import annotations

import json
import selectors
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.js")
RUNTIME = "cloudfront-js-2.0"
_LONGEST_S = 2.0
"""On AWS a run takes about a millisecond of compute at most; this only ends one that never does."""


class EdgeFunctionError(Exception):
    """A function threw, has no handler, or took too long: CloudFront answers 503."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """The key value store that is associated with a function."""

    items: Mapping[str, str]
    id: str = "store"
    created: str = ""
    """ISO 8601."""
    updated: str = ""


@dataclass
class EdgeRuntime:
    """Runs one call at a time in one process of `node`, started when first needed. Use it as a context, or close it."""

    node: str
    _process: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self,
        code: str,
        event: Mapping[str, Any],
        *,
        store: Store | None = None,
        runtime: str = RUNTIME,
        now_ms: int | None = None,
    ) -> Any:
        """What the handler returns. `now_ms` is the time that the function sees, by default the real one.

        Raises EdgeFunctionError.
        """
        request = {
            "code": code,
            "event": event,
            "runtime": runtime,
            "store": store and vars(store),
            "now": int(time.time() * 1000) if now_ms is None else now_ms,
        }
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            answer = json.loads(self._ask(line))
        if "error" in answer:
            raise EdgeFunctionError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """End the process; a later run starts another."""
        with self._lock:
            self._end()

    def __enter__(self) -> EdgeRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, line: bytes) -> bytes:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = subprocess.Popen(
                [self.node, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert process.stdin and process.stdout
        try:
            process.stdin.write(line)
            process.stdin.flush()
            with selectors.DefaultSelector() as waiting:
                waiting.register(process.stdout, selectors.EVENT_READ)
                if not waiting.select(_LONGEST_S):
                    raise EdgeFunctionError(f"the function did not end within {_LONGEST_S:.0f} s")
            answer = process.stdout.readline()
        except (OSError, EdgeFunctionError) as error:
            self._end()
            raise EdgeFunctionError(str(error)) from error
        if not answer:
            self._end()
            raise EdgeFunctionError("the process of the function ended")
        return answer

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
