"""Every type with all the properties in its facts, and how to see them in AWS without the provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from local.wire import Archive, Asset
from tests.local.provider_driver import Driver

ACCOUNT = "000000000000"
TAGS = {"project": "tests", "cost-centre": "42"}
ASSUMED_BY_LAMBDA = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
CODE = Archive(assets={"handlers.py": Asset(text="def handler(event, context):\n    return event\n")})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def unique(kind: str) -> str:
    return f"{kind}-{uuid4().hex[:8]}"


class World:
    """What a resource under test needs around it, made through the provider and named afresh."""

    def __init__(self, provider: Driver) -> None:
        self.provider = provider

    def make(self, token: str, **inputs: Any) -> Any:
        return self.provider.of(token, unique("around")).create(inputs)

    def bucket(self) -> str:
        return self.make("aws:s3/bucket:Bucket").id

    def topic(self) -> str:
        return self.make("aws:sns/topic:Topic").id

    def topic_for(self, bucket: str) -> str:
        arn = self.topic()
        allowed = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": ["sns:Publish"]}
        where = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}
        policy = document({**allowed, "Resource": [arn], "Condition": where})
        self.make("aws:sns/topicPolicy:TopicPolicy", arn=arn, policy=policy)
        return arn

    def queue(self, **inputs: Any) -> Any:
        return self.make("aws:sqs/queue:Queue", **inputs)

    def queue_for(self, bucket: str) -> str:
        queue = self.queue()
        allowed = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
        where = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}
        policy = document({**allowed, "Resource": queue.outputs["arn"], "Condition": where})
        self.make("aws:sqs/queuePolicy:QueuePolicy", queueUrl=queue.id, policy=policy)
        return queue.outputs["arn"]

    def role(self) -> Any:
        return self.make("aws:iam/role:Role", assumeRolePolicy=ASSUMED_BY_LAMBDA)

    def function(self, timeout: int = 3) -> str:
        role = self.role()
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        policy = document({"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:sqs:us-east-1:{ACCOUNT}:*"]})
        self.make("aws:iam/rolePolicy:RolePolicy", role=role.id, policy=policy)
        parts = {"role": role.outputs["arn"], "runtime": "python3.13", "handler": "handlers.handler", "code": CODE}
        return self.make("aws:lambda/function:Function", timeout=timeout, **parts).id

    def origin_access(self) -> str:
        parts = {"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"}
        return self.make("aws:cloudfront/originAccessControl:OriginAccessControl", **parts).id

    def store(self) -> str:
        return self.make("aws:cloudfront/keyValueStore:KeyValueStore").outputs["arn"]


@dataclass
class Case:
    """One resource: its inputs, a change in place, a change that replaces, and its look in AWS."""

    token: str
    inputs: Callable[[World], dict[str, Any]]
    seen: Callable[[Any, str, dict[str, Any]], Any]
    """From boto3 (`aws("sqs")`), the id and the inputs: what AWS has, in AWS's words."""
    expected: Callable[[dict[str, Any]], Any]
    update: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    replace: dict[str, Any] = field(default_factory=dict)
    label: str = ""


def case(token: str, **parts: Any) -> Callable[[Callable[[World], dict[str, Any]]], Case]:
    """Make a case of the function that gives the inputs."""

    def made(inputs: Callable[[World], dict[str, Any]]) -> Case:
        return Case(token=token, inputs=inputs, label=inputs.__name__, **parts)

    return made
