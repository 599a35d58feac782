"""A small Pulumi program of this repository's components, deployed from a folder of its own under the policy pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.settings import REPO, Settings
from tests.local.command import run_local

_PROJECT = """name: {name}
runtime: python
"""
_STACK = """config:
  aws:region: us-east-1
  serviceful:protectData: "false"
  serviceful:platform: host
"""
_HEAD = f"""import sys

sys.path.insert(0, {str(REPO)!r})
"""


@dataclass(frozen=True)
class Program:
    """A project whose source can change from one update to the next."""

    folder: Path
    settings: Settings
    config: Mapping[str, str] = field(default_factory=dict)
    """More keys of the stack's configuration."""

    def up(self, source: str) -> dict[str, Any]:
        """Deploy this source; what `up --json` printed."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "Pulumi.yaml").write_text(_PROJECT.format(name=self.folder.name))
        (self.folder / "Pulumi.local.yaml").write_text(
            _STACK + "".join(f"  {key}: {value}\n" for key, value in self.config.items())
        )
        (self.folder / "__main__.py").write_text(_HEAD + source)
        return self._run("up", "--policy-pack", str(REPO / "policies"))

    def outputs(self) -> dict[str, Any]:
        """What the program exports, secrets in plain text."""
        return self._run("outputs", "--show-secrets")

    def destroy(self) -> dict[str, Any]:
        """Delete everything that was deployed."""
        return self._run("destroy")

    def _run(self, command: str, *more: str) -> dict[str, Any]:
        code, answer, errors = run_local(self.settings, command, "--json", "--cwd", str(self.folder), *more)
        assert code == 0, errors
        return answer
