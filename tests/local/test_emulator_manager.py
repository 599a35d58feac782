"""Starting, stopping and finding the local AWS."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import psutil
import pytest

from local.emulator import envs, manager
from local.emulator.errors import EmulatorError
from local.settings import REPO, Settings
from tests.local.conftest import client_factory, free_port
from tests.local.emulation import Workbench

pytestmark = pytest.mark.local


@pytest.fixture
def settings(tmp_path):
    made = Settings(home=tmp_path / "home", port=free_port(), cache=Settings.from_environment().cache)
    yield made
    manager.stop(made)


@pytest.fixture
def bystander():
    """A program that has nothing to do with the local AWS."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def has_ended(process):
    """Whether nothing of it runs; a process that nobody has waited for yet is a zombie."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def begin_to_sleep(settings, eventually):
    """Have a function sleep in the local AWS; returns its process."""
    bench = Workbench(client_factory(settings))
    source = "import time\ndef handler(event, context): time.sleep(event)"
    function = bench.function(source, bench.role(), Timeout=60)
    bench.invoke(function, 0)
    process = next(
        p for p in psutil.process_iter(["cmdline"]) if str(settings.home) in " ".join(p.info["cmdline"] or [])
    )
    bench.aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"30")
    return process


def test_it_starts_once_and_stops_once(settings):
    instance = manager.start(settings)

    assert manager.start(settings) == instance == manager.status(settings)
    assert manager.stop(settings) is True
    assert manager.stop(settings) is False
    assert manager.status(settings) is None


def test_each_start_is_another_instance(settings):
    first = manager.start(settings)
    manager.stop(settings)

    assert manager.start(settings).id != first.id


def test_two_that_start_at_once_share_one_instance(settings):
    script = (
        "import pathlib, sys; from local.emulator import manager; from local.settings import Settings;"
        "home, port, cache = sys.argv[1:];"
        "print(manager.start(Settings(home=pathlib.Path(home), port=int(port), cache=pathlib.Path(cache))).id)"
    )
    command = [sys.executable, "-c", script, str(settings.home), str(settings.port), str(settings.cache)]
    racers = [subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ids = {racer.communicate(timeout=120)[0] for racer in racers}

    assert len(ids) == 1
    running = manager.status(settings)
    assert running is not None
    assert ids == {f"{running.id}\n"}


def test_it_listens_on_loopback_only_and_inherits_no_secret(settings, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real secret")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    process = psutil.Process(manager.start(settings).pid)

    listening = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [tuple(address) for address in listening] == [("127.0.0.1", settings.port)]
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "PYTHONPATH"} & process.environ().keys()


def test_stopping_ends_the_functions_and_removes_what_they_left(settings, eventually):
    manager.start(settings)
    function = begin_to_sleep(settings, eventually)

    manager.stop(settings)

    assert has_ended(function)
    assert not manager.data_path(settings).exists()


def test_after_a_crash_the_next_start_clears_up(settings, eventually):
    crashed = manager.start(settings)
    function = begin_to_sleep(settings, eventually)
    os.kill(crashed.pid, signal.SIGKILL)
    eventually(lambda: manager.status(settings) is None)

    assert manager.start(settings).id != crashed.id
    eventually(lambda: has_ended(function))


def test_a_program_that_got_the_recorded_process_id_is_left_alone(settings, bystander):
    manager.start(settings)
    manager.stop(settings)
    stale = {"id": "of a server that is gone", "pid": bystander.pid, "port": settings.port}
    (settings.home / "aws.json").write_text(json.dumps(stale))

    assert manager.status(settings) is None
    assert manager.stop(settings) is False
    assert bystander.poll() is None


def test_a_port_of_another_program_is_refused_with_the_way_out(settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        with pytest.raises(EmulatorError, match=f"port {settings.port} is in use by another program.*SERVICEFUL_PORT"):
            manager.start(settings)


def test_a_port_of_another_local_aws_is_refused(settings, tmp_path):
    manager.start(settings)

    with pytest.raises(EmulatorError, match="in use by the local AWS of another folder"):
        manager.start(replace(settings, home=tmp_path / "other"))


def test_a_home_whose_server_has_another_port_is_refused(settings):
    running = manager.start(settings)

    with pytest.raises(EmulatorError, match=f"already runs on port {running.port}"):
        manager.start(replace(settings, port=free_port()))


def test_a_server_that_ends_at_once_shows_the_end_of_its_log(settings, monkeypatch):
    monkeypatch.setattr(envs, "server_python", lambda cache: sys.executable)  # has no ministack

    with pytest.raises(EmulatorError, match=r"(?s)ended while it started.*No package metadata was found for ministack"):
        manager.start(settings)
    assert manager.status(settings) is None


def test_an_environment_is_built_once_and_again_when_it_is_incomplete(tmp_path):
    lock = tmp_path / "one.lock"
    stanzas = envs.FUNCTION_LOCK.read_text().split("\nsix==")
    lock.write_text("six==" + stanzas[1].split("\nurllib3==")[0])
    made = set()
    builders = [threading.Thread(target=lambda: made.add(envs.ensure("test", lock, tmp_path))) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()

    (python,) = made
    assert subprocess.run([python, "-c", "import six"], check=False).returncode == 0
    (python.parent.parent / ".complete").unlink()
    assert envs.ensure("test", lock, tmp_path) == python
    assert (python.parent.parent / ".complete").exists()


def test_an_environment_that_cannot_be_built_says_why(tmp_path):
    lock = tmp_path / "broken.lock"
    lock.write_text("six==1.17.0\n")  # without a hash

    with pytest.raises(EmulatorError, match=r"(?s)could not build the test environment.*hash"):
        envs.ensure("test", lock, tmp_path)
