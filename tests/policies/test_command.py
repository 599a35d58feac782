"""`python -m local policy`: the verdicts on a state, for people and for scripts."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.cli import main
from policies.framework.exceptions import CONFIG_KEY, today
from policies.framework.types import LOG_GROUP, STACK
from tests.policies.builders import record, rows
from tests.policies.posters import Posters

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


class Command:
    """Runs the command on a state, as a project of its own."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.state = root / "state.json"
        self._capsys = capsys
        monkeypatch.setenv("COLUMNS", "200")
        (root / "Pulumi.yaml").write_text("name: video\nruntime: python\n")
        self.holds([*Posters().records(), record(STACK, "video-test", {})])

    def holds(self, records: list[dict[str, Any]]) -> None:
        """Let the state hold these."""
        self.state.write_text(json.dumps({"version": 3, "deployment": {"resources": rows(records)}}))

    def excepts(self, *entries: dict[str, Any]) -> None:
        """Let the stack's settings except these."""
        (self.root / "Pulumi.test.yaml").write_text(yaml.dump({"config": {CONFIG_KEY: list(entries)}}))

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        status = main(["policy", "--cwd", str(self.root), "--state", str(self.state), *map(str, arguments)])
        said = self._capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    return Command(tmp_path, monkeypatch, capsys)


def without_retention() -> list[dict[str, Any]]:
    """A stack with one violation."""
    return [
        *Posters().change(LOG_GROUP, "posters-worker", retentionInDays=0).records(),
        record(STACK, "video-test", {}),
    ]


def excepting(days: int) -> dict[str, Any]:
    """An exception from that violation."""
    return {
        "rule": "log-retention",
        "resource": f"{LOG_GROUP}::posters-worker",
        "reason": "the auditors are here",
        "owner": "video-team",
        "expires": today() + timedelta(days),
    }


def test_a_stack_that_passes_is_told_so(command):
    status, said, _ = command()
    assert status == 0
    assert "0 violations, 0 exceptions in force" in said
    assert command("--json")[:2] == (0, "[]\n")


def test_a_violation_is_shown_with_what_to_do(command):
    command.holds(without_retention())
    status, said, _ = command()
    assert status == 2
    for part in ("medium", "log-retention", "posters-worker", "keeps events for ever", "Set retentionInDays"):
        assert part in said
    assert "1 violation," in said


def test_an_exception_in_the_stacks_settings_counts_and_is_shown(command):
    command.holds(without_retention())
    command.excepts(excepting(40))
    status, said, _ = command()
    assert status == 0
    for part in ("days left", "40", "the auditors are here", "video-team", "0 violations, 1 exception in force"):
        assert part in said
    command.excepts(excepting(-1))
    status, said, _ = command("--json")
    assert status == 2
    assert [each["rule"] for each in json.loads(said)] == ["log-retention", "exceptions"]


def test_the_settings_of_another_project_except_nothing(command):
    command.holds(without_retention())
    command.excepts(excepting(40))
    (command.root / "Pulumi.yaml").write_text("name: another\nruntime: python\n")
    assert command()[0] == 2


def test_a_level_is_chosen_as_for_the_pack(command):
    command.holds(without_retention())
    rules = command.root / "rules.json"
    for chosen in ({"log-retention": "advisory"}, {"all": {"enforcementLevel": "advisory"}}):
        rules.write_text(json.dumps(chosen))
        status, said, _ = command("--json", "--policy-pack-config", rules)
        assert status == 0
        assert [each["level"] for each in json.loads(said)] == ["advisory"]
    rules.write_text(json.dumps({"log-retention": "disabled"}))
    assert command("--json", "--policy-pack-config", rules)[:2] == (0, "[]\n")


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [({"log-retentions": "advisory"}, "names log-retentions"), ({"log-retention": "loud"}, "'loud' is no level")],
)
def test_a_configuration_that_is_none_is_refused(command, chosen, reason):
    rules = command.root / "rules.json"
    rules.write_text(json.dumps(chosen))
    status, _, said = command("--policy-pack-config", rules)
    assert status == 1
    assert reason in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "state.json"), ("[]", "is no state"), ('{"version": 3, "deployment": {}}', "holds no resources")],
)
def test_what_is_no_state_is_refused(command, text, reason):
    command.state.write_text(text)
    status, _, said = command()
    assert status == 1
    assert reason in said


def test_an_encrypted_secret_cannot_be_judged(command):
    secret = {SIGNATURE: SECRET, "ciphertext": "v1:x:y"}
    command.holds([*Posters().change(LOG_GROUP, "posters-worker", retentionInDays=secret).records()])
    status, said, _ = command("--json")
    assert status == 2
    assert {each["rule"] for each in json.loads(said)} == {"log-retention"}
    assert "cannot be judged" in said
