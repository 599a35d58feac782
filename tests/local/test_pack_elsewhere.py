"""The pack in another project, in an environment of its own that its own requirements make."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from local.settings import REPO
from tests.local.engine_harness import Stack

PROGRAM = """
import json
statement = {"Effect": "Allow", "Action": "sqs:SendMesage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"}
document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

def make(type_, **props):
    pulumi.ComponentResource(type_, "worker", props).register_outputs(props)

make("aws:iam/rolePolicy:RolePolicy", role="worker", policy=document)
make("aws:cloudwatch/logGroup:LogGroup", name="worker")
"""
CONFIG = """
config:
  serviceful:policyExceptions:
    - {rule: tags, resource: "aws:cloudwatch/logGroup:LogGroup::worker", reason: soon, owner: me, expires: 2020-01-31}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack's folder, somewhere else, as `pulumi install` leaves it."""
    folder = tmp_path / "guard-rails"
    shutil.copytree(REPO / "policies", folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    uv, made = find_uv_bin(), folder / ".venv"
    python = ("--python", made / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True)
    requirements = folder / "requirements.txt"
    subprocess.run([uv, "pip", "sync", "--quiet", *python, "--require-hashes", requirements], check=True)
    return folder


@pytest.mark.slow
def test_the_pack_judges_another_project_from_its_own_environment(pack, tmp_path):
    stack = Stack(tmp_path / "project", packs=[pack])
    stack.write(PROGRAM, CONFIG)
    report = stack.preview()
    assert report.exit_code == 2, stack.told.text
    said = {finding.rule: finding.message for finding in report.findings if finding.level == "mandatory"}
    assert "SendMesage" in said["iam-action-exists"]
    assert "expired on 2020-01-31" in said["exceptions"]
    remedied = {finding.rule: finding.message for finding in report.findings if finding.level == "remediate"}
    assert "retentionInDays: nothing → 365" in remedied["log-retention"]
    assert '"project": "proj"' in remedied["tags"]
