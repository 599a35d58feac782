"""Refreshing and destroying."""

from __future__ import annotations

import pytest

from local.engine import run as operations
from tests.local.engine_harness import Stack, ops

PROGRAM = """
a = Thing("a", name="a", colour="red")
b = Thing("b", name="b", of=a.arn)
Thing("c", name="c", opts=ResourceOptions(depends_on=[b]))
"""


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "project")
    assert stack.up(PROGRAM).exit_code == 0, stack.told.text
    return stack


def test_destroy_deletes_in_reverse_order_and_verifies(stack):
    report = operations.destroy(stack.run())
    assert report.exit_code == 0
    assert stack.world.of("delete") == ["c", "b", "a"]
    assert sorted(stack.world.of("read")) == ["a", "b", "c"]
    assert "verified: all 3 deleted resources are gone" in stack.told.text
    assert stack.document()["deployment"]["resources"] == []


def test_destroy_tells_what_is_still_there(stack):
    stack.world.undying.add("b")
    report = operations.destroy(stack.run())
    assert report.exit_code == 1
    assert "thing:Thing::b: it was deleted but is still there" in stack.told.text
    assert set(stack.entries()) == {"b"}


def test_destroy_keeps_what_a_failed_deletion_needs(stack):
    stack.world.delete_errors["b"] = "DeleteConflict"
    report = operations.destroy(stack.run())
    assert report.exit_code == 1
    assert set(stack.entries()) == {"a", "b"}
    stack.world.delete_errors.clear()
    assert operations.destroy(stack.run()).exit_code == 0


def test_destroy_deletes_nothing_while_something_is_protected(stack):
    stack.up(PROGRAM.replace('colour="red"', "opts=ResourceOptions(protect=True)"))
    assert operations.destroy(stack.run()).exit_code == 1
    assert stack.world.calls == []
    assert "--include-protected" in stack.told.text
    assert operations.destroy(stack.run(), include_protected=True).exit_code == 0
    assert stack.world.things == {}


def test_refresh_shows_drift_and_drops_what_is_gone(stack):
    stack.world.things["a"]["colour"] = "blue"
    del stack.world.things["b"]
    report = operations.refresh(stack.run())
    assert ops(report) == {"a": "update", "b": "delete", "c": "same"}
    (drift,) = [step for step in report.steps if step.op == "update"]
    assert drift.diff == ("colour",)
    assert set(stack.entries()) == {"a", "c"}
    assert "dependencies" not in stack.entries()["c"]
    repaired = stack.up(PROGRAM)
    assert ops(repaired) == {"proj-test": "same", "a": "update", "b": "create", "c": "same"}
