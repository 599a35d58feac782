"""Tells pollers that some source may have something new, so that they needn't ask it all the time."""

from __future__ import annotations

import threading


class Wake:
    """A counter that whoever waits can watch."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """How often it was announced so far."""
        return self._count

    def announce(self) -> None:
        """Wake everybody who waits."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Return the count once it isn't `seen` any more, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, timeout=seconds)
            return self._count


wake = Wake()
"""Announced for each message, record and change that the server takes."""
