"""ARNs and their patterns: which name one holds, how far its wildcards span, what it stands for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WILD: Final = re.compile(r"[*?]|\$\{")

SEGMENT: Final = "\0"
"""Stands, in a pattern, for any characters but a slash."""

_RUNS: Final = ("*", SEGMENT)
_MEANS: Final = {"*": ".*", "?": ".", SEGMENT: "[^/]*"}
_SPLIT: Final = re.compile(f"([*?{SEGMENT}])")

# Where the name ends, in the part of an ARN after the account. "Resource types defined by …" on each service's page of
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_NAME_IS_FIRST: Final = frozenset({"s3", "execute-api"})  # bucket/key, api-id/stage/method/path
_NO_PATH_BELOW: Final = frozenset({"iam", "sqs", "sns"})  # what looks like a path is part of the name, or there is none
_SUFFIX_OF_SECRETS: Final = "-??????"
"""What Secrets Manager adds to a name:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html"""


def has_wildcard(value: str) -> bool:
    """Whether `value` holds `*`, `?` or a policy variable."""
    return bool(_WILD.search(value))


def is_pinned(arn: str) -> bool:
    """Whether `arn` names one resource, with a wildcard at most in the path below its name.

    `arn:aws:s3:::posters/uploads/*` is pinned, `arn:aws:s3:::posters*` and `arn:aws:sqs:*:…:jobs` are not.
    """
    if not has_wildcard(arn):
        return True
    parts = arn.split(":", 5)
    if len(parts) < 6 or has_wildcard(":".join(parts[:5])):
        return False
    # A bucket's ARN has no region; S3's others (access points) read type/name.
    service, resource = "s3-regional" if parts[2] == "s3" and parts[3] else parts[2], parts[5]
    if service in _NO_PATH_BELOW:
        return False
    if service == "secretsmanager" and resource.endswith(_SUFFIX_OF_SECRETS):
        return not has_wildcard(resource.removesuffix(_SUFFIX_OF_SECRETS))
    return not has_wildcard(_name_part(service, resource))


def physical_name_in(value: str, service: str) -> str:
    """The physical name that an ARN of `service`, or a queue's URL, holds; `""` for anything else."""
    if service == "sqs" and value.startswith(("http://", "https://")):
        return value.rstrip("/").rsplit("/", 1)[-1]
    parts = value.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != service:
        return ""
    resource = parts[5]
    if service in ("sqs", "sns"):
        return resource
    if service == "s3":
        return resource.partition("/")[0]
    if service == "iam" or (service == "events" and resource.startswith("rule/")):
        return resource.rsplit("/", 1)[-1]  # role/path/name, rule/bus/name
    return re.split(r"[/:]", _name_part(service, resource), maxsplit=1)[-1]


def _name_part(service: str, resource: str) -> str:
    """The leading part that holds the type and the name: `table/orders` of `table/orders/index/*`."""
    if service in _NAME_IS_FIRST:
        return resource.partition("/")[0]
    if service == "logs":  # log-group:/aws/lambda/name:log-stream:…: names hold slashes
        return ":".join(resource.split(":")[:2])
    if service == "apigateway":  # /restapis/id/…
        return "/".join(resource.split("/")[:3])
    match = re.match(r"[^/:]*[/:][^/:]*", resource)
    return match.group() if match else resource


def matches(text: str, pattern: str) -> bool:
    """Whether `pattern`, with `*`, `?` and SEGMENT, stands for `text`; both in the same case."""
    return pattern == text or _compiled(pattern).fullmatch(text) is not None


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_MEANS.get(part) or re.escape(part) for part in _SPLIT.split(pattern)), re.DOTALL)


def overlap(one: str, other: str) -> bool:
    """Whether some string matches both patterns of literals, `*`, `?` and SEGMENT."""
    reachable = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, other, i, j):
            if step not in reachable:
                reachable.add(step)
                pending.append(step)
    return False


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    steps = []
    if a in _RUNS:
        steps.append((i + 1, j))
    if b in _RUNS:
        steps.append((i, j + 1))
    if a and b and not (a in _RUNS and b in _RUNS):
        if a in _RUNS:
            steps += [(i, j + 1)] if a == "*" or b != "/" else []
        elif b in _RUNS:
            steps += [(i + 1, j)] if b == "*" or a != "/" else []
        elif a == b or "?" in (a, b):
            steps.append((i + 1, j + 1))
    return steps
