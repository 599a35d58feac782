"""The package, installed elsewhere, in a program of one component."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from local.settings import REPO, Settings
from tests.local.command import run_local


def sh(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's project with an environment of its own that holds the wheel and nothing of this repository."""
    folder = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.copytree(REPO / "examples" / "fan_out", folder)
    dist, uv = folder.parent / "dist", find_uv_bin()
    sh(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", dist, cwd=REPO)
    (wheel,) = dist.glob("*.whl")
    sh(uv, "venv", "--python", sys.executable, ".venv", cwd=folder)
    sh(
        uv,
        "pip",
        "install",
        "--python",
        ".venv/bin/python",
        "-c",
        REPO / "requirements" / "dev.lock",
        wheel,
        cwd=folder,
    )
    return folder


def deploy(project: Path, settings: Settings, command: str) -> dict[str, Any]:
    code, answer, errors = run_local(settings, command, "--json", "--cwd", str(project))
    assert code == 0, errors
    return answer


def test_the_wheel_holds_the_package_and_nothing_else(project: Path) -> None:
    where = sh(".venv/bin/python", "-c", "import serviceful; print(serviceful.__file__)", cwd=project)
    assert Path(where.strip()).is_relative_to(project / ".venv")
    site = Path(where.strip()).parent.parent
    assert not any((site / name).exists() for name in ("components", "handlers", "policies", "local", "tests"))


def test_a_ten_line_program_with_one_component_deploys_and_goes_again(project: Path, local_aws: Settings) -> None:
    assert len((project / "__main__.py").read_text().splitlines()) <= 10
    deployed = deploy(project, local_aws, "up")
    assert deployed["changes"]["create"] > 30
    assert set(deployed["outputs"]["renditions"]) == {"thumbnail-200x200", "jpeg"}
    assert deploy(project, local_aws, "preview")["changes"]["same"] == deployed["changes"]["create"]
    assert deploy(project, local_aws, "destroy")["changes"]["delete"] == deployed["changes"]["create"]
