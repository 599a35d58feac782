"""The pack as the Pulumi CLI runs it: a process of its own, asked over the analyzer protocol."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.protobuf import empty_pb2, json_format
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub
from pulumi_policy import policy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policies.framework.exceptions import CONFIG_KEY, NONE, Exceptions, today
from policies.framework.resources import known
from policies.framework.types import QUEUE, ROLE_POLICY, STACK, TOPIC_POLICY
from policies.judge import excepted
from policies.reading import read_once
from policies.rules import RULES
from tests.policies.builders import UNKNOWN, Record, from_example, identity_text, record, violations
from tests.policies.posters import Posters
from tests.policies.serving import LEVELS, PACK, configuration, question, reported, serving, struct

STRANGERS = ("components", "handlers", "local", "pulumi_aws", "tests")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnalyzerStub]:
    """The repository's pack, served from another folder to a program that has nothing but what the pack requires."""
    with serving(PACK, tmp_path_factory.mktemp("elsewhere"), without=STRANGERS) as stub:
        yield stub


def expected(records: list[Record], exceptions: Exceptions = NONE) -> set[tuple[str, str, str]]:
    """What the rules say when they are called."""
    return {(each.rule, each.urn, each.message) for each in violations(records, exceptions=exceptions)}


def broken(*, first_preview: bool) -> Posters:
    """A stack with violations of many kinds, some of them doubts."""
    posters = Posters(first_preview=first_preview)
    wide = [*posters.grants, {**posters.grants[0], "actions": ["s3:*"], "resources": ["*"]}]
    return (
        posters.change(ROLE_POLICY, "posters-worker", policy=identity_text(wide))
        .change(QUEUE, "posters-jobs", visibilityTimeoutSeconds=31, tags={"project": UNKNOWN})
        .change(QUEUE, "posters-jobs-dlq", messageRetentionSeconds=UNKNOWN, redriveAllowPolicy=UNKNOWN)
        .without(TOPIC_POLICY, "posters-arrivals")
    )


@pytest.mark.parametrize("first_preview", [True, False], ids=["first preview", "after the update"])
def test_the_pack_reports_what_the_rules_say(pack, first_preview):
    good = Posters(first_preview=first_preview).records()
    assert reported(pack, good) == set()
    bad = broken(first_preview=first_preview).records()
    found = reported(pack, bad)
    assert found == expected(bad)
    assert {"iam-no-wildcard-action", "ledger-grants", "tags", "tls-only", "queue-visibility-timeout"} <= {
        rule for rule, _, _ in found
    }
    assert any("cannot be judged" in message for _, _, message in found)


def test_the_pack_describes_its_rules(pack):
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "serviceful"
    assert [each.name for each in info.policies] == [rule.id for rule in RULES]
    assert all(each.url and each.remediation_steps for each in info.policies)
    levels = [pb.REMEDIATE if rule.remedy else LEVELS[rule.level] for rule in RULES]
    assert [each.enforcementLevel for each in info.policies] == levels
    (visibility,) = [each for each in info.policies if each.name == "queue-visibility-timeout"]
    assert visibility.configSchema.properties["factor"]["default"] == 6


def test_the_pack_remedies_what_the_rules_say(pack):
    for rule in (rule for rule in RULES if rule.remedy):
        for before, after in zip(from_example(rule.fails), from_example(rule.remedied), strict=True):
            remedies = [each for each in pack.Remediate(question(before)).remediations if each.policyName == rule.id]
            assert [MessageToDict(each.properties) for each in remedies] == [after["inputs"]] * (before != after)


def test_a_remedy_leaves_secrets_and_unknown_values_as_they_are(pack):
    hidden = {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": "hidden"}
    props = {"name": UNKNOWN, "tags": {"owner": hidden}, "kmsMasterKeyId": hidden}
    (remedy,) = pack.Remediate(question(record(QUEUE, "jobs", props))).remediations
    tags = {"owner": hidden, "project": "video", "stack": "test"}
    assert MessageToDict(remedy.properties) == {**props, "tags": tags}


def test_an_excepted_resource_is_not_remedied(tmp_path):
    expires = (today() + timedelta(20)).isoformat()
    entry = {"rule": "tags", "resource": f"{QUEUE}::jobs", "reason": "soon", "owner": "me", "expires": expires}
    with serving(PACK, tmp_path, config={CONFIG_KEY: json.dumps([entry])}) as stub:
        assert [len(stub.Remediate(question(record(QUEUE, name, {}))).remediations) for name in ("jobs", "other")] == [
            0,
            1,
        ]


def test_a_stack_may_choose_a_limit(tmp_path):
    with serving(PACK, tmp_path) as stub:
        stub.Configure(configuration({"queue-visibility-timeout": {"factor": 7}}))
        ((rule, _, message),) = reported(stub, Posters().records())
    assert rule == "queue-visibility-timeout"
    assert "asks for 210 s" in message


def test_the_configuration_of_the_stack_excepts_for_a_time(tmp_path):
    def exception(rule: str, name: str, days: int) -> dict[str, str]:
        expires = (today() + timedelta(days)).isoformat()
        return {"rule": rule, "resource": f"{QUEUE}::{name}", "reason": "soon", "owner": "me", "expires": expires}

    entries = [
        exception("tags", "posters-jobs", 20),
        exception("queue-visibility-timeout", "posters-jobs", 20),
        exception("queue-dead-letter-queue-guarded", "posters-jobs-dlq", -1),
    ]
    records = [*broken(first_preview=True).records(), record(STACK, "video-test", {})]
    with serving(PACK, tmp_path, config={CONFIG_KEY: json.dumps(entries)}) as stub:
        found = reported(stub, records)
    assert found == expected(records, excepted(entries))
    assert {("tags", "posters-jobs"), ("queue-visibility-timeout", "posters-jobs")}.isdisjoint(
        (rule, urn.rsplit("::", 1)[-1]) for rule, urn, _ in found
    )
    assert [rule for rule, _, _ in found if rule.startswith("exceptions")].count("exceptions-live") == 2


def test_the_pack_works_from_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "our-rules"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    with serving(folder, tmp_path, without=STRANGERS) as stub:
        assert len(stub.GetAnalyzerInfo(empty_pb2.Empty()).policies) == len(RULES)


def test_equal_properties_are_prepared_once_and_other_ones_anew(monkeypatch):
    converted = []

    def convert(message):
        converted.append(message)
        return MessageToDict(message)

    monkeypatch.setattr(json_format, "MessageToDict", convert)
    # what it replaces; an attribute that isn't there any more would be an error here
    for holder, name in (
        (policy, "deserialize_properties"),
        (policy._PolicyAnalyzerServicer, "_get_resource_options"),
        (policy._PolicyAnalyzerServicer, "_get_provider_resource"),
    ):
        monkeypatch.setattr(holder, name, getattr(holder, name))
    read_once()
    bags = [{"name": "a", "tags": ["x"]}, {"name": "a", "tags": ["x"]}, {"name": "b", "tags": ["x"]}, {}]
    read = [json_format.MessageToDict(struct(bag)) for bag in bags]
    assert read == bags
    assert converted == [struct(bag) for bag in bags[1:]]
    given = [policy.deserialize_properties(bag) for bag in read]
    assert given[0] is given[1]
    assert [known(each) for each in given] == bags
