"""checkov over Terraform plans: its own policies for AWS, without network, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._report import spent_by_children
from local.emulator import envs
from local.settings import REPO, Settings

LOCK = REPO / "requirements" / "peers.lock"
_OURS_ALONE = ("BC_", "CKV_", "CHECKOV_", "PRISMA_")
"""What checkov's settings in the environment begin with; some of them make it ask its vendor."""


@dataclass(frozen=True)
class Findings:
    """What checkov said of some plans."""

    failed: Mapping[str, frozenset[tuple[str, str]]]
    """Plan → check and address of the resource."""

    titles: Mapping[str, str]
    """Check → what it asks for."""

    seconds: float
    """Of the whole process."""

    cpu_s: float


def judge(plans: Mapping[str, Mapping[str, Any]]) -> Findings:
    """What checkov finds in each plan, given by name; builds its environment if it is missing."""
    python = envs.ensure("peers", LOCK, Settings.from_environment().cache)
    with tempfile.TemporaryDirectory() as folder:
        for name, plan in plans.items():
            Path(folder, f"{name}.json").write_text(json.dumps(plan))
        began, spent = time.perf_counter(), spent_by_children()
        report = _run(python, folder)
        seconds, cpu_s = time.perf_counter() - began, spent_by_children() - spent
    failed: dict[str, set[tuple[str, str]]] = {name: set() for name in plans}
    titles = {}
    for each in report["results"]["failed_checks"]:
        failed[Path(each["file_path"]).stem].add((each["check_id"], each["resource"]))
        titles[each["check_id"]] = each["check_name"]
    return Findings({name: frozenset(found) for name, found in failed.items()}, titles, seconds, cpu_s)


def _run(python: Path, folder: str) -> dict[str, Any]:
    """Its report. `--skip-download` keeps it from asking its vendor for titles and severities."""
    command = [python.with_name("checkov"), "--directory", folder, "--framework", "terraform_plan"]
    command += ["--check", "CKV_AWS_*,CKV2_AWS_*", "--skip-download", "--output", "json", "--compact", "--quiet"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_OURS_ALONE)}
    done = subprocess.run(
        [*map(str, command), "--soft-fail"], capture_output=True, text=True, env=environment, cwd=folder, check=True
    )
    return json.loads(done.stdout)
