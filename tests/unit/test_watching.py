"""Every pattern is watched: a dashboard that shows its parts, alarms that say what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.core.settings import StackSettings
from local.settings import REPO
from local.wire import UNKNOWN
from tests.components import PATTERNS
from tests.recorder import Plan, Registration, record

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
QUEUE = "aws:sqs/queue:Queue"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
EDGE_TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
# type → the property by which its metrics name it; machines by ARN
SHOWN = {
    "aws:lambda/function:Function": "name",
    "aws:sqs/queue:Queue": "name",
    "aws:sfn/stateMachine:StateMachine": "name",
    "aws:kinesis/stream:Stream": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:pipes/pipe:Pipe": "name",
    "aws:sns/topic:Topic": "name",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "name",
    "aws:apigateway/restApi:RestApi": "name",
}


def _in(plan: Plan, component: Registration, type_: str) -> list[Registration]:
    return [leaf for leaf in plan.of_type(type_) if leaf.parent == component.urn]


def _widgets(dashboard: Registration) -> list[dict[str, Any]]:
    assert dashboard.inputs["dashboardBody"] is not UNKNOWN, "a body that is unknown at preview can't be judged"
    return json.loads(dashboard.inputs["dashboardBody"])["widgets"]


def test_one_dashboard_shows_every_part_of_a_pattern(pattern_plan: Plan) -> None:
    for component in pattern_plan.components:
        (dashboard,) = _in(pattern_plan, component, DASHBOARD)
        metrics = [metric for widget in _widgets(dashboard) for metric in widget["properties"].get("metrics", [])]
        named = {str(part).rsplit(":", 1)[-1] for metric in metrics for part in metric}
        for type_, key in SHOWN.items():
            missing = {leaf.inputs[key] for leaf in _in(pattern_plan, component, type_)} - named
            assert not missing, dashboard.key


def test_a_dashboard_shows_every_alarm_of_its_pattern(pattern_plan: Plan) -> None:
    for component in pattern_plan.components:
        (dashboard,) = _in(pattern_plan, component, DASHBOARD)
        shown = {
            arn.rsplit(":", 1)[-1]
            for widget in _widgets(dashboard)
            for arn in (
                *widget["properties"].get("alarms", []),
                *widget["properties"].get("annotations", {}).get("alarms", []),
            )
        }
        assert {alarm.inputs["name"] for alarm in _in(pattern_plan, component, ALARM)} == shown


def test_widgets_of_a_dashboard_fit_side_by_side(pattern_plan: Plan) -> None:
    for dashboard in pattern_plan.of_type(DASHBOARD):
        taken: set[tuple[int, int]] = set()
        for widget in _widgets(dashboard):
            cells = {(x, widget["y"]) for x in range(widget["x"], widget["x"] + widget["width"])}
            assert not cells & taken
            assert max(x for x, _ in cells) < 24
            taken |= cells


def test_every_dead_letter_queue_has_an_alarm_at_its_first_message(pattern_plan: Plan) -> None:
    alarms = [alarm.inputs for alarm in pattern_plan.of_type(ALARM)]
    dead = [queue for queue in pattern_plan.of_type(QUEUE) if "redriveAllowPolicy" in queue.inputs]
    for queue in dead:
        (alarm,) = [alarm for alarm in alarms if alarm.get("dimensions") == {"QueueName": queue.inputs["name"]}]
        assert alarm["metricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["statistic"], alarm["threshold"], alarm["evaluationPeriods"]) == ("Maximum", 1, 1)
        assert alarm["treatMissingData"] == "notBreaching"


def test_every_target_of_failures_is_a_queue_with_an_alarm(pattern_plan: Plan) -> None:
    watched = {alarm.inputs.get("dimensions", {}).get("QueueName") for alarm in pattern_plan.of_type(ALARM)}
    for mapping in pattern_plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping"):
        if "destinationConfig" in mapping.inputs:
            target = mapping.inputs["destinationConfig"]["onFailure"]["destinationArn"]
            assert target.rsplit(":", 1)[-1] in watched
    for schedule in pattern_plan.of_type("aws:scheduler/schedule:Schedule"):
        assert schedule.inputs["target"]["deadLetterConfig"]["arn"].rsplit(":", 1)[-1] in watched
    for queue in pattern_plan.of_type(QUEUE):
        if "redrivePolicy" in queue.inputs:
            assert json.loads(queue.inputs["redrivePolicy"])["deadLetterTargetArn"].rsplit(":", 1)[-1] in watched


def test_every_alarm_names_a_runbook_that_exists(pattern_plan: Plan) -> None:
    sections = set(re.findall(r"^## (\S+)$", (REPO / "docs/runbooks.md").read_text(), re.MULTILINE))
    alarms = pattern_plan.of_type(ALARM)
    assert alarms
    for alarm in alarms:
        found = re.search(r"\. Runbook: docs/runbooks\.md#([\w-]+)$", alarm.inputs["alarmDescription"])
        assert found, alarm.key
        assert found[1] in sections, alarm.key


def test_without_a_topic_alarms_act_on_nothing(pattern_plan: Plan) -> None:
    assert not any(
        key in alarm.inputs for alarm in pattern_plan.of_type(ALARM) for key in ("alarmActions", "okActions")
    )


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_an_alarm_tells_the_topic_of_its_region(pattern: str) -> None:
    topics = {"serviceful:alarmTopic": TOPIC, "serviceful:edgeAlarmTopic": EDGE_TOPIC}
    plan = record(lambda: PATTERNS[pattern]("posters", None), config=topics)
    for alarm in plan.of_type(ALARM):
        topic = EDGE_TOPIC if alarm.inputs["namespace"] == "AWS/CloudFront" else TOPIC
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [topic], alarm.key
        assert alarm.inputs.get("region") == ("us-east-1" if topic == EDGE_TOPIC else None)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("alarmTopic", "alarms", "give the ARN of a standard SNS topic"),
        ("alarmTopic", f"{TOPIC}.fifo", "give the ARN of a standard SNS topic"),
        ("alarmTopic", EDGE_TOPIC, "the alarms that tell it are in eu-west-1"),
        ("edgeAlarmTopic", TOPIC, "the alarms that tell it are in us-east-1"),
        ("runbooks", "https://wiki/runbooks#lag", "without section"),
    ],
)
def test_a_wrong_setting_of_alarms_is_refused_by_name(key: str, value: str, problem: str) -> None:
    seen = []

    def program() -> None:
        try:
            StackSettings.of_stack("eu-west-1")
        except ValueError as error:
            seen.append(str(error))

    record(program, config={f"serviceful:{key}": value})
    (error,) = seen
    assert error.startswith(f"config serviceful:{key} is '{value}'")
    assert problem in error


def test_alarms_name_the_page_that_the_stack_gives() -> None:
    plan = record(
        lambda: PATTERNS["FanOutConverter"]("posters", None), config={"serviceful:runbooks": "https://wiki/runbooks"}
    )
    assert all("Runbook: https://wiki/runbooks#" in alarm.inputs["alarmDescription"] for alarm in plan.of_type(ALARM))
