"""What a stack decides for all of its patterns, from the config keys `serviceful:…` that Pulumi.yaml describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi

from .bundles import Platform

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
_TOPIC = re.compile(r"arn:[a-z-]+:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")
EDGE_REGION = "us-east-1"
"""Where CloudFront sends its metrics, and so where alarms on them are."""

_PLATFORMS = {"lambda": Platform.AWS, "host": Platform.HOST}


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Settings of one stack. Every key has a safe default."""

    owner: str
    """Tag `owner`: who answers for the resources. `serviceful:owner`, by default the project's name."""

    cost_centre: str
    """Tag `cost-centre`: who pays. `serviceful:costCentre`, by default the project's name."""

    protect_data: bool = True
    """Refuse to delete what holds data. `serviceful:protectData`."""

    log_retention_days: int = 30
    """How long log groups keep their events. `serviceful:logRetentionDays`, one of `RETENTION_DAYS`."""

    platform: Platform = Platform.AWS
    """What functions are bundled for: `lambda` (Linux on arm64, Python 3.13) or `host`. `serviceful:platform`."""

    alarm_topics: tuple[str, ...] = ()
    """Topics that alarms tell, one a region: an alarm tells a topic of its own region. `serviceful:alarmTopic`, in the
    stack's region, and `serviceful:edgeAlarmTopic`, in us-east-1, where CloudFront's metrics are.

    A topic needs a policy that lets `cloudwatch.amazonaws.com` publish, held to this account:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""

    runbooks: str = "docs/runbooks.md"
    """Where alarms say the runbooks are: a page with the sections of `docs/runbooks.md`. `serviceful:runbooks`."""

    def alarm_topic_in(self, region: str) -> str | None:
        """The topic that an alarm in `region` tells, if there is one."""
        return next((topic for topic in self.alarm_topics if _region_of(topic) == region), None)

    @classmethod
    def of_stack(cls, region: str) -> StackSettings:
        """Read the config of the running stack in `region`; raises ValueError that names the key of a wrong value."""
        config = pulumi.Config("serviceful")
        retention = config.get_int("logRetentionDays") or cls.log_retention_days
        if retention not in RETENTION_DAYS:
            choices = ", ".join(map(str, RETENTION_DAYS))
            raise ValueError(f"config serviceful:logRetentionDays is {retention}: CloudWatch Logs takes {choices}")
        platform = config.get("platform") or "lambda"
        if platform not in _PLATFORMS:
            raise ValueError(f"config serviceful:platform is {platform!r}: give 'lambda' or 'host'")
        protect = config.get_bool("protectData")
        return cls(
            owner=config.get("owner") or pulumi.get_project(),
            cost_centre=config.get("costCentre") or pulumi.get_project(),
            protect_data=cls.protect_data if protect is None else protect,
            log_retention_days=retention,
            platform=_PLATFORMS[platform],
            alarm_topics=tuple(_topics(config, region)),
            runbooks=_runbooks(config),
        )


def _topics(config: pulumi.Config, region: str) -> Iterator[str]:
    for key, there in (("alarmTopic", region), ("edgeAlarmTopic", EDGE_REGION)):
        topic = config.get(key)
        if not topic:
            continue
        if not _TOPIC.fullmatch(topic):
            raise ValueError(f"config serviceful:{key} is {topic!r}: give the ARN of a standard SNS topic")
        if _region_of(topic) != there:
            raise ValueError(f"config serviceful:{key} is {topic!r}: the alarms that tell it are in {there}")
        yield topic


def _runbooks(config: pulumi.Config) -> str:
    page = config.get("runbooks") or StackSettings.runbooks
    if "#" in page or any(character.isspace() for character in page):
        raise ValueError(f"config serviceful:runbooks is {page!r}: give the address of a page, without section")
    return page


def _region_of(topic: str) -> str:
    return topic.split(":")[3]


def switched_on(pattern: str) -> bool:
    """Whether the stack has this pattern: `serviceful:<pattern>`, by default yes.

    Raises pulumi.ConfigTypeError that names the key when its value is neither true nor false.
    """
    on = pulumi.Config("serviceful").get_bool(pattern)
    return True if on is None else on
