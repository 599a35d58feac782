"""The package, installed elsewhere, in a program of one component."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from local.settings import REPO, Settings
from tests.local.command import run_local
from tests.local.door import Door
from tests.local.event_logs import purchase
from tests.local.problems import problem

pytestmark = pytest.mark.xdist_group("wheel")


def sh(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and nothing of this repository."""
    folder = tmp_path_factory.mktemp("elsewhere")
    dist, uv, made = folder / "dist", find_uv_bin(), folder / ".venv"
    sh(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", dist, cwd=REPO)
    (wheel,) = dist.glob("*.whl")
    sh(uv, "venv", "--python", sys.executable, made, cwd=folder)
    lock = REPO / "requirements" / "dev.lock"
    sh(uv, "pip", "install", "--python", made / "bin" / "python", "-c", lock, wheel, cwd=folder)
    return made


@pytest.fixture
def example(environment: Path) -> Callable[[str], Path]:
    """`example("fan_out")`: a copy of that program, to be run in the environment."""

    def copied(name: str) -> Path:
        folder = environment.parent / name
        shutil.copytree(REPO / "examples" / name, folder)
        (folder / ".venv").symlink_to(environment)
        return folder

    return copied


def deploy(project: Path, settings: Settings, command: str, *more: str) -> dict[str, Any]:
    code, answer, errors = run_local(settings, command, "--json", "--cwd", str(project), *more)
    assert code == 0, errors
    return answer


def deploys_and_goes(project: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """Deploy under the policy pack, hand out the outputs, see that it is unchanged, and destroy everything."""
    deployed = deploy(project, settings, "up", "--policy-pack", str(REPO / "policies"))
    yield deployed["outputs"]
    assert deploy(project, settings, "preview")["changes"]["same"] == deployed["changes"]["create"]
    assert deploy(project, settings, "destroy")["changes"]["delete"] == deployed["changes"]["create"]


def test_the_wheel_holds_the_package_and_nothing_else(environment: Path) -> None:
    where = sh(environment / "bin" / "python", "-c", "import serviceful; print(serviceful.__file__)", cwd=environment)
    assert Path(where.strip()).is_relative_to(environment)
    site = Path(where.strip()).parent.parent
    assert not any((site / name).exists() for name in ("components", "handlers", "policies", "local", "tests"))


def test_a_ten_line_program_with_one_component_deploys_and_goes_again(
    example: Callable[[str], Path], local_aws: Settings
) -> None:
    project = example("fan_out")
    assert len((project / "__main__.py").read_text().splitlines()) <= 10
    for outputs in deploys_and_goes(project, local_aws):
        assert set(outputs["renditions"]) == {"thumbnail-200x200", "jpeg"}


def test_a_workflow_with_its_page_deploys_and_goes_again(example: Callable[[str], Path], local_aws: Settings) -> None:
    for outputs in deploys_and_goes(example("genai"), local_aws):
        page = Door(outputs["front"], local_aws).call("GET", "/index.html")
        assert (page.status, b"Choose a title" in page.data) == (200, True)


def test_an_api_before_a_queue_and_an_old_shop_deploys_and_goes_again(
    example: Callable[[str], Path], local_aws: Settings
) -> None:
    for outputs in deploys_and_goes(example("api_gateway"), local_aws):
        problem(Door(outputs["url"], local_aws).call("POST", "/orders", json={"title": "Talk"}), 401)


def test_an_event_log_behind_one_route_counts_what_is_sent_and_goes_again(
    example: Callable[[str], Path], local_aws: Settings, eventually: Callable[..., Any]
) -> None:
    for outputs in deploys_and_goes(example("event_sourcing"), local_aws):
        door, event = Door(outputs["url"], local_aws), purchase("order-1", time="2026-11-22T09:30:00Z")
        assert door.call("POST", "/events", json=event).status == 202
        read = partial(door.call, "GET", "/sales/2026-11-22")
        eventually(lambda ask=read: ask().status == 200, 40)
        state = read().json()["state"]
        assert state["sales"]["count"] + state["late"]["count"] == 1
