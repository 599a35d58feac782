"""What a FanOutConverter registers, and what it refuses before it registers anything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from components import FanOutConverter, FanOutConverterArgs, Thumbnail, ToJpeg, Zip
from components.core.pattern import NotYet
from components.fan_out import defaults
from components.fan_out.converters import Converter
from local.settings import REPO
from tests.recorder import Plan, record


def plan_of(*converters: Converter, **arguments: Any) -> Plan:
    return record(lambda: FanOutConverter("posters", FanOutConverterArgs(converters=converters, **arguments)))


QUEUE = "aws:sqs/queue:Queue"


class OwnConverter(Converter):
    kind = "own"  # pyrefly: ignore
    extension = "own"  # pyrefly: ignore
    handler = "handlers.own"
    reads = ()
    memory_default_mb = 128
    timeout_default_s = 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"converters": []}, "converters is empty"),
    ({"converters": [Zip(), Zip()]}, "2 converters are named 'zip'"),
    ({"converters": [Zip(name="a"), Zip(name="b", prefix="a/b/")]}, "'a/' and 'a/b/', which overlap"),
    ({"converters": [Zip(name="b", prefix="a/b/"), Zip(name="a")]}, "'a/b/' and 'a/', which overlap"),
    ({"converters": [Zip(name="form")]}, "can't be named 'form'"),
    ({"converters": [Zip(), Zip(name="zip-dlq")]}, "can't be named 'zip-dlq'"),
    ({"converters": [Zip(prefix="zip")]}, "must end in a slash"),
    ({"converters": [Zip(name="Zip it")]}, "a-z, 0-9 and single hyphens"),
    ({"converters": [Zip(timeout_s=901)]}, "timeout_s=901 is not within 1-900"),
    ({"converters": [Zip(memory_mb=64)]}, "memory_mb=64 is not within 128-10,240"),
    ({"converters": [Zip(max_concurrency=1)]}, "max_concurrency=1 is not within 2-1,000"),
    ({"converters": [Thumbnail(0, 300)]}, "0x300 is not within 1-8,192 pixels"),
    ({"converters": [Thumbnail(10, 10, fit="stretch")]}, "fit='stretch'"),  # type: ignore[arg-type]
    ({"converters": [ToJpeg(quality=0)]}, "quality=0 is not within 1-100"),
    ({"converters": [ToJpeg(suffixes=(".heic",))]}, "suffix '.heic' is none of"),
    ({"converters": [ToJpeg()], "accept": [".jpg"]}, "none of which is accepted"),
    ({"converters": [Zip()], "accept": ["PNG"]}, "begin with a dot and are in lower case"),
    ({"converters": [Zip()], "max_upload_mb": 0}, "max_upload_mb=0 is not within 1-5,120"),
    ({"converters": [Zip()], "max_megapixels": 1001}, "max_megapixels=1001 is not within 1-1,000"),
    ({"converters": [Zip()], "form_expires_s": 3601}, "form_expires_s=3601 is not within 1-3,600"),
    ({"converters": [Zip()], "upload_origins": []}, "upload_origins is empty"),
    ({"converters": [Zip()], "physical_name": "A_B"}, "physical_name('A_B')"),
]


@pytest.mark.parametrize(("arguments", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_wrong_arguments_are_refused_before_anything_is_registered(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as refused:
        FanOutConverterArgs(**arguments).check("posters")
    assert 'FanOutConverter("posters")' in str(refused.value)
    seen: list[str] = []

    def program() -> None:
        try:
            FanOutConverter("posters", FanOutConverterArgs(**arguments))
        except ValueError as error:
            seen.append(str(error))

    assert record(program).leaves == []
    assert seen == [str(refused.value)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"},
        {"completion_bus_arn": "arn:aws:events:eu-west-1:123456789012:event-bus/b"},
        {"converters": [OwnConverter()]},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_what_is_to_come_is_refused_by_name(arguments: dict[str, Any]) -> None:
    everything: dict[str, Any] = {"converters": [Zip()], **arguments}
    with pytest.raises(NotYet, match="not available yet") as refused:
        FanOutConverterArgs(**everything).check("posters")
    assert "docs/fan-out.md" in str(refused.value)


def test_a_component_name_that_makes_no_physical_name_is_refused() -> None:
    with pytest.raises(ValueError, match="a-z, 0-9 and single hyphens"):
        FanOutConverterArgs(converters=[Zip()]).check("Posters!")


def test_a_branch_is_woken_only_by_what_it_takes() -> None:
    plan = plan_of(ToJpeg(), Zip())
    subscription = plan.one("aws:sns/topicSubscription:TopicSubscription", "posters-jpeg").inputs
    assert subscription["filterPolicyScope"] == "MessageBody"
    keys = json.loads(subscription["filterPolicy"])["Records"]["s3"]["object"]["key"]
    assert {"suffix": ".png"} in keys
    assert {"suffix": ".jpg"} not in keys


def test_a_branch_gets_its_own_queue_raw_and_gives_bad_uploads_up_to_its_own_dead_letter_queue() -> None:
    plan = plan_of(ToJpeg(), Zip())
    subscription = plan.one("aws:sns/topicSubscription:TopicSubscription", "posters-zip")
    assert subscription.inputs["rawMessageDelivery"] is True
    assert plan.one(QUEUE, "posters-zip").urn in subscription.property_dependencies["endpoint"]
    told = plan.one("aws:lambda/function:Function", "posters-zip").property_dependencies["environment"]
    assert [urn for urn in told if ":Queue::" in urn] == [plan.one(QUEUE, "posters-zip-dlq").urn]


def test_another_converter_touches_no_branch_that_is_there() -> None:
    def branches(plan: Plan) -> dict[str, Any]:
        return {leaf.key: leaf.inputs for leaf in plan.leaves if "dashboard" not in leaf.type}

    before, after = branches(plan_of(Zip())), branches(plan_of(Zip(), Thumbnail(30, 30)))
    assert {key: after[key] for key in before} == before
    assert all("thumbnail-30x30" in key for key in set(after) - set(before))


def test_a_converter_reads_uploads_and_writes_below_its_own_prefix_only() -> None:
    plan = plan_of(Zip(), ToJpeg())
    grants = [g for g in plan.ledger("grants") if g["because"].endswith("convert.zip")]
    objects = {
        r.split(":::")[1].partition("/")[2]: g["actions"] for g in grants for r in g["resources"] if ":s3:::" in r
    }
    assert objects == {
        "uploads/*": ["s3:GetObject"],
        "zip/*": ["s3:GetObject", "s3:PutObject"],
        "": ["s3:ListBucket"],
    }
    (listing,) = [grant for grant in grants if grant["actions"] == ["s3:ListBucket"]]
    assert listing["conditions"] == {"StringLike": {"s3:prefix": ["uploads/*"]}}


def test_a_converter_has_room_for_the_largest_upload_and_its_rendition() -> None:
    disks = [
        plan_of(Zip(), max_upload_mb=size).one("aws:lambda/function:Function", "posters-zip").inputs["ephemeralStorage"]
        for size in (100, 1000, 5120)
    ]
    assert disks == [{"size": 512}, {"size": 2000}, {"size": 10_240}]


def test_the_upload_form_may_put_uploads_and_nothing_else() -> None:
    grants = [g for g in plan_of(Zip()).ledger("grants") if g["because"].endswith("uploads.form")]
    on_data = [g for g in grants if g["actions"][0].split(":")[0] not in ("logs", "xray")]
    assert [g["actions"] for g in on_data] == [["s3:PutObject"]]
    assert [resource.rpartition("/uploads/")[2] for g in on_data for resource in g["resources"]] == ["*"]


def test_default_settings_are_what_the_page_says() -> None:
    page = Path(REPO / "docs" / "fan-out.md").read_text()
    table = page.split("## Default settings", 1)[1].split("\n## ", 1)[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    held = {name: str(value) for name, value in vars(defaults).items() if name.isupper()}
    assert said == held
