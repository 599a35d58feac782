"""What the engine does when something goes wrong."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from local.engine import run as operations
from local.engine.errors import EngineError, LockedError
from local.engine.state import lock
from tests.local.engine_harness import Stack, ops


@pytest.fixture
def stack(tmp_path):
    return Stack(tmp_path / "project")


def test_what_depends_on_a_failure_is_skipped_and_the_rest_is_done(stack):
    stack.world.create_errors["bad"] = "CreateThing: AccessDenied: not you"
    program = """
    bad = Thing("bad")
    Thing("after", of=bad.arn)
    Thing("child", opts=ResourceOptions(parent=bad))
    Thing("good")
    pulumi.export("bad", bad.arn)
    pulumi.export("fine", "yes")
    """
    report = stack.up(program)
    assert report.exit_code == 1
    assert ops(report) == {"proj-test": "create", "good": "create"}
    assert "fake:index/thing:Thing::bad: CreateThing: AccessDenied: not you" in stack.told.text
    assert stack.told.text.count("skipped") == 2
    assert "Traceback" not in stack.told.text
    assert report.outputs == {"fine": "yes"}
    assert set(stack.entries()) == {"good"}
    stack.world.create_errors.clear()
    again = stack.up(program)
    assert again.changes == {"create": 3, "update": 0, "replace": 0, "delete": 0, "same": 2}


def test_a_resource_that_cannot_be_read_is_named_and_the_rest_is_done(stack):
    program = """
    Thing("lost", opts=ResourceOptions(id="nowhere"))
    Thing("good")
    """
    report = stack.up(program)
    assert report.exit_code == 1
    assert "there is no fake:index/thing:Thing with the id 'nowhere'" in stack.told.text
    assert "Traceback" not in stack.told.text
    assert ops(report)["good"] == "create"


def test_what_reads_a_resource_that_failed_is_skipped(stack):
    stack.world.create_errors["bad"] = "Throttled"
    report = stack.up("""
    bad = Thing("bad")
    Thing("reader", opts=ResourceOptions(id=bad.id, depends_on=[bad]))
    """)
    assert report.exit_code == 1
    assert stack.told.text.count("skipped") == 1
    assert "Traceback" not in stack.told.text


def test_nothing_is_deleted_after_a_failure(stack):
    stack.up('Thing("a", name="a")')
    stack.world.create_errors["b"] = "Throttled"
    assert stack.up('Thing("b")').exit_code == 1
    assert stack.world.things.keys() == {"a"}
    assert set(stack.entries()) == {"a"}


def test_an_exception_of_the_program_is_shown_with_its_traceback(stack):
    report = stack.preview("""
    Thing("a")
    def deep():
        raise ValueError("no such colour")
    deep()
    """)
    assert report.exit_code == 1
    assert "ValueError: no such colour" in stack.told.text
    assert "in deep" in stack.told.text
    assert "child.py" not in stack.told.text


def test_inputs_that_the_provider_refuses_stop_the_preview_with_the_reason(stack):
    report = stack.up('Thing("a", invalid=True)')
    assert report.exit_code == 1
    assert "invalid: is not accepted" in stack.told.text
    assert not stack.file.exists()


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ('Thing("a", opts=ResourceOptions(import_="x"))', "the option import"),
        ('Thing("a", opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="5m")))', "custom_timeouts"),
        ('Thing("a"); Thing("a")', "two resources have the URN"),
        ('pulumi.CustomResource("random:index:Id", "x", {})', "a provider for the package 'random'"),
        ('pulumi.runtime.call("fake:index:method", {})', "the method fake:index:method"),
    ],
)
def test_what_the_engine_does_not_know_is_refused_by_name(stack, program, named):
    assert stack.preview(program).exit_code == 1
    assert named in stack.told.text


def test_a_second_run_on_the_same_stack_is_refused_while_the_first_works(stack):
    stack.write("pass")
    run = stack.run()
    with lock(run.state), pytest.raises(LockedError, match=f"process {os.getpid()} is changing this stack"):
        operations.up(run)


def test_secrets_are_encrypted_in_the_state_and_shown_nowhere(stack):
    program = """
    a = Thing("a", password=pulumi.Output.secret("hunter2"), opts=ResourceOptions(additional_secret_outputs=["arn"]))
    pulumi.export("password", a.password if hasattr(a, "password") else pulumi.Output.secret("hunter2"))
    pulumi.export("arn", a.arn)
    """
    report = stack.up(program)
    text = stack.file.read_text()
    assert report.exit_code == 0, stack.told.text
    assert "hunter2" not in text + stack.told.text + json.dumps(report.to_json())
    assert "arn:a-0" not in text + stack.told.text + json.dumps(report.to_json())
    assert report.to_json()["outputs"] == {"password": "[secret]", "arn": "[secret]"}
    assert stack.world.things["a-0"]["password"].value == "hunter2"
    assert stat.S_IMODE(stack.file.stat().st_mode) == 0o600
    sealed = stack.entries()["a"]["inputs"]["password"]["ciphertext"]
    assert stack.up(program).changes["same"] == 2
    assert stack.entries()["a"]["inputs"]["password"]["ciphertext"] == sealed
    changed = stack.up(program.replace("hunter2", "hunter3"))
    assert ops(changed)["a"] == "update"
    assert "hunter" not in stack.told.text


def test_the_state_of_a_server_that_has_ended_is_kept_aside_and_planned_from_nothing(stack):
    stack.up('Thing("a")')
    stack.instance = "server-2"
    report = stack.up('Thing("a")')
    assert ops(report)["a"] == "create"
    assert "describes a server that has ended" in stack.told.text
    assert stack.document()["instance"] == "server-2"
    backup = stack.file.with_suffix(".json.bak")
    assert json.loads(backup.read_text())["instance"] == "server-1"


def test_a_creation_that_never_came_back_is_in_the_state_and_named_by_the_next_run(stack):
    """The file as it is while the provider works is the one that a crash would leave."""
    stack.write('Thing("a")')
    seen = {}
    stack.world.before = lambda method, name: seen.setdefault(method, stack.file.read_text())
    stack.up()
    operations_under_way = json.loads(seen["create"])["deployment"]["pending_operations"]
    assert [(o["type"], o["resource"]["urn"].rsplit("::", 1)[1]) for o in operations_under_way] == [("creating", "a")]
    stack.file.write_text(seen["create"])
    stack.preview()
    assert "the last run was interrupted while creating it" in stack.told.text


def test_an_interruption_finishes_what_runs_and_starts_nothing_more(stack):
    stack.write("""
    a = Thing("a", name="a")
    Thing("b", of=a.arn)
    """)
    noticed = threading.Event()

    def slow(method: str, name: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert noticed.wait(20)

    stack.world.before = slow
    stack.on_message = lambda text: "interrupted" in text and noticed.set()
    report = stack.up()
    assert report.exit_code == 1
    assert stack.world.of("create") == ["a"]
    assert set(stack.entries()) == {"a"}
    assert "pending_operations" not in operations_in(stack)


def operations_in(stack: Stack) -> dict:
    return {key: value for key, value in stack.document()["deployment"].items() if value}


def test_any_interpreter_runs_the_program(stack, tmp_path):
    environment = tmp_path / "project" / "env"
    stack.write("import sys\npulumi.export('python', sys.executable)")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = next((environment / "lib").glob("python*")) / "site-packages"
    (packages / "all.pth").write_text(os.pathsep.join(path for path in sys.path if path.endswith("site-packages")))
    (stack.root / "Pulumi.yaml").write_text("name: proj\nruntime:\n  name: python\n  options:\n    virtualenv: env\n")
    report = stack.preview()
    assert report.exit_code == 0, stack.told.text
    assert report.outputs == {"python": str(environment / "bin" / "python")}


def test_a_wrong_passphrase_is_said_to_be_one(stack, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "right")
    stack.up('Thing("a", password=pulumi.Output.secret("x"))')
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(EngineError, match="incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE"):
        operations.preview(replace(stack.run()))
