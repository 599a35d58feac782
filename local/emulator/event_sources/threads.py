"""Threads that end with the server: nothing that waits or retries may keep it from stopping."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable


def start(name: str, work: Callable[[], None]) -> threading.Thread:
    """Run `work` beside everything else, in a copy of this context."""
    thread = threading.Thread(name=name, target=contextvars.copy_context().run, args=[work], daemon=True)
    thread.start()
    return thread


def side_by_side(name: str, works: Iterable[Callable[[], None]]) -> None:
    """Run all of `works` at once and wait until each has ended."""
    first, *others = works
    threads = [start(name, work) for work in others]
    first()
    for thread in threads:
        thread.join()
