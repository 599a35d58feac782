"""What somebody with a console may change beside a deployed program; each is put back at the end of a stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from policies.deployed import deployed
from policies.framework.resources import Resource
from policies.framework.rule import Finding
from policies.judge import judge
from tests.local.command import run_local
from tests.local.program import Program

Client = Callable[..., Any]
Change = Callable[["Deployed", ExitStack], object]


@dataclass(frozen=True)
class Deployed:
    """A deployed program, and what the pack says of what AWS holds for it."""

    resources: list[Resource]
    aws: Client
    program: Program

    def told(self) -> tuple[int, list[Any]]:
        """The exit code of `python -m local policy --json`, and what it printed."""
        command = ("policy", "--json", "--cwd", str(self.program.folder))
        code, found, _ = run_local(self.program.settings, *command)
        return code, list(found)

    def judged(self) -> list[Finding]:
        return judge(deployed(self.resources, lambda service, _: self.aws(service)))

    def prop(self, type_: str, name: str, prop: str) -> Any:
        (found,) = [each for each in self.resources if each.type.endswith(f":{type_}") and each.name == name]
        return found.known(prop)

    @property
    def role(self) -> str:
        return self.prop("Role", "posters-zip", "name")

    @property
    def queue(self) -> str:
        return self.prop("Queue", "posters-zip", "url")

    @property
    def queue_arn(self) -> str:
        return self.prop("Queue", "posters-zip", "arn")

    @property
    def function(self) -> str:
        return self.prop("Function", "parts-form", "name")

    @property
    def rule_arn(self) -> str:
        return self.prop("EventRule", "parts-ticks", "arn")


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def inline(program: Deployed, after: ExitStack) -> None:
    iam = program.aws("iam")
    by_hand = {"RoleName": program.role, "PolicyName": "by-hand"}
    iam.put_role_policy(**by_hand, PolicyDocument=document(allow("sqs:PurgeQueue", program.queue_arn)))
    after.callback(iam.delete_role_policy, **by_hand)


def attached(program: Deployed, after: ExitStack) -> None:
    iam = program.aws("iam")
    by_hand = {"RoleName": program.role, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    iam.attach_role_policy(**by_hand)
    after.callback(iam.detach_role_policy, **by_hand)


def attached_own(program: Deployed, after: ExitStack) -> None:
    iam = program.aws("iam")
    text = document(allow("sqs:PurgeQueue", program.queue_arn))
    arn = iam.create_policy(PolicyName="by-hand", PolicyDocument=text)["Policy"]["Arn"]
    after.callback(iam.delete_policy, PolicyArn=arn)
    iam.attach_role_policy(RoleName=program.role, PolicyArn=arn)
    after.callback(iam.detach_role_policy, RoleName=program.role, PolicyArn=arn)


def trusting(service: str) -> Change:
    def change(program: Deployed, after: ExitStack) -> None:
        iam, role = program.aws("iam"), program.role
        before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        wider = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(*before["Statement"], wider))
        after.callback(iam.update_assume_role_policy, RoleName=role, PolicyDocument=json.dumps(before))

    return change


def ledger_policy(edit: Callable[[list[Any]], None]) -> Change:
    """Changes the document of the role."""

    def change(program: Deployed, after: ExitStack) -> None:
        iam = program.aws("iam")
        ours = {"RoleName": program.role, "PolicyName": "ledger"}
        before = iam.get_role_policy(**ours)["PolicyDocument"]
        statements = json.loads(json.dumps(before["Statement"]))
        edit(statements)
        iam.put_role_policy(**ours, PolicyDocument=document(*statements))
        after.callback(iam.put_role_policy, **ours, PolicyDocument=json.dumps(before))

    return change


def no_document(program: Deployed, after: ExitStack) -> None:
    iam = program.aws("iam")
    ours = {"RoleName": program.role, "PolicyName": "ledger"}
    before = iam.get_role_policy(**ours)["PolicyDocument"]
    iam.delete_role_policy(**ours)
    after.callback(iam.put_role_policy, **ours, PolicyDocument=json.dumps(before))


def queue_policy(edit: Callable[[list[Any]], None]) -> Change:
    def change(program: Deployed, after: ExitStack) -> None:
        sqs, url = program.aws("sqs"), program.queue
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        statements = json.loads(before)["Statement"]
        edit(statements)
        text = document(*statements) if statements else ""
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
        after.callback(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": before})

    return change


def permission(program: Deployed, after: ExitStack) -> None:
    lambda_, by_hand = program.aws("lambda"), {"FunctionName": program.function, "StatementId": "ByHand"}
    source = {"Principal": "events.amazonaws.com", "SourceArn": f"{program.rule_arn}"}
    lambda_.add_permission(**by_hand, Action="lambda:InvokeFunction", **source)
    after.callback(lambda_.remove_permission, **by_hand)


def other_source(program: Deployed, after: ExitStack) -> None:
    """The permission of the program, without whom it acts for."""
    lambda_, ours = program.aws("lambda"), {"FunctionName": program.function, "StatementId": "EventsOnly"}
    added = {**ours, "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    lambda_.remove_permission(**ours)
    lambda_.add_permission(**added)

    def put_back() -> None:
        lambda_.remove_permission(**ours)
        lambda_.add_permission(**added, SourceArn=program.rule_arn)

    after.callback(put_back)


def no_permission(program: Deployed, after: ExitStack) -> None:
    lambda_, ours = program.aws("lambda"), {"FunctionName": program.function, "StatementId": "EventsOnly"}
    lambda_.remove_permission(**ours)
    added = {**ours, "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    after.callback(lambda_.add_permission, **added, SourceArn=program.rule_arn)


def url(program: Deployed, after: ExitStack) -> None:
    lambda_ = program.aws("lambda")
    lambda_.create_function_url_config(FunctionName=program.function, AuthType="NONE")
    after.callback(lambda_.delete_function_url_config, FunctionName=program.function)


def account(program: Deployed) -> dict[str, Any]:
    return {"Principal": {"AWS": f"arn:aws:iam::{program.queue_arn.split(':')[4]}:root"}}


def secret(program: Deployed, after: ExitStack) -> None:
    secrets, arn = program.aws("secretsmanager"), program.prop("Secret", "parts-secret", "arn")
    policy = document(allow("secretsmanager:GetSecretValue", "*", **account(program)))
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=policy)
    after.callback(secrets.delete_resource_policy, SecretId=arn)


def bus(program: Deployed, after: ExitStack) -> None:
    events, name = program.aws("events"), program.prop("EventBus", "parts-bus", "name")
    events.put_permission(EventBusName=name, StatementId="ByHand", Action="events:PutEvents", Principal="*")
    after.callback(events.remove_permission, EventBusName=name, StatementId="ByHand")


def table(program: Deployed, after: ExitStack) -> None:
    dynamodb, arn = program.aws("dynamodb"), program.prop("Table", "parts-items", "arn")
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=document(allow("dynamodb:GetItem", arn, **account(program))))
    after.callback(dynamodb.delete_resource_policy, ResourceArn=arn)


def stream(program: Deployed, after: ExitStack) -> None:
    kinesis, arn = program.aws("kinesis"), program.prop("Stream", "parts-log", "arn")
    policy = document(allow("kinesis:GetRecords", arn, **account(program)))
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    after.callback(kinesis.delete_resource_policy, ResourceARN=arn)


def key(program: Deployed, after: ExitStack) -> None:
    kms, key = program.aws("kms"), {"KeyId": program.prop("Key", "parts-key", "keyId"), "PolicyName": "default"}
    before = kms.get_key_policy(**key)["Policy"]
    wider = allow("kms:VerifyMac", "*", Principal={"AWS": "arn:aws:iam::444455556666:root"})
    kms.put_key_policy(**key, Policy=document(*json.loads(before)["Statement"], wider))
    after.callback(kms.put_key_policy, **key, Policy=before)


def grant(program: Deployed, after: ExitStack) -> None:
    kms, key = program.aws("kms"), program.prop("Key", "parts-key", "keyId")
    role = program.prop("Role", "posters-zip", "arn")
    grant = kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["VerifyMac"])["GrantId"]
    after.callback(kms.revoke_grant, KeyId=key, GrantId=grant)


def bucket(program: Deployed, after: ExitStack) -> None:
    s3, bucket = program.aws("s3"), program.prop("Bucket", "posters-uploads", "bucket")
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    after.callback(s3.put_bucket_policy, Bucket=bucket, Policy=before)


def topic(program: Deployed, after: ExitStack) -> None:
    sns, arn = program.aws("sns"), program.prop("Topic", "posters-arrivals", "arn")
    before = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    statements = json.loads(before)["Statement"]
    statements[-1]["Condition"]["ArnEquals"]["aws:SourceArn"] = ["arn:aws:s3:::another"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document(*statements))
    after.callback(sns.set_topic_attributes, TopicArn=arn, AttributeName="Policy", AttributeValue=before)


def more(action: str, number: int) -> Callable[[list[Any]], None]:
    return lambda statements: statements[number].update(Action=[*statements[number]["Action"], action])
