"""What a runtime role must not be able to do: become more than it is, or open things to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..framework.ledger import AWAITED
from ..framework.rule import Context, Option, Severity, rule
from ..framework.types import ROLE_POLICY
from ..iam.arns import has_wildcard, is_pinned
from ..iam.documents import Statement
from ..iam.escalation import ALONE, CREDENTIALS, PASSING, TAKES_A_ROLE
from ..iam.facts import Action, expand, service
from .actions import EVERYTHING
from .principals import PRINCIPALS, Principal, speaks_of
from .subjects import IDENTITY_STATEMENTS, POLICY_DOCUMENT

_PASSING_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
LEVELS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html"
_WORKER = "arn:aws:iam::111122223333:role/worker"
_ALONE = {action.lower(): action for action in ALONE}
_TOLD = 4
"""Actions that a message names."""


@rule(
    "iam-no-escalation",
    "Nobody may, by all of its statements together, give itself another's rights",
    severity=Severity.CRITICAL,
    on=PRINCIPALS,
    judges={ROLE_POLICY: POLICY_DOCUMENT},
    why="Whoever may write policies, run code under another role, or pass a role to something that works for it, "
    "has all rights of that role, whatever its own documents say.",
    fix="Leave it to the deployment; a function that must start such work has a role of its own for that one call",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    same_as=(
        "checkov CKV_AWS_286",
        "checkov CKV2_AWS_40",
        "cloudsplaining PrivilegeEscalation",
        "parliament PRIVILEGE_ESCALATION",
        "prowler iam_policy_allows_privilege_escalation",
        "prowler iam_inline_policy_allows_privilege_escalation",
    ),
    frameworks=("SEC03-BP02", "SEC03-BP05"),
    passes=[{"Action": "iam:PassRole", "Resource": _WORKER}, {"Action": "lambda:InvokeFunction"}],
    fails=[{"Action": "iam:PassRole", "Resource": _WORKER}, {"Action": "lambda:CreateFunction"}],
)
def no_escalation(principal: Principal, _: Context) -> Iterator[str]:
    """Judge one principal over all of its documents."""
    alone = [action for wanted, action in _ALONE.items() if principal.may(wanted)]
    if len(alone) > _TOLD:
        yield f"{principal.name} may {_few(alone)}, each of which is enough alone"
    else:
        yield from (f"{principal.name} may {action}: it {ALONE[action]}" for action in alone)
    if any(not is_pinned(each) for one in principal.that_allow("sts:assumerole") for each in one.resources):
        yield f"{principal.name} may assume more than one role by sts:AssumeRole"
    if principal.may(PASSING) and (takers := sorted(_takers(principal))):
        yield f"{principal.name} may pass a role to what it starts by {_few(takers)}, and work through that"


def _takers(principal: Principal) -> set[str]:
    """What the principal may call, of all that takes a role."""
    found = set()
    for name in {name for each in principal.statements if each.allows for name in each.actions}:
        if name in EVERYTHING:
            found.add(name)
        else:
            takers = (each for each in expand(name) if PASSING in each.needs or each.name.lower() in TAKES_A_ROLE)
            found.update(each.name for each in takers if principal.may(each.name))
    if any(each.allows and each.not_actions for each in principal.statements):
        found.add("all but some actions")
    return found


@rule(
    "iam-no-exposure",
    "Nobody may change who has access to what, or take out credentials, without AWS's page in the ledger",
    severity=Severity.HIGH,
    on=PRINCIPALS,
    judges={ROLE_POLICY: POLICY_DOCUMENT},
    why="Who changes a bucket's, queue's or key's policy opens it to anybody; who takes out credentials uses them "
    "elsewhere and later.",
    fix="Leave it to the deployment; where AWS asks for it, give its page with the permission (page=…)",
    page=LEVELS,
    same_as=(
        "checkov CKV_AWS_287",
        "checkov CKV_AWS_289",
        "cloudsplaining ResourceExposure",
        "cloudsplaining CredentialsExposure",
        "parliament PERMISSIONS_MANAGEMENT_ACTIONS",
        "parliament CREDENTIALS_EXPOSURE",
    ),
    frameworks=("SEC03-BP02", "SEC03-BP07"),
    passes=[{"Action": "sqs:SendMessage"}],
    fails=[{"Action": "sqs:AddPermission"}],
)
def no_exposure(principal: Principal, context: Context) -> Iterator[str]:
    """Judge one principal; what makes it more than it is, and passing roles, are other rules' to report."""
    grants = context.stack.ledger.grants.get(principal.name, ())
    documented = {each.statement.meaning() for each in grants if each.page}
    exposing = {
        action.name
        for statement in principal.statements
        if statement.allows and statement.meaning() not in documented
        for name in statement.actions
        for action in _exposing(name)
        if principal.may(action.name)
    }
    if exposing:
        yield f"{principal.name} may change access or take out credentials by {_few(sorted(exposing))}"


def _exposing(name: str) -> Iterator[Action]:
    if name in EVERYTHING:
        return
    for action in expand(name):
        wanted = action.name.lower()
        exposes = action.level == "Permissions management" or wanted in CREDENTIALS
        if exposes and wanted not in _ALONE and wanted != PASSING:
            yield action


@rule(
    "iam-no-sum-of-wildcards",
    "Nobody may call most of a service's actions of a kind, though each is written out",
    severity=Severity.HIGH,
    on=PRINCIPALS,
    judges={ROLE_POLICY: POLICY_DOCUMENT},
    why="A list of nearly all that a service can change is a wildcard in other words, over statements and documents.",
    fix="Leave out what the principal doesn't call, or part it into several that each do one thing",
    page=LEVELS,
    same_as=(
        "cloudsplaining ServiceWildcard",
        "prowler iam_policy_no_full_access_to_cloudtrail",
        "prowler iam_policy_no_full_access_to_kms",
    ),
    frameworks=("SEC03-BP02",),
    passes=[{"Action": ["sqs:SendMessage", "sqs:ReceiveMessage"]}, {"Action": "sqs:DeleteMessage"}],
    fails=[
        {"Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]},
        {"Action": ["sqs:PurgeQueue", "sqs:DeleteQueue", "sqs:StartMessageMoveTask", "sqs:CancelMessageMoveTask"]},
    ],
    options={
        "share": Option(0.75, "From which part of a service's actions of one level on", {"type": "number"}),
        "least": Option(5, "Levels of fewer actions aren't judged", {"type": "integer"}),
    },
)
def no_sum_of_wildcards(principal: Principal, context: Context) -> Iterator[str]:
    """Judge one principal by the actions that it names; those behind wildcards are another rule's to report."""
    named = {name.lower() for each in principal.statements if each.allows for name in each.actions}
    by_service: dict[str, set[str]] = defaultdict(set)
    for name in named:
        if not has_wildcard(name):
            by_service[name.partition(":")[0]].add(name)
    for prefix, mine in sorted(by_service.items()):
        if len(mine) < context.options["least"] * context.options["share"]:
            continue
        levels: dict[str, set[str]] = defaultdict(set)
        for action in service(prefix).actions.values():
            levels[action.level].add(action.name.lower())
        for level, actions in levels.items():
            share = len(actions & mine) / len(actions)
            if len(actions) >= context.options["least"] and share >= context.options["share"]:
                yield (
                    f"{principal.name} may call {len(actions & mine)} of the {len(actions)} actions of {prefix} "
                    f"of the level {level}"
                )


_TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


@rule(
    "iam-pass-role",
    "Who may pass a role passes one, to one service",
    severity=Severity.HIGH,
    on=IDENTITY_STATEMENTS,
    judges={ROLE_POLICY: POLICY_DOCUMENT},
    why="Whoever passes a role to something has that role's rights; without iam:PassedToService through any service.",
    fix="Name the one role, and hold the statement to one service by StringEquals iam:PassedToService",
    page=_PASSING_PAGE,
    same_as=("checkov CKV_AWS_110", "prowler iam_policy_allows_privilege_escalation"),
    frameworks=("SEC03-BP02",),
    passes={"Action": "iam:PassRole", "Resource": _WORKER, "Condition": _TO_LAMBDA},
    fails={"Action": "iam:PassRole", "Resource": _WORKER},
)
def pass_role(statement: Statement, _: Context) -> Iterator[str]:
    """Judge one statement."""
    if not statement.allows or not speaks_of(statement, PASSING):
        return
    if statement.not_resources or len(statement.resources) != 1 or _is_open(statement.resources[0]):
        yield f"{statement.label} passes {', '.join(statement.resources) or 'all but some roles'}"
    if not _names_one_service(statement):
        yield f"{statement.label} passes a role to more than one service"


def _is_open(resource: str) -> bool:
    return has_wildcard(resource) and not resource.startswith(AWAITED)


def _names_one_service(statement: Statement) -> bool:
    return any(
        operator.lower() == "stringequals" and key.lower() == "iam:passedtoservice" and len(values) == 1
        for operator, keys in statement.conditions.items()
        for key, values in keys.items()
        if not any(has_wildcard(value) for value in values)
    )


def _few(names: Sequence[str]) -> str:
    more = len(names) - _TOLD
    return f"{', '.join(names[:_TOLD])}{f' and {more} more' if more > 0 else ''}"
