"""Work side by side, as far as it doesn't disturb itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Job = TypeVar("Job")

WORKERS = 4
"""Exercises wait most of their time: more than processors."""


def side_by_side(
    jobs: Iterable[Job],
    work: Callable[[Job], Sequence[Job]],
    conflict: Callable[[Job, Job], bool],
    workers: int = WORKERS,
) -> None:
    """Do each job, and whatever jobs it leaves, first come first served; none beside one that it is in conflict with.

    Raises the first error of a job, after those under way have ended.
    """
    waiting, running, errors = list(jobs), list[Job](), list[BaseException]()
    changed = threading.Condition()

    def take() -> Job | None:
        while (waiting or running) and not errors:
            for job in waiting:
                if not any(conflict(job, other) for other in running):
                    waiting.remove(job)
                    running.append(job)
                    return job
            changed.wait()
        return None

    def lane() -> None:
        while True:
            with changed:
                job = take()
            if job is None:
                return
            left: Sequence[Job] = ()
            try:
                left = work(job)
            except BaseException as error:
                errors.append(error)
            with changed:
                running.remove(job)
                waiting[:0] = left
                changed.notify_all()

    threads = [threading.Thread(target=lane, name=f"proof-{number}", daemon=True) for number in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as interrupt:
        errors.append(interrupt)  # no job begins any more; what is taken away comes back as those under way end
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]
