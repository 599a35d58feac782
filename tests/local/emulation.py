"""What the contract tests of the local AWS make for themselves: roles, functions and queues, as root."""

from __future__ import annotations

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TRUST_LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST_ROOT = {"AWS": "arn:aws:iam::000000000000:root"}


def unique(prefix: str) -> str:
    """A name that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def allow(actions: list[str], resources: list[str], **more: Any) -> dict[str, Any]:
    """One Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def logs(group: str = "*") -> dict[str, Any]:
    """What a function needs to log into an existing group."""
    return allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"], [f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"]
    )


@dataclass(frozen=True)
class Workbench:
    """Makes things in the local AWS under names of their own."""

    aws: Callable[..., Any]

    def role(self, *statements: dict[str, Any], trust: dict[str, str] | None = None) -> str:
        """A role with one inline policy, if any; returns its ARN."""
        name = unique("role")
        trusted = {"Effect": "Allow", "Principal": trust or TRUST_LAMBDA, "Action": "sts:AssumeRole"}
        role = self.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trusted))
        self.grant(role["Role"]["Arn"], *statements)
        return role["Role"]["Arn"]

    def grant(self, role_arn: str, *statements: dict[str, Any]) -> None:
        """Replace the role's inline policy; without statements it has none."""
        name, iam = role_arn.rsplit("/", 1)[-1], self.aws("iam")
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="grants", PolicyDocument=document(*statements))
        elif iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName="grants")

    def function(self, source: str, role: str, variables: dict[str, str] | None = None, **more: Any) -> str:
        """A function whose module is `source` and whose handler is called `handler`; returns its name."""
        name = unique("function")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as bundle:
            bundle.writestr("main.py", textwrap.dedent(source))
        settings = {"Runtime": "python3.13", "Handler": "main.handler", "Timeout": 10, "MemorySize": 128, **more}
        self.aws("lambda").create_function(
            FunctionName=name,
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": variables or {}},
            **settings,
        )
        return name

    def invoke(self, function: str, event: Any = None) -> Any:
        """What the function returns, or the described error under the key `failed`."""
        answer = self.aws("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        return {"failed": payload} if "FunctionError" in answer else payload

    def log_lines(self, group: str) -> list[str]:
        """All lines in a log group; none if it doesn't exist."""
        client = self.aws("logs")
        try:
            return [event["message"] for event in client.filter_log_events(logGroupName=group)["events"]]
        except client.exceptions.ResourceNotFoundException:
            return []

    def queue(self, **attributes: str) -> tuple[str, str]:
        """A queue; returns its URL and ARN."""
        sqs = self.aws("sqs")
        url = sqs.create_queue(QueueName=unique("queue"), Attributes=attributes)["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
