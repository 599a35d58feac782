"""What a pattern accepts: a rule that leaves the choice, for a resource that is there and needs it."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.ledger import Acceptance
from ..framework.resources import Resource
from ..framework.rule import Context, Example, Rule, Severity, resources, rule
from ..framework.types import PATTERN, TOPIC
from .data import deletion_protection
from .delivery import function_async_failures, undelivered_events
from .edge import no_way_round, viewer_tls
from .encryption import encryption_at_rest
from .routes import auth_on_every_route
from .users import user_pool_sign_in

ACCEPTABLE: dict[str, Rule] = {
    each.id: each
    for each in (
        auth_on_every_route,
        deletion_protection,
        encryption_at_rest,
        function_async_failures,
        no_way_round,
        undelivered_events,
        user_pool_sign_in,
        viewer_tls,
    )
}


def _accepting(rule_id: str) -> Example:
    accepted = {"rule": rule_id, "resource": f"{TOPIC}::arrivals", "because": "S3 can't publish through AWS's key"}
    return {f"{PATTERN}Example posters": {"accepted": [accepted]}, f"{TOPIC} arrivals": {"name": "arrivals"}}


@rule(
    "ledger-acceptances",
    "What the ledger accepts has a reason and is needed",
    severity=Severity.MEDIUM,
    on=resources(PATTERN),
    judges={PATTERN: ("accepted",)},
    why="An exception that nothing needs any more waits for somebody to use it.",
    fix="Take the entry out, or meet the rule",
    page="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/welcome.html",
    frameworks=("SEC03-BP04",),
    passes=_accepting(encryption_at_rest.id),
    fails=_accepting("iam-no-wildcard-action"),
)
def ledger_acceptances(pattern: Resource, context: Context) -> Iterator[str]:
    """Judge what one pattern accepts."""
    for entry in context.stack.ledger.accepted:
        if entry.pattern is pattern and (problem := _problem(entry, context)):
            yield f"accepts that {entry.resource} doesn't meet {entry.rule}, {problem}"


def _problem(entry: Acceptance, context: Context) -> str:
    accepted = ACCEPTABLE.get(entry.rule)
    if accepted is None:
        return "a rule that leaves no choice"
    if not entry.because:
        return "without a reason"
    resource = next((each for each in context.stack.resources if each.key == entry.resource), None)
    if resource is None:
        return "but there is no such resource"
    if not any(accepted.messages(resource, context.stack)):
        return "but it does"
    return ""
