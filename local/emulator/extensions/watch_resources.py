"""Rules of the default bus, and alarms that are asked for by name, are judged by their own ARNs.

On AWS the ARN of a rule on the default bus holds no bus
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html), and DescribeAlarms
takes alarms as resources
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html).
The stock server judges the former on `rule/default/NAME` and the latter on `*`, which no policy that names them allows.
"""

from __future__ import annotations

import functools
from typing import Any

from ministack.core import iam_actions

from local.emulator import frame
from local.emulator.frame import Server

NAME = "watch_resources"
_ON_DEFAULT_BUS = ":rule/default/"


def install(server: Server) -> None:
    frame.require(NAME, iam_actions, "_param")
    parameters = "service method path headers body query_params region account_id"
    frame.replace(NAME, iam_actions, "extract_resource_arn", parameters, _by_their_own)


def _by_their_own(original: Any) -> Any:
    @functools.wraps(original)
    def extract_resource_arn(*call: Any) -> str:
        found = original(*call)
        service, _, _, _, body, query, region, account = call
        if service == "events":
            return found.replace(_ON_DEFAULT_BUS, ":rule/")
        if service == "monitoring" and found == "*":
            names = _alarms(body, query)
            return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}" if len(names) == 1 else found
        return found

    return extract_resource_arn


def _alarms(body: bytes, query: dict[str, Any]) -> list[str]:
    """The names in a DescribeAlarms call, in any of CloudWatch's protocols."""
    listed = iam_actions._param(body, query, "AlarmNames")
    if isinstance(listed, list):
        return listed
    return [value[0] if isinstance(value, list) else value for name, value in query.items() if "AlarmNames" in name]
