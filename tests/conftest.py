"""Fixtures of all tests."""

from __future__ import annotations

import gc
from collections.abc import Callable

import hypothesis
import pytest

from tests.components import PATTERNS
from tests.recorder import Plan, record

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Plans and stacks live as long as the tests; looking through them for what can go takes a tenth of the time.
gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session", params=sorted(PATTERNS))
def pattern_plan(request: pytest.FixtureRequest) -> Plan:
    """The first preview of a program with one pattern and nothing else; once for each pattern."""
    return record(lambda: PATTERNS[request.param]("posters", None))


@pytest.fixture(scope="session")
def previewed() -> Callable[..., Plan]:
    """`record`: previews a program in memory."""
    return record


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See that `--dist loadgroup` keeps groups together; else each worker deploys what a group shares."""
    if config.getoption("loadgroup", False):
        for item in items:
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
                raise pytest.UsageError(f"this pytest-xdist ignores the group of {item.nodeid}")
