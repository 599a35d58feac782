"""Actions, held to AWS's own list: they exist, and a statement's resources are of a type that they take."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.ledger import AWAITED
from ..framework.rule import Context, Severity, rule
from ..framework.types import QUEUE_POLICY, ROLE, ROLE_POLICY
from ..iam.documents import Statement
from ..iam.facts import Action, NoFacts, expand, nearest
from ..iam.formats import takes
from .subjects import POLICY_DOCUMENT, STATEMENTS

REFERENCE = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html"
)
EVERYTHING = frozenset({"*", "*:*"})
JOBS, ARRIVALS = "arn:aws:sqs:eu-west-1:111122223333:jobs", "arn:aws:sns:eu-west-1:111122223333:arrivals"


def says(statement: Statement) -> str:
    """How a message begins."""
    return f"{statement.label} {'allows' if statement.allows else 'denies'}"


@rule(
    "iam-action-exists",
    "Every action of a policy is one that AWS has",
    severity=Severity.MEDIUM,
    on=STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT, QUEUE_POLICY: POLICY_DOCUMENT, ROLE: ("assumeRolePolicy",)},
    why="IAM takes any text for an action: misspelt in an Allow it grants nothing, and in a Deny it protects nothing.",
    fix="Spell it as the Service Authorization Reference does",
    page=REFERENCE,
    same_as=("parliament UNKNOWN_ACTION", "parliament UNKNOWN_PREFIX"),
    frameworks=("SEC03-BP02",),
    passes={"Action": "sqs:SendMessage"},
    fails={"Action": "sqs:SendMesage"},
)
def action_exists(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement, Allow or Deny; of several services that can't be judged, name the last."""
    doubt = None
    for name in (*statement.actions, *statement.not_actions):
        try:
            if name not in EVERYTHING and not expand(name):
                yield f"{says(statement)} {name}, which AWS doesn't have{_instead(name)}"
        except NoFacts as error:
            doubt = error
    if doubt:
        raise doubt


def _instead(name: str) -> str:
    close = nearest(name)
    return f"; it has {close}" if close else ""


@rule(
    "iam-action-fits-resource",
    "Every action of a statement finds a resource that it takes, and every resource an action",
    severity=Severity.MEDIUM,
    on=STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT, QUEUE_POLICY: POLICY_DOCUMENT},
    why="An action on the ARN of another type, or on one with a part missing, is never asked for: "
    "an Allow grants nothing, and a Deny protects nothing.",
    fix="Write the resource as the reference has it for the action, or give the action a statement of its own",
    page=REFERENCE,
    same_as=("parliament RESOURCE_MISMATCH", "parliament INVALID_ARN"),
    frameworks=("SEC03-BP02",),
    passes={"Action": "sqs:SendMessage", "Resource": JOBS},
    fails={"Action": "sqs:SendMessage", "Resource": ARRIVALS},
)
def action_fits_resource(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement. What AWS has yet to make fits; actions that AWS lacks are another rule's to report."""
    named = [each for each in statement.resources if not each.startswith(AWAITED)]
    if statement.not_actions or not named or EVERYTHING & set(statement.actions):
        return
    awaits = len(named) < len(statement.resources)
    unused = dict.fromkeys(named)
    fitting = True
    for name in statement.actions:
        actions = expand(name)
        taken = [each for each in named if any(takes(action, each) for action in actions)]
        for each in taken:
            unused.pop(each, None)
        if actions and not taken and not awaits:
            fitting = False
            yield f"{says(statement)} {name} on {', '.join(named)}: it takes {_formats(actions)}"
    if fitting:
        yield from (f"{statement.label} names {each}, which none of its actions takes" for each in unused)


def _formats(actions: tuple[Action, ...]) -> str:
    formats = dict.fromkeys(format_ for action in actions for format_ in action.formats)
    few = list(formats)[:3]
    return f"{' or '.join(few)}{' …' if len(formats) > len(few) else ''}" if few else "no resource, only *"
