"""What pages say that follows from the code is what the code says now."""

from __future__ import annotations

import runpy

from local import pages, picture
from local.settings import REPO
from tests.recorder import record


def test_the_pictures_show_the_system_as_it_is_planned() -> None:
    plan = record(lambda: runpy.run_path(str(REPO / "__main__.py")))
    drawn = picture.draw(plan.exported())
    for page in ("README.md", "docs/fan-out.md"):
        assert pages.block(REPO / page, "picture") == drawn, "run `make docs`"


def test_every_function_queue_topic_bucket_and_distribution_is_in_the_picture() -> None:
    plan = record(lambda: runpy.run_path(str(REPO / "__main__.py")))
    drawn = picture.draw(plan.exported())
    for kind in ("lambda/function", "sqs/queue", "sns/topic", "s3/bucket", "cloudfront/distribution"):
        shown = [leaf for leaf in plan.leaves if leaf.type.partition(":")[2].partition(":")[0] == kind]
        assert shown
        for leaf in shown:
            component = leaf.parent.rpartition("::")[2]
            part = leaf.name.removeprefix(f"{component}-")
            assert f'"{part}"' in drawn.replace("λ ", "")


def test_what_the_local_aws_does_not_enforce_is_listed() -> None:
    assert pages.block(REPO / "docs/local-fidelity.md", "unenforced") == pages.unenforced_properties(), (
        "run `make docs`"
    )
