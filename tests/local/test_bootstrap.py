"""What an account needs once: the program of `bootstrap/`, deployed under the policy pack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.settings import REPO, Settings
from tests.local.command import run_local
from tests.local.emulation import Workbench, allow
from tests.local.rest_api import TRUST_GATEWAY

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("bootstrap")]

LOGS = ["CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams"]
LOGS = [f"logs:{action}" for action in (*LOGS, "FilterLogEvents", "GetLogEvents", "PutLogEvents")]


def run(settings: Settings, command: str) -> dict[str, Any]:
    packs = () if command == "destroy" else ("--policy-pack", str(REPO / "policies"))
    code, answer, errors = run_local(settings, command, "--json", "--cwd", str(REPO / "bootstrap"), *packs)
    assert code == 0, errors
    return answer


@pytest.fixture
def gateway(aws: Callable[..., Any]) -> Any:
    return aws("apigateway")


@pytest.fixture(scope="module")
def deployed(local_aws: Settings) -> Iterator[dict[str, Any]]:
    yield run(local_aws, "up")
    run(local_aws, "destroy")


def test_the_account_logs_under_the_role_that_was_made(deployed: dict[str, Any], gateway: Any, aws: Any) -> None:
    assert deployed["policies"] == []
    role = deployed["outputs"]["api_log_role"]
    assert gateway.get_account()["cloudwatchRoleArn"] == role
    name = role.rpartition("/")[2]
    trust = aws("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert [one["Principal"] for one in trust["Statement"]] == [TRUST_GATEWAY]
    (granted,) = aws("iam").get_role_policy(RoleName=name, PolicyName="ledger")["PolicyDocument"]["Statement"]
    assert sorted(granted["Action"]) == sorted(LOGS)


def test_again_changes_nothing(deployed: dict[str, Any], local_aws: Settings) -> None:
    assert run(local_aws, "preview")["changes"]["same"] == deployed["changes"]["create"]


def test_without_it_the_account_has_no_role(local_aws: Settings, gateway: Any) -> None:
    run(local_aws, "up")
    run(local_aws, "destroy")
    assert "cloudwatchRoleArn" not in gateway.get_account()


@pytest.mark.parametrize(
    "role", ["trusts another", "may not log", "may log elsewhere", "arn:aws:iam::000000000000:role/nobody", "nonsense"]
)
def test_a_role_that_the_gateway_cant_log_by_is_refused(bench: Workbench, gateway: Any, role: str) -> None:
    """As AWS does: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html"""
    made = {
        "trusts another": lambda: bench.role(allow(LOGS, ["*"])),
        "may not log": lambda: bench.role(allow(LOGS[:-1], ["*"]), trust=TRUST_GATEWAY),
        "may log elsewhere": lambda: bench.role(
            allow(LOGS, ["arn:aws:logs:us-east-1:000000000000:log-group:mine:*"]), trust=TRUST_GATEWAY
        ),
    }
    arn = made[role]() if role in made else role
    before = json.dumps(gateway.get_account().get("cloudwatchRoleArn"))
    with pytest.raises(ClientError, match="does not have required permissions configured"):
        gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}])
    assert json.dumps(gateway.get_account().get("cloudwatchRoleArn")) == before
