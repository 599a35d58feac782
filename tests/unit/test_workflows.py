"""The workflows run what they say, and nothing that can change under them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from local.settings import REPO

WORKFLOWS = sorted((REPO / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def jobs(path: Any) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text())["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_commits_and_tokens_to_what_they_need(path: Any) -> None:
    document = yaml.safe_load(path.read_text())
    assert document["permissions"]["contents"] == "read"
    used = [step["uses"] for job in jobs(path) for step in job["steps"] if "uses" in step]
    assert used
    assert all(PINNED.fullmatch(action) for action in used), used


@pytest.mark.parametrize("name", ["preview", "up"])
def test_what_reaches_aws_comes_by_oidc_with_the_pack_and_without_the_local_provider(name: str) -> None:
    document = yaml.safe_load((REPO / ".github" / "workflows" / f"{name}.yml").read_text())
    assert document["permissions"]["id-token"] == "write"
    (job,) = document["jobs"].values()
    assert job["env"]["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"
    steps = {step["uses"].partition("@")[0]: step["with"] for step in job["steps"] if "uses" in step}
    assert steps["aws-actions/configure-aws-credentials"]["allowed-account-ids"]
    assert steps["pulumi/actions"]["command"] == name
    assert (REPO / steps["pulumi/actions"]["policyPacks"] / "PulumiPolicy.yaml").is_file()


def test_checks_run_the_commands_of_the_readme() -> None:
    commands = [
        step["run"] for job in jobs(REPO / ".github/workflows/checks.yml") for step in job["steps"] if "run" in step
    ]
    assert commands == ["make check", ".ci/run"]
    assert (REPO / ".ci/run").read_text().endswith("exec make test\n")
