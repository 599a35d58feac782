"""The table of integrations: what each needs, and that AWS knows every action in it."""

from __future__ import annotations

from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from components.core.asl.integrations import DISTRIBUTED_MAP, INTEGRATIONS, JOB, MAP_PARTS
from components.core.asl.needs import Integration
from tests.asl import derived, machine, task
from tests.asl_cases import CASES, Expected

ROWS = {
    **INTEGRATIONS,
    "distributed": DISTRIBUTED_MAP,
    **{f"{part} {name}": row for part, rows in MAP_PARTS.items() for name, row in rows.items()},
}
ACTIONS = sorted({action for row in ROWS.values() for need in (*row.needs, *row.job) for action in need.actions})


def granted(permissions: Any) -> Expected:
    return [
        (" ".join(one.actions), *one.resources, *([one.conditions] if one.conditions else [])) for one in permissions
    ]


@pytest.mark.parametrize(("integration", "arguments", "expected"), CASES)
def test_an_integration_needs_exactly_this(integration: str, arguments: Any, expected: Expected) -> None:
    assert granted(derived(machine(task(integration, arguments)))) == expected


def test_every_row_and_pattern_has_a_case() -> None:
    tried = {name for name, _, _ in CASES}
    for name, row in INTEGRATIONS.items():
        twin = name.removeprefix("aws-sdk:")
        assert name in tried or (twin in tried and INTEGRATIONS[twin].needs == row.needs), name
        for pattern in row.patterns if not name.startswith("aws-sdk:") else ():
            assert f"{name}{pattern}" in tried or pattern not in JOB, name


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_one_that_aws_has(action: str) -> None:
    service, _, name = action.partition(":")
    rows = get_action_data(service, name)
    assert rows
    assert rows[service][0]["action"] == action, "spelled as the reference does"


@pytest.mark.parametrize("name", ROWS)
def test_a_row_names_its_page(name: str) -> None:
    row: Integration = ROWS[name]
    assert row.page.startswith("https://docs.aws.amazon.com/")


def test_what_takes_no_resource_is_granted_on_everything_with_the_page_that_says_so() -> None:
    for integration, arguments, expected in CASES:
        for permission in derived(machine(task(integration, arguments))):
            if "*" in permission.resources:
                assert permission.page, integration
                for action in permission.actions:
                    service, _, name = action.partition(":")
                    formats = {row["resource_arn_format"] for row in get_action_data(service, name)[service]}
                    assert formats == {"*"}, (action, expected)
