"""What AWS's pages say of requests and conditions, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from policies.iam.documents import Statement, parse
from policies.iam.evaluation import Request, Verdict

JOBS: Final = "arn:aws:sqs:eu-west-1:111122223333:jobs"
ROLE: Final = "arn:aws:iam::111122223333:role/worker"
SESSION: Final = "arn:aws:sts::111122223333:assumed-role/worker/one"
STRANGER: Final = "arn:aws:iam::444455556666:role/stranger"
KEY: Final = "arn:aws:kms:eu-west-1:111122223333:key/1"
ROOT: Final = "arn:aws:iam::111122223333:root"
ALLOW: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": JOBS}

A, D, N = Verdict.ALLOWED, Verdict.DENIED, Verdict.NOT_ALLOWED


def identity(*statements: dict[str, Any]) -> tuple[Statement, ...]:
    """The statements of a principal's policies."""
    return parse({"Version": "2012-10-17", "Statement": list(statements)}) if statements else ()


def on_queue(principal: Any, **changes: Any) -> tuple[Statement, ...]:
    """The statements of a queue's policy that lets `principal` in."""
    return identity({**ALLOW, "Principal": principal, **changes})


def request(principal: str = ROLE, resource: str = JOBS, action: str = "sqs:SendMessage", /, **context: Any) -> Request:
    """A wish; condition keys with `__` for the colon."""
    sent = {key.replace("__", ":"): value for key, value in context.items()}
    return Request(principal=principal, action=action, resource=resource, context=sent)


@dataclass(frozen=True)
class Case:
    """A request and what AWS answers."""

    name: str
    verdict: Verdict
    request: Request
    identity: tuple[Statement, ...] = ()
    resource: tuple[Statement, ...] = ()


def allowing(name: str, verdict: Verdict, asked: Request | None = None, **changes: Any) -> Case:
    """One identity statement with changes against a request."""
    body = {key: value for key, value in {**ALLOW, **changes}.items() if value is not None}
    return Case(name, verdict, asked or request(), identity(body))


def _open(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **changes}


def _deny(**changes: Any) -> dict[str, Any]:
    return _open(Effect="Deny", **changes)


_TRUST: Final = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
_ASSUME: Final = request("lambda.amazonaws.com", ROLE, "sts:AssumeRole")
_OBJECT: Final = "arn:aws:s3:::posters/home/worker/1"
_GET: Final = (ROLE, _OBJECT, "s3:GetObject")
_HOME: Final = "aws:PrincipalTag/home"
_IN_HOME: Final = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::posters/home/${aws:PrincipalTag/home}/*"}
_DECRYPT: Final = request(ROLE, KEY, "kms:Decrypt")
_DEFAULT_KEY_POLICY: Final = on_queue({"AWS": ROOT}, Action="kms:*", Resource="*")

CASES: Final = (
    # …/reference_policies_evaluation-logic_policy-eval-denyallow.html
    Case("everything is denied that nothing allows", N, request()),
    allowing("a statement allows", A),
    allowing("another action", N, Action="sqs:ReceiveMessage"),
    allowing("another resource", N, Resource=JOBS + "-dlq"),
    Case("an explicit deny overrides an allow", D, request(), identity(ALLOW, _deny())),
    Case("a deny of the resource overrides", D, request(), identity(ALLOW), on_queue("*", Effect="Deny")),
    Case("either side allows within an account", A, request(), (), on_queue({"AWS": ROLE})),
    Case("a policy for the account delegates, and gives nothing itself", N, request(), (), on_queue({"AWS": ROOT})),
    Case("an account's number is its root", N, request(), (), on_queue({"AWS": "111122223333"})),
    Case("everybody is somebody", A, request(), (), on_queue("*")),
    Case("a policy for another role", N, request(), (), on_queue({"AWS": ROLE + "2"})),
    # …/reference_policies_evaluation-logic-cross-account.html
    Case("across accounts the resource alone isn't enough", N, request(STRANGER), (), on_queue({"AWS": STRANGER})),
    Case("nor is the identity alone", N, request(STRANGER), identity(ALLOW)),
    Case("both sides are", A, request(STRANGER), identity(ALLOW), on_queue({"AWS": STRANGER})),
    Case("or an account that delegates", A, request(STRANGER), identity(ALLOW), on_queue({"AWS": "444455556666"})),
    # …/reference_policies_elements_action.html, …_notaction.html: names in any case, * and ?
    allowing("actions are written in any case", A, Action="SQS:sendmessage"),
    allowing("a prefix of actions", A, Action="sqs:Send*"),
    allowing("one character of an action", A, Action="sqs:SendMessag?"),
    allowing("all but other actions", A, Action=None, NotAction="sqs:ReceiveMessage"),
    allowing("all but this action", N, Action=None, NotAction="sqs:Send*"),
    # …/reference_policies_elements_resource.html, …_notresource.html
    allowing("resources keep their case", N, Resource=JOBS.upper()),
    allowing("a star in a segment", A, Resource="arn:aws:sqs:*:111122223333:j*s"),
    allowing("a star at a segment's end goes beyond", A, Resource="arn:aws:sqs:*"),
    allowing("one within a segment doesn't", N, Resource="arn:aws:s*1:111122223333:jobs"),
    Case("but may, to deny", D, request(), identity(ALLOW, _deny(Resource="arn:aws:s*1:111122223333:jobs"))),
    Case("an ARN cut short is completed, to deny", D, request(), identity(ALLOW, _deny(Resource="arn:aws:sqs"))),
    allowing("all but other resources", A, Resource=None, NotResource=JOBS + "-dlq"),
    allowing("all but this resource", N, Resource=None, NotResource="arn:aws:s*1:111122223333:jobs"),
    allowing("an identity statement without resource", N, Resource=None),
    # …/reference_policies_variables.html
    allowing("a variable", A, request(*_GET, **{_HOME: "worker"}), **_IN_HOME),
    allowing("its value is no pattern", N, request(*_GET, **{_HOME: "*"}), **_IN_HOME),
    allowing("a variable that isn't sent", N, request(*_GET), **_IN_HOME),
    allowing(
        "its default",
        A,
        request(*_GET),
        Action="s3:GetObject",
        Resource="arn:aws:s3:::posters/home/${aws:PrincipalTag/home, 'worker'}/*",
    ),
    allowing("a star of its own", N, Resource="arn:aws:sqs:eu-west-1:111122223333:${*}"),
    Case(
        "a variable that isn't sent denies",
        D,
        request(),
        identity(ALLOW, _deny(Resource="arn:aws:sqs:eu-west-1:111122223333:${aws:PrincipalTag/home}")),
    ),
    # …/reference_policies_elements_principal.html, …_notprincipal.html
    Case("a session of the role may be another", N, request(), (), on_queue({"AWS": SESSION})),
    Case("and is denied", D, request(), identity(ALLOW), on_queue({"AWS": SESSION}, Effect="Deny")),
    Case("a user of elsewhere may stand behind a role", N, request(), (), on_queue({"Federated": "login.example.com"})),
    Case("a service is no role", N, request(), (), on_queue({"Service": "sns.amazonaws.com"})),
    Case("all but another", A, request(), (), identity({**ALLOW, "NotPrincipal": {"AWS": STRANGER}})),
    Case("all but the role", N, request(), (), identity({**ALLOW, "NotPrincipal": {"AWS": ROLE}})),
    Case(
        "a deny of all others must spare the account, too",
        D,
        request(),
        identity(ALLOW),
        identity({**_deny(), "NotPrincipal": {"AWS": ROLE}}),
    ),
    Case(
        "and then spares the role",
        A,
        request(),
        identity(ALLOW),
        identity({**_deny(), "NotPrincipal": {"AWS": [ROLE, ROOT]}}),
    ),
    # …/id_roles_terms-and-concepts.html: a trust policy names no resource
    Case("a service assumes a role that trusts it", A, _ASSUME, (), identity(_TRUST)),
    Case("another doesn't", N, request("ec2.amazonaws.com", ROLE, "sts:AssumeRole"), (), identity(_TRUST)),
    Case(
        "a trust policy holds the service to its source",
        N,
        _ASSUME,
        (),
        identity({**_TRUST, "Condition": {"ArnLike": {"aws:SourceArn": JOBS}}}),
    ),
    Case("no role is assumed without trust", N, request(ROLE, ROLE + "2", "sts:AssumeRole"), identity(_open())),
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    Case("a key's policy must take part", N, _DECRYPT, identity(_open())),
    Case("the default one delegates", A, _DECRYPT, identity(_open()), _DEFAULT_KEY_POLICY),
    Case("and gives nothing itself", N, _DECRYPT, (), _DEFAULT_KEY_POLICY),
    Case("an action on no key asks none", A, request(ROLE, "*", "kms:CreateKey"), identity(_open())),
)


def _row(operator: str, key: str, values: Any, met: bool | None, **sent: Any) -> tuple[Any, Any, bool | None]:
    return {operator: {key: values}}, sent, met


_VPC: Final = "aws:SourceVpc"
_FROM: Final = "aws:SourceArn"
_TAGS: Final = "aws:TagKeys"
_ARN: Final = "arn:aws:sns:eu-west-1:111122223333:arrivals"

CONDITIONS: Final = (
    # …/reference_policies_elements_condition_operators.html
    _row("StringEquals", _VPC, "vpc-1", True, aws__SourceVpc="vpc-1"),
    _row("StringEquals", "AWS:sourcevpc", "vpc-1", True, aws__SourceVpc="vpc-1"),
    _row("StringEquals", _VPC, ["vpc-1", "vpc-2"], True, aws__SourceVpc="vpc-2"),
    _row("StringEquals", _VPC, "vpc-1", False, aws__SourceVpc="VPC-1"),
    _row("StringEquals", _VPC, "vpc-*", False, aws__SourceVpc="vpc-1"),
    _row("StringEquals", _VPC, "vpc-1", False),
    _row("StringEquals", _VPC, "${aws:PrincipalArn}", True, aws__SourceVpc=ROLE),
    _row("StringEquals", _VPC, "${aws:username}", None, aws__SourceVpc="vpc-1"),
    _row("StringNotEquals", _VPC, ["vpc-1", "vpc-2"], False, aws__SourceVpc="vpc-2"),
    _row("StringNotEquals", _VPC, ["vpc-1", "vpc-2"], True, aws__SourceVpc="vpc-3"),
    _row("StringNotEquals", _VPC, "vpc-1", True),
    _row("StringEqualsIgnoreCase", _VPC, "vpc-1", True, aws__SourceVpc="VPC-1"),
    _row("StringNotEqualsIgnoreCase", _VPC, "vpc-1", False, aws__SourceVpc="VPC-1"),
    _row("StringLike", _VPC, "vpc-?", True, aws__SourceVpc="vpc-1"),
    _row("StringLike", _VPC, "vpc-*", False, aws__SourceVpc="subnet-1"),
    _row("StringNotLike", _VPC, "vpc-*", False, aws__SourceVpc="vpc-1"),
    _row("StringNotLike", _VPC, "vpc-*", True),
    _row("NumericLessThan", "s3:max-keys", "10", True, **{"s3:max-keys": "9"}),
    _row("NumericLessThanEquals", "s3:max-keys", "10", True, **{"s3:max-keys": "10"}),
    _row("NumericLessThanEquals", "s3:max-keys", "10", False, **{"s3:max-keys": "10.5"}),
    _row("NumericGreaterThan", "s3:max-keys", "10", False, **{"s3:max-keys": "10"}),
    _row("NumericNotEquals", "s3:max-keys", "10", True),
    _row("NumericEquals", "s3:max-keys", "ten", None, **{"s3:max-keys": "10"}),
    _row("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", True, aws__CurrentTime="2026-11-24T12:00:00Z"),
    _row("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", False, aws__CurrentTime="2026-11-24"),
    _row("DateLessThan", "aws:EpochTime", "2026-01-01T00:00:00Z", True, aws__EpochTime="1700000000"),
    _row("DateLessThan", "aws:CurrentTime", "tomorrow", None, aws__CurrentTime="2026-11-24"),
    _row("Bool", "aws:SecureTransport", "false", False),
    _row("Bool", "aws:SecureTransport", "false", True, aws__SecureTransport="false"),
    _row("Bool", "aws:MultiFactorAuthPresent", "false", False),
    _row("BoolIfExists", "aws:MultiFactorAuthPresent", "false", True),
    _row("Bool", "aws:SecureTransport", "no", None),
    _row("IpAddress", "aws:SourceIp", "203.0.113.0/24", True, aws__SourceIp="203.0.113.9"),
    _row("IpAddress", "aws:SourceIp", "2001:db8::/32", False, aws__SourceIp="203.0.113.9"),
    _row("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"], False, aws__SourceIp="203.0.113.9"),
    _row("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"], True),
    _row("IpAddress", "aws:SourceIp", "here", None, aws__SourceIp="203.0.113.9"),
    _row("ArnEquals", _FROM, _ARN, True, aws__SourceArn=_ARN),
    _row("ArnEquals", _FROM, "arn:aws:sns:*:111122223333:arriv*", True, aws__SourceArn=_ARN),
    _row("ArnLike", _FROM, "arn:aws:sns:*:arrivals", None, aws__SourceArn=_ARN),
    _row("ArnLike", _FROM, "arn:aws:sns:eu-west-1:444455556666:*", False, aws__SourceArn=_ARN),
    _row("ArnLike", _FROM, "arn:aws:sns:eu-west-1:${aws:PrincipalAccount}:*", True, aws__SourceArn=_ARN),
    _row("ArnNotLike", _FROM, "arn:aws:sns:*:*:arrivals", False, aws__SourceArn=_ARN),
    _row("ArnNotEquals", _FROM, _ARN, True),
    _row("BinaryEquals", "aws:Some", "QmluYXJ5", True, aws__Some="QmluYXJ5"),
    _row("StringEqualsIfExists", _VPC, "vpc-1", True),
    _row("StringEqualsIfExists", _VPC, "vpc-1", False, aws__SourceVpc="vpc-2"),
    _row("Null", _VPC, "true", True),
    _row("Null", _VPC, True, False, aws__SourceVpc="vpc-1"),
    _row("Null", _VPC, "false", True, aws__SourceVpc="vpc-1"),
    _row("StringResembles", _VPC, "vpc-1", None, aws__SourceVpc="vpc-1"),
    _row("NullIfExists", _VPC, "true", None),
    # …/reference_policies_condition-single-vs-multi-valued-context-keys.html
    _row("ForAllValues:StringEquals", _TAGS, ["a", "b"], True, aws__TagKeys=("a", "b")),
    _row("ForAllValues:StringEquals", _TAGS, ["a", "b"], False, aws__TagKeys=("a", "c")),
    _row("ForAllValues:StringEquals", _TAGS, ["a", "b"], True),
    _row("ForAllValues:StringEquals", _TAGS, ["a", "b"], True, aws__TagKeys=""),
    _row("ForAllValues:StringNotEquals", _TAGS, ["a"], False, aws__TagKeys=("a", "c")),
    _row("ForAnyValue:StringEquals", _TAGS, ["a", "b"], True, aws__TagKeys=("c", "b")),
    _row("ForAnyValue:StringEquals", _TAGS, ["a", "b"], False),
    _row("ForAnyValue:StringNotLike", _TAGS, ["a*"], True, aws__TagKeys=("a", "c")),
    _row("ForAnyValue:StringNotLike", _TAGS, ["a*"], False),
    _row("StringEquals", _TAGS, ["a"], None, aws__TagKeys=("a", "b")),
)
"""Condition, what is sent, and whether it is met: `None` where AWS's pages don't say."""
