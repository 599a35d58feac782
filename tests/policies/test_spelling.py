"""What a document means decides what is found in it, not how it is spelt, parted or ordered."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.framework.resources import Resource
from policies.framework.rule import Rule
from policies.framework.stack import Stack
from policies.framework.types import ROLE_POLICY
from policies.iam.facts import action
from policies.iam.formats import takes
from policies.judge import judge_rule
from policies.rules import FAMILIES
from tests.policies.builders import arn, record

OF_STATEMENTS = (*FAMILIES["Identity policies"], *FAMILIES["Every policy"])
OF_PRINCIPALS = FAMILIES["Principals"]
ACTIONS = st.sampled_from(
    [
        *("sqs:SendMessage", "sqs:SendMesage", "sqs:*", "s3:GetObject", "s3:ListBucket", "s3:ListAllMyBuckets"),
        *("s3:PutBucketPolicy", "iam:PassRole", "iam:PutRolePolicy", "iam:Put?olePolicy", "lambda:CreateFunction"),
        *("sts:AssumeRole", "pipes:Create*", "*"),
    ]
)
RESOURCES = st.sampled_from(
    [
        *("*", arn("sqs", "jobs"), arn("sqs", "job*"), "arn:aws:s3:::posters", "arn:aws:s3:::posters/*"),
        *("arn:aws:iam::111122223333:role/worker", "arn:aws:iam::*:role/worker", "arn:aws:sqs:jobs"),
    ]
)
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
        {"StringLike": {"s3:prefix": ["uploads/*", "more/*"]}},
        {"Bool": {"aws:SecureTransprt": "true"}},
    ]
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
            "Action": st.lists(ACTIONS, min_size=1, max_size=3, unique=True),
            "Resource": st.lists(RESOURCES, min_size=1, max_size=2, unique=True),
            "Condition": CONDITIONS,
        }
    ),
    min_size=1,
    max_size=3,
)
SEEDS = st.integers(0, 2**32)


def found(rules: tuple[Rule, ...], *texts: str) -> set[str]:
    """The rules that find something in a role with these documents."""
    policies = [record(ROLE_POLICY, f"w{number}", {"role": "w", "policy": text}) for number, text in enumerate(texts)]
    stack = Stack(map(Resource.of, policies))
    return {rule.id for rule in rules if any(judge_rule(rule, stack))}


def plain(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def respelt(statements: list[dict[str, Any]], chance: random.Random) -> str:
    """The same document: other order, other case of actions, strings for lists of one, doubles, escapes."""
    again = [dict(each) for each in (*statements, *chance.sample(statements, chance.randint(0, 1)))]
    chance.shuffle(again)
    for each in again:
        each["Action"] = ["".join(chance.choice((sign.lower(), sign.upper())) for sign in a) for a in each["Action"]]
        for element in ("Action", "Resource"):
            values = [*each[element], chance.choice(each[element])]
            chance.shuffle(values)
            each[element] = values[0] if len(set(values)) == 1 else values
        if not each["Condition"]:
            del each["Condition"]
    body = again[0] if len(again) == 1 else again
    text = json.dumps({"Statement": body, "Version": "2012-10-17"}, indent=chance.choice((None, 2)))
    return "".join(f"\\u{ord(s):04x}" if s in "*?aeS/" and chance.random() < 0.2 else s for s in text)


@settings(max_examples=60, deadline=None)
@given(STATEMENTS, SEEDS)
def test_a_respelt_document_gets_the_same_verdict(statements, seed):
    assert found(OF_STATEMENTS, respelt(statements, random.Random(seed))) == found(OF_STATEMENTS, plain(statements))


@settings(max_examples=60, deadline=None)
@given(STATEMENTS)
def test_what_a_principal_may_do_doesnt_depend_on_how_it_is_parted(statements):
    single = [
        {**each, "Action": action_, "Resource": resource}
        for each in statements
        for action_ in each["Action"]
        for resource in each["Resource"]
    ]
    whole = found(OF_PRINCIPALS, plain(statements)) - {"iam-pass-role"}
    assert found(OF_PRINCIPALS, *(plain([each]) for each in single)) - {"iam-pass-role"} == whole


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        [
            ("s3:GetObject", "arn:aws:s3:::posters/uploads/a.png"),
            ("dynamodb:Query", arn("dynamodb", "table/orders/index/by-day")),
            ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/worker:log-stream:a")),
            ("sqs:SendMessage", arn("sqs", "jobs")),
        ]
    ),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_a_wildcard_takes_nothing_from_what_an_action_takes(example, start, length):
    name, resource = example
    assert takes(action(name), resource)
    *head, name_part = resource.split(":", 5)
    wide = f"{name_part[:start]}*{name_part[start + length :]}"
    assert takes(action(name), ":".join((*head, wide)))
