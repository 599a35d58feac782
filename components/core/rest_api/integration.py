"""What a target tells the gateway: whom to call, how to ask, and what each answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ..naming import Names
from ..permissions import Permission

TEMPLATES = Path(__file__).parent / "templates"
_HOLE = re.compile(r"<<(\w+)>>")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One kind of the backend's answers, by its status: the caller's status and body."""

    status: int
    template: str
    """VTL. Empty passes the body on."""

    pattern: str = ""
    """Regular expression over the backend's status; empty for all that no other answer takes."""

    problem: bool = False
    """Whether the body is `application/problem+json`."""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html"""

    type: Literal["AWS", "AWS_PROXY", "HTTP_PROXY", "MOCK"]
    uri: str = ""
    method: str = "POST"
    permissions: tuple[Permission, ...] = ()
    """What the route's own role may do. Without any there is no role."""

    request: str = ""
    """VTL that makes the backend's request of the caller's."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    timeout_ms: int = 29_000
    """50–29,000 ms: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


class Target(Protocol):
    """Where a route leads."""

    def integration(self, names: Names) -> Integration:
        """How the gateway reaches it."""
        ...


def template(name: str, **holes: str) -> str:
    """The template file `name` with each `<<Hole>>` filled. Raises KeyError for one that is not given."""
    return _HOLE.sub(lambda hole: holes[hole[1]], (TEMPLATES / name).read_text()).strip()


def problem(status: int, title: str) -> str:
    """A problem document (RFC 9457) with the request's id, which the logs hold too; nothing else leaks."""
    return template("problem.vtl", Status=str(status), Title=title)


def json_string(expression: str) -> str:
    """VTL that writes `expression` inside a JSON string; `escapeJavaScript` escapes `'`, which JSON forbids.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#util-template-reference
    """
    return f'$util.escapeJavaScript({expression}).replaceAll("\\\\\'", "\'")'


def failure() -> Answer:
    """What a service's refusal becomes: 429 where it is throttled, else 502; its own words stay in the logs.

    An integration has one response for each status, so this one takes every 4xx and 5xx:
    https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegrationResponse.html
    """
    return Answer(status=502, pattern=r"[45]\d{2}", template=template("refusal.vtl"), problem=True)
