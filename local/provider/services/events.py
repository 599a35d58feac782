"""EventBridge: buses and rules. Their targets are in `event_target`."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map

GONE = ("ResourceNotFoundException",)
DEFAULT_BUS = "default"


class EventBus(Resource):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html"""

    token = "aws:cloudwatch/eventBus:EventBus"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateEventBus."""
        aws.client("events").create_event_bus(
            Name=inputs["name"],
            Tags=tag_list(inputs.get("tags")),
            **present(Description=inputs.get("description"), LogConfig=_to_log(inputs.get("logConfig"))),
        )
        return inputs["name"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeEventBus and ListTagsForResource."""
        try:
            found = aws.client("events").describe_event_bus(Name=id_)
        except ClientError as error:
            if is_missing(error, GONE):
                return None
            raise
        log = found.get("LogConfig") or {}
        return {
            "arn": found["Arn"],
            "name": found["Name"],
            "description": found.get("Description") or None,
            "logConfig": present(level=log.get("Level"), includeDetail=log.get("IncludeDetail")) or None,
            "tags": _tags(aws, found["Arn"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateEventBus, TagResource and UntagResource."""
        if changed - {"tags"}:
            aws.client("events").update_event_bus(
                Name=id_,
                Description=new.get("description") or "",
                **present(LogConfig=_to_log(new.get("logConfig")) or ({} if "logConfig" in changed else None)),
            )
        if "tags" in changed:
            _retag(aws, old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteEventBus."""
        try:
            aws.client("events").delete_event_bus(Name=id_)
        except ClientError as error:
            if not is_missing(error, GONE):
                raise


class EventRule(Resource):
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""

    token = "aws:cloudwatch/eventRule:EventRule"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """A rule waits for events or for times, and for times on the default bus only."""
        if inputs.get("eventPattern") is None and inputs.get("scheduleExpression") is None:
            yield Failure("eventPattern", "a rule needs an eventPattern or a scheduleExpression")
        if given(inputs, "scheduleExpression", "eventBusName") and bus_name(inputs["eventBusName"]) != DEFAULT_BUS:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
            yield Failure("scheduleExpression", "only rules on the default bus have schedules: use aws.scheduler")

    def create(self, aws: Aws, inputs: Props) -> str:
        """PutRule makes it or, on AWS too, takes over one that exists."""
        aws.client("events").put_rule(**_rule(inputs), Tags=tag_list(inputs.get("tags")))
        bus = inputs["eventBusName"]
        return inputs["name"] if bus == DEFAULT_BUS else f"{bus}/{inputs['name']}"

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeRule and ListTagsForResource."""
        bus, _, name = id_.rpartition("/")
        bus = bus or DEFAULT_BUS
        try:
            found = aws.client("events").describe_rule(Name=name, EventBusName=bus_name(bus))
        except ClientError as error:
            if is_missing(error, GONE):
                return None
            raise
        return {
            "arn": found["Arn"],
            "name": found["Name"],
            "eventBusName": bus,
            "eventPattern": found.get("EventPattern") or None,
            "scheduleExpression": found.get("ScheduleExpression") or None,
            "description": found.get("Description") or None,
            "state": found["State"],
            "tags": _tags(aws, found["Arn"]),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """PutRule, TagResource and UntagResource."""
        if changed - {"tags", "forceDestroy"}:
            aws.client("events").put_rule(**_rule({**new, "state": new.get("state") or old.get("state")}))
        if "tags" in changed:
            _retag(aws, old, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteRule. AWS refuses a rule that has targets, so the local AWS is asked first."""
        bus, _, name = id_.rpartition("/")
        where = {"EventBusName": bus_name(bus or DEFAULT_BUS)}
        client = aws.client("events")
        try:
            client.describe_rule(Name=name, **where)
            aws.wait_until(
                lambda: not client.list_targets_by_rule(Rule=name, **where)["Targets"],
                f"the targets of the rule {id_} to go",
            )
            client.delete_rule(Name=name, Force=bool(state.get("forceDestroy")), **where)
        except ClientError as error:
            if not is_missing(error, GONE):
                raise


def bus_name(name_or_arn: str) -> str:
    """The name of a bus of this account, which AWS also takes as ARN."""
    return name_or_arn.partition(":event-bus/")[2] or name_or_arn


def _rule(inputs: Props) -> Props:
    """PutRule replaces the whole rule, so that what isn't there is taken away."""
    return {
        "Name": inputs["name"],
        "EventBusName": bus_name(inputs["eventBusName"]),
        "Description": inputs.get("description") or "",
        **present(
            EventPattern=inputs.get("eventPattern"),
            ScheduleExpression=inputs.get("scheduleExpression"),
            State=inputs.get("state"),
        ),
    }


def _to_log(log: Props | None) -> Props | None:
    return present(Level=log.get("level"), IncludeDetail=log.get("includeDetail")) if log else None


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    return tag_map(aws.client("events").list_tags_for_resource(ResourceARN=arn)["Tags"])


def _retag(aws: Aws, old: Props, new: Props) -> None:
    client = aws.client("events")
    removed, added = tag_changes(old.get("tags"), new.get("tags"))
    if removed:
        client.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
    if added:
        client.tag_resource(ResourceARN=old["arn"], Tags=tag_list(added))
