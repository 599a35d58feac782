"""Physical names: legal, within AWS's limits, and different wherever two would meet."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from components.core.naming import LONGEST, Kind, Names

NAMES = Names(project="video", stack="dev", account="111122223333", region="eu-west-1")


def test_a_name_says_project_stack_and_part() -> None:
    assert NAMES.physical("queue", "posters", "zip") == "video-dev-posters-zip"


def test_names_of_what_is_global_differ_by_region() -> None:
    elsewhere = replace(NAMES, region="us-east-1")
    for kind in ("role", "bucket"):
        assert NAMES.physical(kind, "posters") != elsewhere.physical(kind, "posters")


def test_names_of_buckets_differ_by_account() -> None:
    assert NAMES.physical("bucket", "posters") != replace(NAMES, account="444455556666").physical("bucket", "posters")


@pytest.mark.parametrize("kind", LONGEST)
def test_a_name_that_is_too_long_is_cut_and_stays_unique(kind: Kind) -> None:
    made = {NAMES.physical(kind, "p" * 600, end, suffix=".fifo") for end in ("one", "other")}
    assert len(made) == 2
    assert all(len(name) <= LONGEST[kind] and name.endswith(".fifo") for name in made)


def test_names_that_differ_only_in_illegal_characters_stay_apart() -> None:
    made = {NAMES.physical("queue", part) for part in ("a_b", "a.b", "a-b", "A_b")}
    assert len(made) == 4
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in made)


@pytest.mark.parametrize(
    ("service", "resource", "arn"),
    [
        ("sqs", "jobs", "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        ("s3", "uploads", "arn:aws:s3:::uploads"),
        ("iam", "role/worker", "arn:aws:iam::111122223333:role/worker"),
    ],
)
def test_an_arn_holds_what_its_service_puts_there(service: str, resource: str, arn: str) -> None:
    assert NAMES.arn(service, resource) == arn
    in_china = replace(NAMES, partition="aws-cn").arn(service, resource)
    assert in_china == arn.replace("arn:aws:", "arn:aws-cn:")
