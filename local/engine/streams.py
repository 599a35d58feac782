"""What a child process prints, line by line to the observer."""

from __future__ import annotations

import threading
from typing import IO

from local.engine.observer import Observer, Severity


def pump(stream: IO[str] | None, observer: Observer, severity: Severity) -> threading.Thread:
    """Read a stream to its end in the background."""

    def read() -> None:
        if stream is None:
            return
        with stream:
            for line in stream:
                if line.strip():
                    observer.message(severity, line.rstrip())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
