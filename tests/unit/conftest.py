"""What several unit tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.emulator import envs
from local.emulator.edge.runtime import EdgeRuntime
from local.settings import Settings
from tests.edge_room import Room


@pytest.fixture(scope="module")
def edge() -> Iterator[EdgeRuntime]:
    """Node, as it runs functions at the edge."""
    with EdgeRuntime(envs.node(Settings.from_environment().cache)) as runtime:
        yield runtime


@pytest.fixture
def room(edge: EdgeRuntime) -> Room:
    """A waiting room at the edge."""
    return Room(edge)
