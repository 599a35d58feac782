"""What a stack decides for all of its patterns, from the config keys `serviceful:…` that Pulumi.yaml describes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from .bundles import Platform

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
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

    @classmethod
    def of_stack(cls) -> StackSettings:
        """Read the running stack's config; raises ValueError that names the key of a wrong value."""
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
        )
