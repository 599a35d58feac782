"""Which resources an action takes: the ARNs of a document beside the formats of AWS's reference."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from .arns import SEGMENT, has_wildcard, matches, overlap
from .facts import Action, service

_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_PARTITION: Final = re.compile(r"aws(-[a-z]+)*")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ACCOUNT: Final = re.compile(r"\d{12}|aws|cloudfront")
_OF_ITS_OWN_API: Final = "execute-api:/"
"""Begins what a REST API's own policy names, short for its ARN:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html"""


def takes(action: Action, resource: str) -> bool:
    """Whether `resource`, an ARN with or without wildcards or `*`, stands for something that the action takes."""
    if resource == "*" or resource.startswith(_OF_ITS_OWN_API):
        return True
    prefix = action.name.partition(":")[0]
    return any(_fits(resource, format_, prefix) for format_ in action.formats)


@lru_cache(16_384)
def _fits(resource: str, format_: str, prefix: str) -> bool:
    given, wanted = resource.split(":", 5), format_.split(":", 5)
    if len(given) != 6 or len(wanted) != 6 or given[0] != "arn" or given[2] != wanted[2]:
        return False
    parts = zip((given[1], given[3], given[4]), (wanted[1], wanted[3], wanted[4]), strict=True)
    known = (_PARTITION, _REGION, _ACCOUNT)
    if not all(_part_fits(part, want, rule) for (part, want), rule in zip(parts, known, strict=True)):
        return False
    pattern, resource_part = _pattern(format_, prefix), _VARIABLE.sub("*", given[5])
    return overlap(resource_part, pattern) if has_wildcard(resource_part) else matches(resource_part, pattern)


def _part_fits(given: str, wanted: str, rule: re.Pattern[str]) -> bool:
    if not wanted:
        return given in ("", "*")
    if not wanted.startswith("$"):
        return given == wanted
    return has_wildcard(given) or rule.fullmatch(given) is not None


@lru_cache(1024)
def _pattern(format_: str, prefix: str) -> str:
    """The part of a format after the account, as a pattern.

    A name goes on over slashes, as those of log groups, roles and secrets do, unless the service has a type below it.
    """
    own, formats = _resource(format_), service(prefix).formats.values()
    goes_on = not any(_resource(other).startswith(f"{own}/") for other in formats)
    if own.endswith("$"):
        own = f"{own[:-1]}?{'*' if goes_on else SEGMENT}"
    return re.sub(r"\$(?=/)", SEGMENT, own).replace("$", "*")


def _resource(format_: str) -> str:
    """A format's part after the account, with `$` for each variable."""
    return _VARIABLE.sub("$", format_.split(":", 5)[-1])
