"""A local AWS for the tests: a server of its own, on a free port, in a temporary folder."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import key_value_stores, monolith, processes
from local.emulator import manager
from local.settings import ACCESS_KEY, SECRET_KEY, Settings
from tests.events import LOGS
from tests.local import third_party
from tests.local.command import run_local
from tests.local.emulation import Workbench, unique
from tests.local.event_logs import DeployedLog, purchase
from tests.local.machines import Machines
from tests.local.program import Program
from tests.local.provider_cases import World
from tests.local.provider_driver import Driver, driver
from tests.local.workflow import Workflow
from tests.local.workflow import source as workflow_source

CONFIG = Config(
    inject_host_prefix=False, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=60
)

# Like the SDKs' newest versions: without it boto3 still signs S3 forms by version 2.
S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4"))

Client = Callable[..., Any]


def free_port() -> int:
    """A port of the loopback interface that nothing uses now, and neither the one above, for the old shop.

    Both lie below the ports that Linux and macOS give to whoever asks for any: those are taken at any moment.
    """
    chance = random.SystemRandom()  # tests set the seed of the shared one, the same in each process
    while True:
        port = chance.randrange(10_000, 32_000, 2)
        if not processes.is_taken(port) and not processes.is_taken(port + 1):
            return port


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A running local AWS with IAM enforced; it ends with the tests, and shares only the cache with other servers."""
    settings = Settings(home=tmp_path_factory.mktemp("aws"), port=free_port(), cache=Settings.from_environment().cache)
    manager.start(settings)
    try:
        yield settings
    finally:
        manager.stop(settings)


def client_factory(settings: Settings) -> Client:
    """`factory("s3")`: a client of this local AWS, as its root user unless other credentials are given."""

    @functools.cache
    def client(service: str, **credentials: str) -> Any:
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY, **credentials}
        config = S3_CONFIG if service == "s3" else CONFIG
        if signature := key_value_stores.signature(service):
            config = CONFIG.merge(Config(signature_version=signature))
        session: Any = boto3.session.Session()
        made = session.client(
            service, endpoint_url=settings.endpoint, region_name=settings.region, config=config, **keys
        )
        made.meta.events.register(key_value_stores.CALLS, key_value_stores.address(settings.endpoint))
        return made

    return client


@pytest.fixture(scope="session")
def aws(local_aws: Settings) -> Client:
    """`aws("s3")`: a client of the local AWS with the root user's credentials."""
    return client_factory(local_aws)


@pytest.fixture(scope="session")
def as_role(aws: Client) -> Callable[[str], Client]:
    """`as_role(arn)("s3")`: a client with a session of the role, whose trust policy must allow the root user."""

    def assume(role_arn: str) -> Client:
        session = aws("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]

        def client(service: str) -> Any:
            return aws(
                service,
                aws_access_key_id=session["AccessKeyId"],
                aws_secret_access_key=session["SecretAccessKey"],
                aws_session_token=session["SessionToken"],
            )

        return client

    return assume


def _eventually(predicate: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {predicate}")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """`eventually(predicate, seconds=20)`: ask until the answer is truthy and return it; fail at the deadline."""
    return _eventually


@pytest.fixture(scope="session")
def bench(aws: Client) -> Workbench:
    """Makes roles, functions and queues for contract tests."""
    return Workbench(aws)


@pytest.fixture(scope="session")
def machines(aws: Client, bench: Workbench, eventually: Callable[..., Any]) -> Machines:
    """Makes and runs state machines."""
    return Machines(aws, bench, eventually)


@pytest.fixture(scope="module")
def table(aws: Client) -> tuple[str, str]:
    """The name and ARN of a table with the key `id` and one item."""
    name = unique("table")
    made = aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]
    aws("dynamodb").put_item(TableName=name, Item={"id": {"S": "there"}, "flag": {"BOOL": True}, "n": {"N": "1"}})
    return name, made["TableArn"]


@pytest.fixture(scope="module")
def bucket(aws: Client) -> str:
    """The name of a bucket."""
    name = unique("bucket")
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def reference_system(local_aws: Settings) -> Iterator[dict[str, Any]]:
    """The reference system, deployed by `python -m local up --json`; what that printed. The old shop runs beside it."""
    code, deployed, errors = run_local(local_aws, "up", "--json")
    assert code == 0, errors
    monolith.start(local_aws)
    try:
        yield deployed
    finally:
        monolith.stop(local_aws)


@pytest.fixture(scope="session")
def event_logs(local_aws: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The outputs of the program with an event log of each kind, deployed."""
    source = Path(__file__).with_name("event_logs_program.py").read_text()
    return Program(tmp_path_factory.mktemp("programs") / "event-logs", local_aws).up(source)["outputs"]


@pytest.fixture(scope="session", params=LOGS)
def log(request: pytest.FixtureRequest, event_logs: dict[str, Any], local_aws: Settings, aws: Client) -> DeployedLog:
    """One of the program's logs; each test that uses it runs over both."""
    log = DeployedLog(request.param, event_logs["logs"][request.param], event_logs["url"], local_aws, aws)
    if log.kind == "fifo":  # else what failed hides for six timeouts of the function
        aws("sqs").set_queue_attributes(QueueUrl=log.log_url, Attributes={"VisibilityTimeout": "5"})
        log.append([first := purchase(unique("first"))])  # whoever receives it has asked before the change
        _eventually(lambda: log.kept_of(first["aggregate"]))
    return log


@pytest.fixture(scope="session")
def titles(local_aws: Settings, aws: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    """A GenAiWorkflow with all that is around it, deployed."""
    with third_party.running() as partner:
        program = Program(tmp_path_factory.mktemp("programs") / "titled", local_aws)
        outputs = program.up(workflow_source(partner.url))["outputs"]
        try:
            yield Workflow(local_aws, aws, _eventually, partner, outputs)
        finally:
            program.destroy()


@pytest.fixture(scope="module")
def configured(local_aws: Settings) -> Iterator[Driver]:
    """The provider, configured for the local AWS."""
    with driver(local_aws) as made:
        yield made


@pytest.fixture
def provider(configured: Driver) -> Iterator[Driver]:
    """The provider; what a test makes by it is deleted at the test's end."""
    yield configured
    configured.clean_up()


@pytest.fixture
def world(provider: Driver) -> World:
    """What a resource under test needs around it."""
    return World(provider)
