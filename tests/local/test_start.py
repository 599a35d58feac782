"""Starting and stopping what runs beside a deployment: the local AWS and the old shop."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import monolith
from local.emulator import manager
from local.emulator.errors import EmulatorError
from local.settings import Settings
from tests.local.command import run_local
from tests.local.conftest import free_port

pytestmark = pytest.mark.local


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(home=tmp_path / "home", port=free_port(), cache=Settings.from_environment().cache)
    yield made
    monolith.stop(made)
    manager.stop(made)


def start(settings: Settings, *options: str) -> tuple[manager.Instance, str]:
    code, _, said = run_local(settings, "start", *options)
    running = manager.status(settings)
    assert code == 0, said
    assert running
    return running, said


def test_both_start_once_and_stop_together(settings: Settings) -> None:
    first, _ = start(settings)
    (shop,) = monolith.running(settings)
    assert monolith.answers(settings)
    assert start(settings)[0] == first
    assert monolith.running(settings) == [shop]

    assert run_local(settings, "stop")[0] == 0
    assert manager.status(settings) is None
    assert monolith.running(settings) == []


def test_a_local_aws_that_runs_older_code_is_named_and_started_anew_on_request(settings: Settings) -> None:
    first, said = start(settings, "--renew")
    assert "older code" not in said
    record = settings.home / "aws.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "code": "of last week"}))

    kept, said = start(settings)
    assert kept.id == first.id
    assert "older code than this checkout; `make up` starts it anew" in said
    renewed, said = start(settings, "--renew")
    assert renewed.id != first.id
    assert "starting it anew" in said
    assert renewed.code == manager.code_digest()
    assert monolith.answers(settings)


def test_a_shop_that_hangs_is_replaced(settings: Settings) -> None:
    monolith.start(settings)
    (shop,) = monolith.running(settings)
    shop.suspend()
    monolith.start(settings)
    assert monolith.answers(settings)
    assert not shop.is_running()


def test_a_taken_port_is_refused_with_what_to_do(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.monolith_port))
        other.listen()
        with pytest.raises(EmulatorError, match=f"port {settings.monolith_port}, one above SERVICEFUL_PORT"):
            monolith.start(settings)


def test_the_code_of_a_server_is_known_by_its_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def digest(files: dict[str, str]) -> Any:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return manager.code_digest()

    monkeypatch.setattr(manager, "REPO", tmp_path)
    before = digest({"local/emulator/a.py": "1", "local/cli.py": "1"})
    assert digest({"local/cli.py": "2"}) == before
    assert digest({"local/emulator/a.py": "2"}) != before
    assert digest({"local/emulator/a.py": "1", "requirements/emulator.lock": "x"}) != before
