"""What pages say that follows from the code is what the code says now."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from local import machines, pages, picture
from local.settings import MONOLITH_HOST, REPO
from tests.asl import task
from tests.recorder import Plan, record


@pytest.fixture(scope="module")
def system() -> Plan:
    """The reference system as `make up` deploys it."""
    local = {"serviceful:monolithUrl": f"http://{MONOLITH_HOST}"}
    return record(lambda: runpy.run_path(str(REPO / "__main__.py")), config=local)


def test_the_pictures_show_the_system_as_it_is_planned(system: Plan) -> None:
    for page, component in picture.PAGES.items():
        assert pages.block(REPO / page, "picture") == picture.draw(system.exported(), component), "run `make docs`"


def test_every_function_queue_topic_bucket_and_distribution_is_in_the_picture(system: Plan) -> None:
    drawn = picture.draw(system.exported())
    for kind in ("lambda/function", "sqs/queue", "sns/topic", "s3/bucket", "cloudfront/distribution"):
        shown = [leaf for leaf in system.leaves if leaf.type.partition(":")[2].partition(":")[0] == kind]
        assert shown
        for leaf in shown:
            component = leaf.parent.rpartition("::")[2]
            part = leaf.name.removeprefix(f"{component}-")
            assert f'"{part}"' in drawn.replace("λ ", "")


@pytest.mark.parametrize("file", sorted((REPO / "components").rglob("*.asl.json")), ids=lambda file: file.name)
def test_every_machine_is_drawn_on_a_page_as_it_is_defined(file: Path) -> None:
    name, drawn = file.relative_to(REPO).as_posix(), machines.draw(file)
    (page,) = [page for page in (REPO / "docs").glob("*.md") if name in pages.drawings(page)]
    assert pages.block(page, name) == drawn, "run `make docs`"


def test_a_drawing_shows_states_at_every_level_with_all_their_ways(tmp_path: Path) -> None:
    file = tmp_path / "orders.asl.json"
    branch = {"StartAt": "Pay", "States": {"Pay": task("lambda:invoke", {"FunctionName": "${Pay}"}, Catch=[])}}
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a", "StringEquals": 'x"y', "Next": "Both"}],
        "Default": "end",
    }
    caught = [{"ErrorEquals": ["Taken"], "Next": "Late"}, {"ErrorEquals": ["States.ALL"], "Next": "Lost"}]
    states = {
        "Big?": choice,
        "Both": {"Type": "Parallel", "Branches": [branch], "Catch": caught, "Next": "Late"},
        "Late": {"Type": "Wait", "Seconds": "{% $s %}", "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Lost": {"Type": "Pass", "Next": "Keep"},
        "Keep": task("dynamodb:putItem", Next="end", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "end"}]),
        "end": {"Type": "Fail"},
    }
    file.write_text(json.dumps({"StartAt": "Big?", "States": states}))
    assert machines.draw(file).splitlines()[3:-1] == [
        "  start((start)) --> s_Big_3f",
        '  s_Big_3f{"Big?"}',
        '  subgraph s_Both ["Both: at once"]',
        '    s_Pay["Pay<br/>λ Pay"]',
        "  end",
        '  s_Late>"Late<br/>$s s"]',
        '  s_Done(["Done"])',
        '  s_Lost(["Lost"]):::failed',
        '  s_Keep["Keep<br/>dynamodb putItem"]',
        '  s_end(["end"]):::failed',
        '  s_Big_3f -->|"$.a StringEquals x#quot;y"| s_Both',
        '  s_Big_3f -->|"else"| s_end',
        "  s_Both --> s_Late",
        '  s_Both -.->|"Taken"| s_Late',
        "  s_Both -.-> s_Lost",
        "  s_Late --> s_Done",
        "  s_Keep --> s_end",
        "  s_Keep -.-> s_end",
        '  s_Keep_from(["each dashed state"]):::failed --> s_Keep',
    ]


def test_every_integration_is_listed_with_what_it_needs() -> None:
    listed = pages.block(REPO / "docs/state-machines.md", "integrations")
    assert listed == pages.integrations(), "run `make docs`"


def test_what_the_local_aws_does_not_enforce_is_listed() -> None:
    assert pages.block(REPO / "docs/local-fidelity.md", "unenforced") == pages.unenforced_properties(), (
        "run `make docs`"
    )
