"""Each type with all its properties: made, read back from AWS, unchanged, updated, replaced and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.provider import schema
from tests.local import (
    provider_cases_api,
    provider_cases_api_front,
    provider_cases_api_requests,
    provider_cases_api_stages,
    provider_cases_api_users,
    provider_cases_delivery,
    provider_cases_edge,
    provider_cases_events,
    provider_cases_events_pipes,
    provider_cases_events_streams,
    provider_cases_events_work,
    provider_cases_messaging,
    provider_cases_models,
    provider_cases_secrets,
)
from tests.local.provider_cases import Case, World
from tests.local.provider_driver import Driver

pytestmark = pytest.mark.local
CASES = [
    *provider_cases_messaging.CASES,
    *provider_cases_delivery.CASES,
    *provider_cases_edge.CASES,
    *provider_cases_api.CASES,
    *provider_cases_api_requests.CASES,
    *provider_cases_api_stages.CASES,
    *provider_cases_api_users.CASES,
    *provider_cases_api_front.CASES,
    *provider_cases_events.CASES,
    *provider_cases_events_pipes.CASES,
    *provider_cases_events_streams.CASES,
    *provider_cases_events_work.CASES,
    *provider_cases_secrets.CASES,
    *provider_cases_models.CASES,
]
every_type = pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)


# What a bucket always has, if only by default, and a topic's policy: deleting them leaves AWS's own.
ALWAYS_THERE = {
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
}


def _paths(properties: dict[str, schema.Property], prefix: str = "") -> Iterator[str]:
    for name, prop in properties.items():
        if not prop.unavailable and not prop.properties:
            yield prefix + name
        yield from _paths(prop.properties, f"{prefix}{name}.")


def _given(value: Any, prefix: str = "") -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict) and entry:
            for name, child in entry.items():
                yield from _given(child, f"{prefix}.{name}" if prefix else name)
                yield f"{prefix}.{name}" if prefix else name


# The two kinds of behaviour have one set of properties; each is given in one of them at least.
_SHARED = ("defaultCacheBehavior.", "orderedCacheBehaviors.")
# Only with a restriction, which is refused.
_NEVER = {"restrictions.geoRestriction.locations"}


def _shared(path: str) -> str:
    return next((f"behavior.{path.removeprefix(name)}" for name in _SHARED if path.startswith(name)), path)


@pytest.mark.parametrize("token", sorted({case.token for case in CASES}))
def test_every_property_that_is_handled_is_given_in_a_case(provider: Driver, token: str) -> None:
    handled = {_shared(path) for path in _paths(schema.load()[token].inputs)} - _NEVER
    cases = [case.inputs(World(provider)) for case in CASES if case.token == token]

    assert handled - {_shared(path) for inputs in cases for path in _given(inputs)} == set()


@every_type
def test_what_is_given_is_seen_in_aws(provider: Driver, aws: Any, case: Case) -> None:
    inputs = case.inputs(World(provider))

    state = provider.of(case.token).create(inputs)

    assert case.seen(aws, state.id, inputs) == case.expected(inputs)


@every_type
def test_the_same_inputs_again_change_nothing(provider: Driver, case: Case) -> None:
    inputs = case.inputs(World(provider))
    kind = provider.of(case.token)
    state = kind.create(inputs)

    assert not kind.diff(state, inputs).detailedDiff
    read = kind.read(state)
    assert (read.id, read.inputs, read.outputs) == (state.id, state.inputs, state.outputs)


@every_type
def test_a_preview_names_every_output_that_the_resource_will_have(provider: Driver, case: Case) -> None:
    inputs = case.inputs(World(provider))
    kind = provider.of(case.token)

    assert kind.preview(inputs).keys() >= kind.create(inputs).outputs.keys()


@pytest.mark.parametrize("case", [case for case in CASES if case.update], ids=lambda case: case.label)
def test_an_update_reaches_aws_and_leaves_no_difference(provider: Driver, aws: Any, case: Case) -> None:
    assert case.update is not None
    inputs = case.inputs(World(provider))
    kind = provider.of(case.token)
    state = kind.create(inputs)
    changed = case.update(inputs)
    planned = kind.diff(state, changed)

    assert planned.detailedDiff and not planned.replaces
    kind.update(state, changed)

    assert not kind.diff(state, changed).detailedDiff
    assert not kind.diff(kind.read(state), changed).detailedDiff
    assert kind.diff(state, inputs).detailedDiff


@pytest.mark.parametrize("case", [case for case in CASES if case.replace], ids=lambda case: case.label)
def test_a_change_that_aws_cannot_make_replaces(provider: Driver, case: Case) -> None:
    inputs = case.inputs(World(provider))
    kind = provider.of(case.token)
    state = kind.create(inputs)

    planned = kind.diff(state, {**inputs, **case.replace})

    assert planned.replaces and set(planned.replaces) <= set(case.replace)


@every_type
def test_what_is_deleted_reads_as_gone(provider: Driver, case: Case) -> None:
    kind = provider.of(case.token)
    state = kind.create(case.inputs(World(provider)))

    kind.delete(state)

    left = kind.read(state)
    assert left.id == "" or (case.token in ALWAYS_THERE and left.outputs != state.outputs)
    kind.delete(state)


def test_there_is_a_case_for_every_type() -> None:
    assert {case.token for case in CASES} == schema.load().keys()
