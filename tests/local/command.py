"""`python -m local`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from local.settings import REPO, Settings


def run_local(settings: Settings, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """`python -m local …`: exit code, the JSON on stdout, and what went to stderr."""
    environment = {
        **os.environ,
        "SERVICEFUL_HOME": str(settings.home),
        "SERVICEFUL_PORT": str(settings.port),
        "SERVICEFUL_CACHE": str(settings.cache),
    }
    command = [sys.executable, "-m", "local", *arguments]
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr
