"""What a system needs by itself, derived from its resources, held against the documents that allow it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.prove.flows import Flow, Proof, prove
from local.prove.wiring.roles import passes
from policies.framework.resources import Resource, known
from policies.framework.stack import Stack
from policies.framework.types import (
    ATTACHMENT,
    LAMBDA_PERMISSION,
    QUEUE_POLICY,
    ROLE,
    ROLE_POLICY,
    STATE_MACHINE,
    TOPIC_POLICY,
)
from policies.iam.documents import parse
from policies.iam.evaluation import decide
from tests.components import PATTERNS
from tests.updated import updated

ARRIVALS = "arn:aws:sns:eu-west-1:123456789012:serviceful-test-posters-arrivals"
Change = Callable[[dict[str, Any]], None]

TOGETHER = {"posters": "FanOutConverter", "events": "EventSourcedBatch", "room": "VirtualWaitingRoom"}


@pytest.fixture(scope="module")
def system() -> list[Resource]:
    """Three patterns after their update."""
    return updated(lambda: [PATTERNS[kind](name, None) for name, kind in TOGETHER.items()] and None)


@pytest.fixture(scope="module")
def proof(system: list[Resource]) -> Proof:
    """What the patterns' own documents prove."""
    return prove(Stack(system))


def changed(system: list[Resource], key: str, change: Change, prop: str = "policy") -> Proof:
    """The proof of the system with one document changed."""
    records = []
    for each in system:
        if each.key != key:
            records.append(each)
            continue
        props = known(each.props)
        document = json.loads(props[prop])
        change(document)
        records.append(Resource(each.type, each.name, each.urn, {**props, prop: json.dumps(document)}))
    return prove(Stack(records))


def less(system: list[Resource], key: str) -> Proof:
    """The proof of the system without one resource."""
    return prove(Stack(each for each in system if each.key != key))


def setting(path: str, value: Any) -> Change:
    """Sets one element of a document's last statement."""

    def change(document: dict[str, Any]) -> None:
        document["Statement"][-1] = {**document["Statement"][-1], path: value}

    return change


def adding(**statement: Any) -> Change:
    """Adds a statement to a document."""
    return lambda document: document["Statement"].append({"Effect": "Allow", **statement})


def arrow(flow: Flow) -> tuple[str, str, str, str]:
    request = flow.need.request
    principal = "" if request.principal.startswith("arn:") else request.principal
    return flow.need.source.split("::", 1)[1], flow.need.target.rsplit("::", 1)[-1], principal, request.action


def test_every_flow_of_the_patterns_is_proven(proof: Proof) -> None:
    assert proof.complaints == ()


@pytest.mark.parametrize(
    "expected",
    [
        ("posters-uploads", "posters-arrivals", "s3.amazonaws.com", "sns:Publish"),
        ("posters-jpeg", "posters-jpeg", "sns.amazonaws.com", "sqs:SendMessage"),
        ("posters-jpeg", "posters-jpeg", "", "sqs:GetQueueAttributes"),
        ("posters-cdn", "posters-renditions", "cloudfront.amazonaws.com", "s3:GetObject"),
        ("events-ingest", "events-log", "", "kinesis:ListShards"),
        ("events-ingest", "events-ingest-discarded", "", "sqs:SendMessage"),
        ("events-projector", "events-events", "", "dynamodb:ListStreams"),
        ("events-changes", "events-changes", "", "events:PutEvents"),
        ("events-changes", "events-changes-discarded", "", "sqs:SendMessage"),
        ("events-closing", "events-log", "", "kinesis:PutRecord"),
        ("events-closing", "events-closing-undelivered", "", "sqs:SendMessage"),
        ("events-replay/Claim", "events-pointers", "", "dynamodb:updateitem"),
        ("events-replay/ReadSegment", "events-replay-segment", "", "lambda:invokefunction"),
        ("events-replay", "*", "", "logs:CreateLogDelivery"),
        ("events-replay", "events-replay", "states.amazonaws.com", "sts:AssumeRole"),
        ("events-closing", "events-closing", "scheduler.amazonaws.com", "sts:AssumeRole"),
        ("room-ticks", "room-controller", "events.amazonaws.com", "lambda:InvokeFunction"),
    ],
    ids=" ".join,
)
def test_a_flow_is_derived_from_the_resources(proof: Proof, expected: tuple[str, ...]) -> None:
    assert expected in {arrow(flow) for flow in proof.flows}


@pytest.mark.parametrize(
    ("key", "change", "prop", "said"),
    [
        (
            f"{TOPIC_POLICY}::posters-arrivals",
            setting("Condition", {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::another"}}),
            "policy",
            "sns:Publish on arn:aws:sns:eu-west-1:123456789012:serviceful-test-posters-arrivals is allowed by no",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            adding(Principal={"Service": "sns.amazonaws.com"}, Action="sqs:*", Resource="*"),
            "policy",
            "is allowed more than once: aws:sqs/queuePolicy:QueuePolicy::posters-jpeg statement 2 (SnsOnly), "
            "aws:sqs/queuePolicy:QueuePolicy::posters-jpeg statement 3",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            setting("Action", ["sqs:SendMessage", "sqs:DeleteMessage"]),
            "policy",
            "no flow needs sqs:DeleteMessage on",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            setting("Principal", {"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}),
            "policy",
            "-jpeg for s3.amazonaws.com",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            setting(
                "Condition", {"ArnEquals": {"aws:SourceArn": [ARRIVALS, "arn:aws:sns:eu-west-1:123456789012:other"]}}
            ),
            "policy",
            "-jpeg for arn:aws:sns:eu-west-1:123456789012:other",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            setting("Action", ["sqs:SendMessage", "sqs:Send*"]),
            "policy",
            "is allowed more than once: aws:sqs/queuePolicy:QueuePolicy::posters-jpeg statement 2 (SnsOnly)",
        ),
        (
            f"{QUEUE_POLICY}::posters-jpeg",
            adding(Principal={"AWS": "*"}, Effect="Deny", Action="sqs:*", Resource="*"),
            "policy",
            "is denied by a statement",
        ),
        (
            f"{QUEUE_POLICY}::events-quarantine",
            setting("Condition", {"Bool": {"aws:SecureTransport": "false"}, "Null": {"aws:SecureTransport": "true"}}),
            "policy",
            "refuses nothing",
        ),
        (
            f"{ROLE}::events-replay",
            setting("Principal", {"Service": "lambda.amazonaws.com"}),
            "assumeRolePolicy",
            "sts:AssumeRole on arn:aws:iam::123456789012:role/serviceful-test-events-replay-eu-west-1 is allowed by no",
        ),
        (
            f"{ROLE_POLICY}::events-replay",
            adding(Action="dynamodb:DeleteTable", Resource="arn:aws:dynamodb:eu-west-1:123456789012:table/orders"),
            "policy",
            "no flow needs dynamodb:DeleteTable",
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_named(
    system: list[Resource], key: str, change: Change, prop: str, said: str
) -> None:
    complaints = changed(system, key, change, prop).complaints

    assert complaints
    assert any(key in each and said in each for each in complaints), complaints


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (f"{LAMBDA_PERMISSION}::room-ticks", "lambda:InvokeFunction"),
        (f"{QUEUE_POLICY}::posters-jpeg", "of no document"),
        (f"{ROLE_POLICY}::events-closing", "kinesis:PutRecord"),
        (f"{STATE_MACHINE}::events-replay", "no flow needs sts:AssumeRole"),
    ],
)
def test_what_is_missing_is_named(system: list[Resource], key: str, said: str) -> None:
    assert any(said in each for each in less(system, key).complaints)


def test_a_managed_policy_that_is_attached_takes_part(system: list[Resource]) -> None:
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    props = {"role": "serviceful-test-events-replay-eu-west-1", "policy": json.dumps(everything)}
    complaints = prove(Stack([*system, Resource(ATTACHMENT, "by-hand", "by-hand", props)])).complaints

    assert any("is allowed more than once" in each and f"{ATTACHMENT}::by-hand" in each for each in complaints)
    assert any("no flow needs * on *" in each for each in complaints)


def test_a_grant_is_proven_by_the_flows_that_fail_without_it(proof: Proof) -> None:
    role = "serviceful-test-posters-jpeg-eu-west-1"
    queue = "arn:aws:sqs:eu-west-1:123456789012:serviceful-test-posters-jpeg"

    assert [arrow(each)[3] for each in proof.proving(role, "sqs:DeleteMessage", queue)] == ["sqs:DeleteMessage"]
    assert proof.proving(role, "sqs:SendMessage", f"{queue}-dlq") == []  # the handler's own


def test_each_deny_refuses_a_request(proof: Proof) -> None:
    assert proof.refusals
    for each in proof.refusals:
        assert each.request
        assert each.request.context == {"aws:SecureTransport": "false"}


def test_a_deployer_passes_each_role_to_the_service_that_runs_under_it(system: list[Resource]) -> None:
    def passing(services: list[str]) -> Mapping[str, Any]:
        condition = {"StringEquals": {"iam:PassedToService": services}}
        mine = "arn:aws:iam::123456789012:role/serviceful-test-*"
        return {"Effect": "Allow", "Action": "iam:PassRole", "Resource": mine, "Condition": condition}

    wanted = list(passes(Stack(system), "arn:aws:iam::123456789012:role/deploy"))
    services = {str(each.context["iam:PassedToService"]) for each in wanted}

    assert services == {f"{one}.amazonaws.com" for one in ("lambda", "pipes", "scheduler", "states", "apigateway")}
    assert len(wanted) == len({each.resource for each in wanted})
    for each in wanted:
        assert decide(each, identity=parse({"Statement": passing(sorted(services))})).allowed
        others = sorted(services - {each.context["iam:PassedToService"]})
        assert not decide(each, identity=parse({"Statement": passing(others)})).allowed
