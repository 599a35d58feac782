"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import RefusedError, is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map
from local.provider.services import sqs
from local.provider.services.trust import require_trust

_GONE = ("ResourceNotFoundException",)
_EXPRESSION = re.compile(
    r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
    r"|rate\([1-9]\d* (minutes?|hours?|days?)\)"
    r"|cron\(\S+( \S+){5}\)"
)
_PARAMETERS = {"events": "eventbridgeParameters", "kinesis": "kinesisParameters", "sqs": "sqsParameters"}
_TARGETS = frozenset({*_PARAMETERS, "lambda", "states"})


class Schedule(Resource):
    """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"""

    token = "aws:scheduler/schedule:Schedule"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Expressions and dates, and the parameters that each kind of target needs."""
        if given(inputs, "scheduleExpression") and not _EXPRESSION.fullmatch(inputs["scheduleExpression"]):
            yield Failure(
                "scheduleExpression",
                "an expression is at(yyyy-mm-ddThh:mm:ss), rate(number unit) or cron(six fields): "
                "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
            )
        for name in ("startDate", "endDate"):
            if given(inputs, name) and _moment(inputs[name]) is None:
                yield Failure(name, "a date is like 2030-01-31T09:00:00Z")
        if isinstance(inputs.get("target"), dict):
            yield from _target_failures(inputs["target"])

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateSchedule, if Scheduler may assume the role and the queue deduplicates."""
        _require_target(aws, inputs["target"])
        group = inputs.get("groupName") or "default"
        aws.client("scheduler").create_schedule(Name=inputs["name"], GroupName=group, **_parameters(inputs))
        return f"{group}/{inputs['name']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetSchedule."""
        group, name = id_.split("/")
        try:
            found = aws.client("scheduler").get_schedule(Name=name, GroupName=group)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            "arn": found["Arn"],
            "name": found["Name"],
            "groupName": found["GroupName"],
            "description": found.get("Description") or None,
            "scheduleExpression": found["ScheduleExpression"],
            "scheduleExpressionTimezone": found.get("ScheduleExpressionTimezone", "UTC"),
            "flexibleTimeWindow": {"mode": found["FlexibleTimeWindow"]["Mode"]},
            "startDate": _written(found.get("StartDate"), state.get("startDate")),
            "endDate": _written(found.get("EndDate"), state.get("endDate")),
            "state": found["State"],
            "actionAfterCompletion": found.get("ActionAfterCompletion", "NONE"),
            "target": _read_target(found["Target"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateSchedule replaces everything that a schedule has, so what the program leaves open is sent as it was."""
        _require_target(aws, new["target"])
        group, name = id_.split("/")
        kept = {"retryPolicy": old["target"].get("retryPolicy")}
        wanted = {
            "actionAfterCompletion": old.get("actionAfterCompletion"),
            **new,
            "target": {**kept, **new["target"]},
        }
        aws.client("scheduler").update_schedule(Name=name, GroupName=group, **_parameters(wanted))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteSchedule."""
        group, name = id_.split("/")
        try:
            aws.client("scheduler").delete_schedule(Name=name, GroupName=group)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


class ScheduleGroup(Resource):
    """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html"""

    token = "aws:scheduler/scheduleGroup:ScheduleGroup"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateScheduleGroup."""
        aws.client("scheduler").create_schedule_group(Name=inputs["name"], Tags=tag_list(inputs.get("tags")))
        return inputs["name"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it is active."""
        aws.wait_until(lambda: (_find_group(aws, id_) or {}).get("State") == "ACTIVE", f"the schedule group {id_}")

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetScheduleGroup and ListTagsForResource."""
        found = _find_group(aws, id_)
        if found is None:
            return None
        return {
            "arn": found["Arn"],
            "name": found["Name"],
            "state": found["State"],
            "creationDate": _text(found["CreationDate"]),
            "lastModificationDate": _text(found["LastModificationDate"]),
            "tags": tag_map(aws.client("scheduler").list_tags_for_resource(ResourceArn=found["Arn"]).get("Tags", [])),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """TagResource and UntagResource: nothing else of a group changes."""
        client, arn = aws.client("scheduler"), old["arn"]
        removed, added = tag_changes(old.get("tags"), new.get("tags"))
        for key in removed:  # the local AWS reads one key of a call
            client.untag_resource(ResourceArn=arn, TagKeys=[key])
        if added:
            client.tag_resource(ResourceArn=arn, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteScheduleGroup takes its schedules along; wait until it is gone."""
        try:
            aws.client("scheduler").delete_schedule_group(Name=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: _find_group(aws, id_) is None, f"the deletion of the schedule group {id_}")


def _target_failures(target: Props) -> Iterator[Failure]:
    arn = target.get("arn")
    if not isinstance(arn, str):
        return
    service, fifo = arn.split(":")[2] if arn.count(":") >= 5 else "", arn.endswith(".fifo")
    if service not in _TARGETS or (service == "events" and ":event-bus/" not in arn):
        yield Failure("target.arn", f"not available locally: schedules reach {', '.join(sorted(_TARGETS))} only")
    for kind, name in _PARAMETERS.items():
        parameters = target.get(name)
        needed = kind == service and (kind != "sqs" or fifo)
        if needed and not parameters:
            yield Failure(f"target.{name}", f"the target {arn} needs {name}")
        elif parameters and not needed:
            yield Failure(f"target.{name}", f"{name} are not for {arn}")


def _require_target(aws: Aws, target: Props) -> None:
    """A schedule sends no deduplication id, so a FIFO queue must make its own.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
    """
    require_trust(aws, target["roleArn"], "scheduler")
    if target["arn"].split(":")[2] == "sqs" and target["arn"].endswith(".fifo"):
        attributes = sqs.attributes_of(aws, target["arn"])
        if attributes.get("ContentBasedDeduplication") != "true":
            raise RefusedError(
                f"ValidationException: the queue {target['arn']} must have content-based deduplication: "
                "a schedule gives its messages no deduplication id"
            )


def _parameters(inputs: Props) -> Props:
    target = inputs["target"]
    retry, bus = target.get("retryPolicy"), target.get("eventbridgeParameters")
    kinesis, queue = target.get("kinesisParameters"), target.get("sqsParameters")
    return {
        "ScheduleExpression": inputs["scheduleExpression"],
        "ScheduleExpressionTimezone": inputs["scheduleExpressionTimezone"],
        "FlexibleTimeWindow": {"Mode": inputs["flexibleTimeWindow"]["mode"]},
        "State": inputs["state"],
        "Target": {
            "Arn": target["arn"],
            "RoleArn": target["roleArn"],
            **present(
                Input=target.get("input"),
                DeadLetterConfig={"Arn": target["deadLetterConfig"]["arn"]} if target.get("deadLetterConfig") else None,
                RetryPolicy=_to_retry(retry) if retry else None,
                EventBridgeParameters={"DetailType": bus["detailType"], "Source": bus["source"]} if bus else None,
                KinesisParameters={"PartitionKey": kinesis["partitionKey"]} if kinesis else None,
                SqsParameters={"MessageGroupId": queue["messageGroupId"]} if queue else None,
            ),
        },
        **present(
            ActionAfterCompletion=inputs.get("actionAfterCompletion"),
            Description=inputs.get("description"),
            StartDate=_moment(inputs.get("startDate")),
            EndDate=_moment(inputs.get("endDate")),
        ),
    }


def _to_retry(retry: Props) -> Props:
    return {
        "MaximumEventAgeInSeconds": retry["maximumEventAgeInSeconds"],
        "MaximumRetryAttempts": retry["maximumRetryAttempts"],
    }


def _read_target(target: dict[str, Any]) -> Props:
    retry = target.get("RetryPolicy") or {}
    kinesis, queue = target.get("KinesisParameters"), target.get("SqsParameters")
    bus = target.get("EventBridgeParameters")
    letters = target.get("DeadLetterConfig") or {}
    return {
        "arn": target["Arn"],
        "roleArn": target["RoleArn"],
        "retryPolicy": {
            "maximumEventAgeInSeconds": retry.get("MaximumEventAgeInSeconds", 86400),
            "maximumRetryAttempts": retry.get("MaximumRetryAttempts", 185),
        },
        **present(
            input=target.get("Input"),
            deadLetterConfig={"arn": letters["Arn"]} if letters.get("Arn") else None,
            eventbridgeParameters={"detailType": bus["DetailType"], "source": bus["Source"]} if bus else None,
            kinesisParameters={"partitionKey": kinesis["PartitionKey"]} if kinesis else None,
            sqsParameters={"messageGroupId": queue["MessageGroupId"]} if queue else None,
        ),
    }


def _find_group(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        return aws.client("scheduler").get_schedule_group(Name=name)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _moment(text: Any) -> datetime | None:
    """The time of an RFC 3339 text, None if it is none."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(moment: datetime | None, before: str | None) -> str | None:
    """A time as the program wrote it, if it is the same."""
    if moment is None:
        return None
    return before if before and _moment(before) == moment else _text(moment)
