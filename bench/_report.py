"""What every benchmark ends with: a line of JSON."""

from __future__ import annotations

import json
import os
import platform
import resource
from collections.abc import Mapping

Goals = Mapping[str, tuple[str, float]]
"""Figure → `>=` or `<=`, and what."""


def tell(bench: str, figures: Mapping[str, float], goals: Goals) -> None:
    """Print the figures with the machine that they are from."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(json.dumps({"bench": bench, "machine": machine, "figures": figures, "goals": goals}))


def spent_by_children() -> float:
    """Seconds of processor time of all processes that this one has started and seen end."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
