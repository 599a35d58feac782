"""What the reference system needs by itself, over the documents that the local AWS holds for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from local import commands
from local.prove import decisions
from local.prove.documents import Documents, decided, documents_of
from local.prove.flows import prove
from local.prove.wiring.need import find
from local.prove.wiring.roles import passes
from local.settings import REPO, Settings
from policies.deployed import deployed
from policies.framework.stack import Stack
from policies.iam.documents import parse
from policies.iam.evaluation import Request, decide
from policies.state import resources_of
from tests.components import PATTERNS
from tests.local.command import run_local
from tests.updated import updated

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def system(reference_system: dict[str, Any], local_aws: Settings, aws: Client) -> Stack:
    """The reference system with the documents that AWS holds."""
    assert reference_system["changes"]["delete"] == 0
    code, state, errors = run_local(local_aws, "state", "--json")
    assert code == 0, errors
    return Stack(deployed(resources_of(state), lambda service, _: aws(service)))


@pytest.mark.xdist_group("reference-system")
def test_each_flow_of_the_reference_system_rests_on_one_document(system: Stack) -> None:
    proof = prove(system)

    assert proof.complaints == ()
    assert len(proof.flows) > 200


@pytest.mark.xdist_group("reference-system")
def test_the_local_aws_decides_as_the_evaluator_does(
    system: Stack, reference_system: dict[str, Any], local_aws: Settings
) -> None:
    """Every decision that IAM has made here, of a role or a service of the system, is the evaluator's, too."""
    commands.run_job(reference_system["outputs"], local_aws)
    documents, compared = documents_of(system), 0
    for request, allowed in _decisions(local_aws, documents, system):
        target = find(system, request.resource)
        answer = decided(request, *documents.for_(request, target.key if target else ""))
        assert answer.allowed is allowed, request
        compared += 1

    assert compared > 30


@pytest.mark.xdist_group("reference-system")
def test_the_deployer_needs_what_the_page_says(system: Stack) -> None:
    page = (REPO / "docs" / "aws.md").read_text()
    (written,) = [block for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "iam:PassRole" in block]
    statement = json.loads(written.replace("111122223333", "000000000000").replace("-dev-", "-local-"))
    services = statement["Condition"]["StringEquals"]["iam:PassedToService"]
    wanted = list(passes(system, "arn:aws:iam::000000000000:role/deploy"))

    assert sorted({each.context["iam:PassedToService"] for each in wanted}) == services
    assert all(decide(each, identity=parse({"Statement": statement})).allowed for each in wanted)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_flow_of_a_pattern_rests_on_one_document(pattern: str) -> None:
    proof = prove(Stack(updated(lambda: PATTERNS[pattern]("one", None))))

    assert proof.complaints == ()
    assert proof.flows


def _decisions(settings: Settings, documents: Documents, system: Stack) -> Iterator[tuple[Request, bool]]:
    """What was asked, each once, and the answer. The log doesn't say which tags a resource had."""
    requests: dict[str, tuple[Request, bool]] = {}
    for each in decisions.since(settings, 0):
        principal = _principal(each.principal, documents)
        tagged = each.resource.partition(":guardrail/")[1]
        if principal and not tagged and (principal.startswith("arn:") or find(system, each.resource)):
            requests[repr((principal, each.action, each.resource, each.keys, each.allowed))] = (
                Request(principal=principal, action=each.action, resource=each.resource, context=_sent(each.keys)),
                each.allowed,
            )
    yield from requests.values()


def _principal(arn: str, documents: Documents) -> str:
    """The role of a session, where it is the system's; or a service."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn if arn.endswith(".amazonaws.com") else ""
    kind, _, name = parts[5].partition("/")
    role = name.partition("/")[0]
    return f"arn:aws:iam::{parts[4]}:role/{role}" if kind == "assumed-role" and role in documents.of_roles else ""


def _sent(keys: Mapping[str, str | list[str]]) -> dict[str, str | tuple[str, ...]]:
    return {key: value if isinstance(value, str) else tuple(value) for key, value in keys.items()}
