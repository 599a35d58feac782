"""What somebody changes by hand beside a deployed program is read back, and the ordinary rules name it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from local.engine.errors import REFUSED
from local.settings import Settings
from policies.deployed import UnreadableError, deployed
from policies.state import resources_of
from tests.local import by_hand
from tests.local.by_hand import Change, Client, Deployed
from tests.local.command import run_local
from tests.local.emulation import TRUST_ROOT, Workbench
from tests.local.program import Program

_SOURCE = """
from components.core.bus import Bus
from components.core.function import Function
from components.core.mac_key import MacKey
from components.core.pattern import Pattern
from components.core.secret import Secret
from components.core.stream import Stream
from components.core.table import Table
from components.core.ticker import Ticker
from components.fan_out import FanOutConverter, FanOutConverterArgs, Zip


class Parts(Pattern):
    def __init__(self):
        super().__init__("serviceful:index:Parts", "parts", physical_name=None, opts=None)
        environment = {"UPLOADS_BUCKET": "b", "UPLOADS_PREFIX": "uploads/", "MAX_BYTES": "1", "SUFFIXES": ".png"}
        function = Function(
            self,
            "form",
            handler="handlers.uploads.form",
            permissions=[],
            environment={**environment, "EXPIRES_S": "60"},
            memory_mb=128,
            timeout_s=10,
        )
        Ticker(self, "ticks", on=False).runs(function)
        Bus(self, "bus")
        Table(self, "items", key=("id", "S"))
        Stream(self, "log", retention_h=24, shards=1)
        Secret(self, "secret", description="a test's")
        MacKey(self, "key")
        self.publish()


Parts()
FanOutConverter("posters", FanOutConverterArgs(converters=[Zip()]))
"""


@pytest.fixture(scope="module")
def program(local_aws: Settings, aws: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The program, deployed for all tests of this file."""
    made = Program(tmp_path_factory.mktemp("programs") / "held", local_aws)
    made.up(_SOURCE)
    code, state, errors = run_local(local_aws, "state", "--json", "--cwd", str(made.folder))
    assert code == 0, errors
    yield Deployed(resources_of(state), aws, made)
    made.destroy()


def test_what_was_deployed_is_what_the_ledger_says(program: Deployed) -> None:
    assert program.judged() == []


@dataclass(frozen=True)
class Case:
    """A change by hand: what names it, and the findings of the ledger's rules."""

    change: Change
    rules: str
    """Those that must find something; others may."""

    named: str
    """The resource of the finding."""

    said: str


_MANAGED = "ledger-grants iam-one-document"
_UNGUARDED = "ledger-statements tls-only"

CASES = {
    "an inline policy": Case(by_hand.inline, "ledger-grants", "posters-zip/by-hand", "no ledger: Allow sqs:PurgeQueue"),
    "a policy of AWS": Case(by_hand.attached, _MANAGED, "policy/AdministratorAccess", "no ledger: Allow * on *"),
    "a managed policy": Case(by_hand.attached_own, _MANAGED, "policy/by-hand", "no ledger: Allow sqs:PurgeQueue"),
    "a service that may assume a role": Case(
        by_hand.trusting("ec2.amazonaws.com"),
        "ledger-trust iam-trust-one-service",
        "posters-zip",
        "lambda.amazonaws.com alone",
    ),
    "a statement less": Case(
        by_hand.ledger_policy(lambda statements: statements.pop(0)),
        "ledger-grants",
        "posters-zip",
        "entry 1 stands in no doc",
    ),
    "an action more": Case(
        by_hand.ledger_policy(by_hand.more("sqs:PurgeQueue", 0)),
        "ledger-grants",
        "posters-zip",
        "sqs:PurgeQueue on arn",
    ),
    "no document": Case(
        by_hand.no_document, "ledger-grants", "posters", "posters-zip-us-east-1, which has no inline document"
    ),
    "an action more on a queue": Case(
        by_hand.queue_policy(by_hand.more("sqs:GetQueueUrl", -1)),
        "ledger-statements",
        "posters-zip",
        "sqs:GetQueueUrl on arn:aws:sqs",
    ),
    "no Deny on a queue": Case(
        by_hand.queue_policy(lambda statements: statements.pop(0)), _UNGUARDED, "posters-zip", "no document: Deny sqs:*"
    ),
    "no policy of a queue": Case(
        by_hand.queue_policy(lambda statements: statements.clear()),
        _UNGUARDED,
        "posters",
        "QueuePolicy::posters-zip, which",
    ),
    "no policy of a bucket": Case(
        by_hand.bucket, _UNGUARDED, "posters", "BucketPolicy::posters-uploads, which doesn't exist"
    ),
    "another bucket for a topic": Case(
        by_hand.topic,
        "ledger-statements resource-policy-known-source",
        "posters-arrivals",
        "statement 2 (S3Only) stands in no",
    ),
    "a permission": Case(
        by_hand.permission,
        "ledger-statements",
        "parts-form/ByHand",
        "no ledger: Allow lambda:InvokeFunction on arn:aws:lambda",
    ),
    "a permission for any source": Case(
        by_hand.other_source, "ledger-statements resource-policy-confused-deputy", "parts-ticks", "stands in no ledger"
    ),
    "no permission": Case(
        by_hand.no_permission, "ledger-statements", "parts", "Permission::parts-ticks, which doesn't exist"
    ),
    "a function's address": Case(
        by_hand.url, "resource-policy-no-public-principal", "parts-form", "allows lambda:InvokeFunctionUrl to *"
    ),
    "a secret's policy": Case(
        by_hand.secret,
        "ledger-statements resource-policy-known-account",
        "parts-secret",
        "no ledger: Allow secretsmanager:Get",
    ),
    "a bus's policy": Case(
        by_hand.bus,
        "ledger-statements resource-policy-no-public-principal",
        "parts-bus",
        "no ledger: Allow events:PutEvents",
    ),
    "a table's policy": Case(by_hand.table, "ledger-statements", "parts-items", "no ledger: Allow dynamodb:GetItem"),
    "a stream's policy": Case(by_hand.stream, "ledger-statements", "parts-log", "no ledger: Allow kinesis:GetRecords"),
    "a key's policy": Case(
        by_hand.key,
        "ledger-statements resource-policy-known-account resource-policy-no-wildcard-action",
        "parts-key",
        "kms:VerifyMac on * to arn:aws:iam::444455556666:root",
    ),
    "a key's grant": Case(
        by_hand.grant, "ledger-statements", "parts-key/", "VerifyMac to arn:aws:iam::000000000000:role/held"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_change_by_hand_is_named_until_it_is_put_back(program: Deployed, case: Case) -> None:
    with ExitStack() as after:
        case.change(program, after)
        found = program.judged()

    assert {each.rule for each in found} >= set(case.rules.split())
    assert any(case.named in each.urn.rsplit("::", 1)[-1] and case.said in each.message for each in found), found
    assert program.judged() == []


def test_what_may_not_be_read_is_no_verdict(
    program: Deployed, bench: Workbench, as_role: Callable[[str], Client]
) -> None:
    nobody = as_role(bench.role(trust=TRUST_ROOT))

    with pytest.raises(UnreadableError, match="AccessDenied"):
        deployed(program.resources, lambda service, _: nobody(service))


def test_the_command_judges_what_the_local_aws_holds(program: Deployed) -> None:
    assert program.told() == (0, [])
    with ExitStack() as after:
        by_hand.inline(program, after)
        code, found = program.told()

    assert code == REFUSED
    assert [each["rule"] for each in found] == ["ledger-grants"]
