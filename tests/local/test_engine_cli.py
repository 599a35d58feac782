"""The command line, against a local AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.engine.state import lock
from local.settings import REPO, Settings
from tests.local.conftest import client_factory

PROGRAM = """
import pulumi
import pulumi_aws as aws

dead = aws.sqs.Queue("dead", name="cli-dead")
queue = aws.sqs.Queue("queue", name="cli-queue", visibility_timeout_seconds=TIMEOUT)
west = aws.Provider("west", region="eu-west-1")
topic = aws.sns.Topic("topic", name="cli-topic", opts=pulumi.ResourceOptions(provider=west))
pulumi.export("queue", queue.arn)
pulumi.export("topic", topic.arn)
pulumi.export("account", aws.get_caller_identity().account_id)
pulumi.export("token", pulumi.Output.secret("hunter2"))
"""

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def never(args, report):
    if args.resource_type == "aws:sqs/queue:Queue":
        report("no queues")

PolicyPack("never", policies=[ResourceValidationPolicy("no-queues", "No queues.", never,
    enforcement_level=EnforcementLevel.MANDATORY)])
"""


class CommandLine:
    """Runs `python -m local` on a project of its own."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.environment = {
            **os.environ,
            "SERVICEFUL_HOME": str(settings.home),
            "SERVICEFUL_PORT": str(settings.port),
            "SERVICEFUL_CACHE": str(settings.cache),
        }
        (root / "Pulumi.yaml").write_text(f"name: {root.name.replace('_', '-')}\nruntime: python\n")
        (root / "Pulumi.local.yaml").write_text("config:\n  aws:region: us-east-1\n")

    def __call__(self, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local", *map(str, arguments), "--cwd", str(self.root)]
        done = subprocess.run(command, cwd=REPO, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done

    def json(self, *arguments: object, status: int = 0) -> dict:
        return json.loads(self(*arguments, "--json", status=status).stdout)


@pytest.fixture
def local(tmp_path, local_aws):
    return CommandLine(tmp_path, local_aws)


@pytest.mark.local
def test_a_program_is_deployed_changed_and_destroyed(local, local_aws):
    client = client_factory(local_aws)
    program = local.root / "__main__.py"
    program.write_text(PROGRAM.replace("TIMEOUT", "60"))
    planned = local.json("preview")
    assert planned["changes"] == {"create": 5, "update": 0, "replace": 0, "delete": 0, "same": 0}
    assert planned["outputs"]["account"] == "000000000000"
    assert client("sqs").list_queues(QueueNamePrefix="cli-").get("QueueUrls", []) == []

    done = local.json("up")
    assert done["changes"]["create"] == 5
    assert done["outputs"] == {
        "queue": "arn:aws:sqs:us-east-1:000000000000:cli-queue",
        "topic": "arn:aws:sns:eu-west-1:000000000000:cli-topic",
        "account": "000000000000",
        "token": "[secret]",
    }
    assert local.json("up")["changes"]["same"] == 5

    program.write_text(PROGRAM.replace("TIMEOUT", "90").replace('dead = aws.sqs.Queue("dead", name="cli-dead")', ""))
    changed = local.json("up")
    (update,) = [entry for entry in changed["resources"] if entry["op"] == "update"]
    assert update["diff"] == ["visibilityTimeoutSeconds"]
    assert changed["changes"] == {"create": 0, "update": 1, "replace": 0, "delete": 1, "same": 3}

    assert local.json("outputs")["token"] == "[secret]"
    assert local.json("outputs", "--show-secrets")["token"] == "hunter2"
    exported = local("state", "--json").stdout
    assert "hunter2" not in exported
    assert json.loads(exported).keys() == {"version", "deployment"}

    client("sqs").set_queue_attributes(
        QueueUrl=client("sqs").get_queue_url(QueueName="cli-queue")["QueueUrl"], Attributes={"VisibilityTimeout": "30"}
    )
    refreshed = local.json("refresh")
    assert [entry["diff"] for entry in refreshed["resources"] if entry["op"] == "update"] == [
        ["visibilityTimeoutSeconds"]
    ]

    assert local.json("destroy")["changes"]["delete"] == 4
    assert "resources" not in json.loads(local("state", "--json").stdout)["deployment"]
    assert client("sqs").list_queues(QueueNamePrefix="cli-").get("QueueUrls", []) == []


@pytest.mark.local
def test_settings_for_real_accounts_and_proxies_lead_nowhere(local):
    (local.root / "__main__.py").write_text('import pulumi_aws as aws\naws.sns.Topic("t", name="ambient")\n')
    nowhere = "http://127.0.0.1:9"
    local.environment |= {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "x", "AWS_ENDPOINT_URL_SNS": nowhere}
    local.environment |= dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), nowhere)
    assert local.json("up")["changes"]["create"] == 2
    assert "the server's own log" in local("logs").stdout
    assert local.json("destroy")["changes"]["delete"] == 2


@pytest.mark.local
def test_the_exit_status_tells_a_policys_refusal_and_a_lock(local):
    (local.root / "__main__.py").write_text('import pulumi_aws as aws\naws.sqs.Queue("q", name="refused")\n')
    pack = local.root / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(PACK)
    refused = local.json("up", "--policy-pack", pack, status=2)
    assert [(finding["rule"], finding["level"]) for finding in refused["policies"]] == [("no-queues", "mandatory")]
    relaxed = local.root / "rules.json"
    relaxed.write_text('{"no-queues": "advisory"}')
    local("preview", "--policy-pack", pack, "--policy-pack-config", relaxed)
    state = local.settings.home / "state" / local.root.name.replace("_", "-") / "local.json"
    with lock(state):
        assert "is changing this stack" in local("destroy", status=3).stderr


def test_without_a_server_the_next_step_is_named(tmp_path):
    local = CommandLine(tmp_path, Settings(home=tmp_path / "home", port=4799, cache=tmp_path / "cache"))
    assert "make up" in local("preview", status=1).stderr
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4799" in local("env").stdout
    assert local.json("outputs") == {}


def test_when_the_server_has_ended_there_is_nothing_to_destroy(tmp_path):
    local = CommandLine(tmp_path, Settings(home=tmp_path / "home", port=4799, cache=tmp_path / "cache"))
    assert local.json("destroy")["changes"]["delete"] == 0


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    local = CommandLine(tmp_path, Settings(home=tmp_path / "file", port=4799, cache=tmp_path / "cache"))
    refused = local("preview", status=1).stderr
    assert str(tmp_path / "file") in refused
    assert "Traceback" not in refused
