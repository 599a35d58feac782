"""Policies see the tags of guardrails.

On AWS `aws:ResourceTag` holds for a guardrail that is applied
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html). The stock server keeps the
tags and doesn't show them to policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from ministack.services import bedrock, tagging

from local.emulator import frame
from local.emulator.frame import Server

NAME = "guardrail_tags"


def install(server: Server) -> None:
    frame.require(NAME, bedrock, "_tags")
    frame.require(NAME, tagging, "_RESOURCE_TAG_COLLECTORS")
    tagging._RESOURCE_TAG_COLLECTORS["bedrock"] = _collect


def _collect() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for arn, tags in bedrock._tags.items():
        yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]
