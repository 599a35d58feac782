"""The tour through the deployed system, as `make tour` takes it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from local.settings import Settings
from local.tour import TourError, take
from tests.local.grants import revoked

pytestmark = pytest.mark.xdist_group("reference-system")


def tour(outputs: dict[str, Any], settings: Settings) -> str:
    """What the tour prints."""
    printed = io.StringIO()
    take(outputs, settings, Console(file=printed, width=200))
    return printed.getvalue()


def test_each_pattern_does_one_real_job_and_says_what(local_aws: Settings, reference_system: dict[str, Any]) -> None:
    printed = tour(reference_system["outputs"], local_aws)
    for pattern in ("ApiGateway", "FanOutConverter", "EventSourced", "GenAiWorkflow", "VirtualWaitingRoom"):
        assert pattern in printed
    assert "the double counts once" in printed
    assert "unknown-type" in printed


def test_a_pattern_that_is_switched_off_is_left_out(local_aws: Settings, reference_system: dict[str, Any]) -> None:
    outputs = {name: value for name, value in reference_system["outputs"].items() if name.startswith("api")}
    printed = tour(outputs, local_aws)
    assert "ApiGatewayPattern" in printed
    assert "EventSourcedBatch" not in printed


def test_a_stop_that_fails_says_what_came_instead(
    local_aws: Settings, reference_system: dict[str, Any], aws: Callable[..., Any]
) -> None:
    outputs = {name: one for name, one in reference_system["outputs"].items() if name.startswith(("api", "events"))}
    with (
        revoked(aws, "serviceful-local-api-post-events-us-east-1"),
        pytest.raises(TourError, match="POST /events answers 502"),
    ):
        tour(outputs, local_aws)


def test_without_a_deployed_system_there_is_nothing_to_see(local_aws: Settings) -> None:
    with pytest.raises(TourError, match="make up"):
        tour({}, local_aws)
