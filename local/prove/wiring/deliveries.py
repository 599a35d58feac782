"""What services deliver by themselves: notifications, subscriptions, polls, rules, schedules, pipes, alarms, pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import (
    BUCKET,
    BUCKET_NOTIFICATION,
    DISTRIBUTION,
    EVENT_RULE,
    EVENT_SOURCE_MAPPING,
    EVENT_TARGET,
    FUNCTION,
    METRIC_ALARM,
    PIPE,
    SCHEDULE,
    SUBSCRIPTION,
    USER_POOL,
)

from .need import SAMPLE, Need, UnknownFlow, arn_of, by_role, by_service, given, on_behalf, part

_GUIDE: Final = "https://docs.aws.amazon.com/"
_S3: Final = _GUIDE + "AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
_SNS: Final = _GUIDE + "sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"
_SNS_LAMBDA: Final = _GUIDE + "sns/latest/dg/lambda-console.html"
_SNS_LETTERS: Final = _GUIDE + "sns/latest/dg/sns-configure-dead-letter-queue.html"
_FAILURES: Final = _GUIDE + "lambda/latest/dg/invocation-async-retain-records.html"
_ALARMS: Final = _GUIDE + "AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"
_ACCESS: Final = _GUIDE + "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html"
_RULES: Final = _GUIDE + "eventbridge/latest/userguide/eb-use-resource-based.html"
_RULE_ROLES: Final = _GUIDE + "eventbridge/latest/userguide/eb-use-identity-based.html"
_RULE_LETTERS: Final = _GUIDE + "eventbridge/latest/userguide/eb-rule-dlq.html"
_SCHEDULES: Final = _GUIDE + "scheduler/latest/UserGuide/setting-up.html"
_SCHEDULE_LETTERS: Final = _GUIDE + "scheduler/latest/UserGuide/configuring-schedule-dlq.html"
_PIPES: Final = _GUIDE + "eventbridge/latest/userguide/eb-pipes-permissions.html"
_TRIGGERS: Final = _GUIDE + "cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html"

_POLLED: Final = {
    "sqs": (
        "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes",
        _GUIDE + "lambda/latest/dg/services-sqs-configure.html",
    ),
    "kinesis": (
        "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
        "kinesis:ListShards",
        _GUIDE + "lambda/latest/dg/services-kinesis-create.html",
    ),
    "dynamodb": (
        "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams",
        _GUIDE + "lambda/latest/dg/services-ddb-permissions.html",
    ),
}
"""What a mapping or a pipe does to its source, by the source's service. Pipes' page names the same actions."""

_SENT: Final = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "kinesis": "kinesis:PutRecord",
    "lambda": "lambda:InvokeFunction",
    "states": "states:StartExecution",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}
"""What it takes to hand one message to a target, by its service."""

_INVOKE_CONFIG: Final = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
_CALLED: Final = {"states": "states:StartSyncExecution"}
"""The same of a target whose answer is waited for, where it is another action."""


def needs(stack: Stack) -> Iterator[Need]:
    """All deliveries of a stack."""
    for type_, derive in _DERIVED.items():
        for resource in stack.of(type_):
            yield from derive(resource, stack)


def _notifications(notification: Resource, stack: Stack) -> Iterator[Need]:
    bucket = stack.named_by(notification, "bucket", BUCKET)
    if bucket is None:
        return
    account = _account(stack)
    for prop, key in (("topics", "topicArn"), ("queues", "queueArn"), ("lambdaFunctions", "lambdaFunctionArn")):
        for row in given(notification, prop) or ():
            arn, sent = row[key], on_behalf(arn_of(bucket), account)
            yield from by_service(stack, bucket, "s3.amazonaws.com", _sending(arn), arn, sent=sent, page=_S3)


def _subscription(subscription: Resource, stack: Stack) -> Iterator[Need]:
    topic, protocol = subscription.known("topic"), subscription.known("protocol")
    sent = on_behalf(topic)
    if protocol in ("sqs", "lambda"):
        page = _SNS if protocol == "sqs" else _SNS_LAMBDA
        yield from by_service(
            stack,
            subscription,
            "sns.amazonaws.com",
            _SENT[protocol],
            subscription.known("endpoint"),
            sent=sent,
            page=page,
        )
    letters = _letters(subscription.known("redrivePolicy"))
    if letters:
        yield from by_service(
            stack, subscription, "sns.amazonaws.com", _SENT["sqs"], letters, sent=sent, page=_SNS_LETTERS
        )


def _mapping(mapping: Resource, stack: Stack) -> Iterator[Need]:
    function = stack.named_by(mapping, "functionName", FUNCTION)
    if function is None:
        return
    source, role = mapping.known("eventSourceArn"), function.known("role")
    actions, page = _polling(source)
    yield from by_role(stack, mapping, role, actions, source, page=page)
    failed = (given(mapping, "destinationConfig").get("onFailure") or {}).get("destinationArn")
    if failed:
        yield from by_role(stack, mapping, role, _sending(failed), failed, page=_FAILURES)


def _dead_letters(function: Resource, stack: Stack) -> Iterator[Need]:
    target = given(function, "deadLetterConfig").get("targetArn")
    if target:
        yield from by_role(stack, function, function.known("role"), _sending(target), target, page=_FAILURES)


def _destinations(config: Resource, stack: Stack) -> Iterator[Need]:
    function = stack.named_by(config, "functionName", FUNCTION)
    if function is None:
        return
    for destination in given(config, "destinationConfig").values():
        arn = destination["destination"]
        yield from by_role(stack, config, function.known("role"), _sending(arn), arn, page=_FAILURES)


def _target(target: Resource, stack: Stack) -> Iterator[Need]:
    """What EventBridge reaches by a policy it reaches as itself, for the rule; the rest by the target's role."""
    rule = stack.find(target.known("rule"), EVENT_RULE)
    if rule is None:
        return
    arn, role, sent = target.known("arn"), target.known("roleArn"), on_behalf(arn_of(rule))
    action = _sending(arn)
    if role:
        yield from by_role(stack, target, role, action, arn, page=_RULE_ROLES)
    else:
        yield from by_service(stack, rule, "events.amazonaws.com", action, arn, sent=sent, page=_RULES)
    letters = given(target, "deadLetterConfig").get("arn")
    if letters:
        yield from by_service(stack, rule, "events.amazonaws.com", _SENT["sqs"], letters, sent=sent, page=_RULE_LETTERS)


def _schedule(schedule: Resource, stack: Stack) -> Iterator[Need]:
    target = given(schedule, "target")
    role, arn = target["roleArn"], target["arn"]
    source = (target.get("eventbridgeParameters") or {}).get("source")
    sent = {"events:source": source} if source else {}
    yield from by_role(stack, schedule, role, _sending(arn), arn, page=_SCHEDULES, sent=sent)
    letters = (target.get("deadLetterConfig") or {}).get("arn")
    if letters:
        yield from by_role(stack, schedule, role, _SENT["sqs"], letters, page=_SCHEDULE_LETTERS)


def _pipe(pipe: Resource, stack: Stack) -> Iterator[Need]:
    role, source, target = (pipe.known(prop) for prop in ("roleArn", "source", "target"))
    yield from by_role(stack, pipe, role, _polling(source)[0], source, page=_PIPES)
    for parameters in given(pipe, "sourceParameters").values():
        letters = (parameters.get("deadLetterConfig") or {}).get("arn") if isinstance(parameters, dict) else None
        if letters:
            yield from by_role(stack, pipe, role, _sending(letters), letters, page=_PIPES)
    enrichment = pipe.known("enrichment")
    if enrichment:
        yield from by_role(stack, pipe, role, _sending(enrichment, waits=True), enrichment, page=_PIPES)
    parameters = given(pipe, "targetParameters")
    event_source = (parameters.get("eventbridgeEventBusParameters") or {}).get("source")
    waits = (parameters.get("stepFunctionStateMachineParameters") or {}).get("invocationType") == "REQUEST_RESPONSE"
    action = _sending(target, waits=waits)
    sent = {"events:source": event_source} if event_source else {}
    yield from by_role(stack, pipe, role, action, target, page=_PIPES, sent=sent)


def _alarm(alarm: Resource, stack: Stack) -> Iterator[Need]:
    actions = [arn for prop in ("alarmActions", "okActions", "insufficientDataActions") for arn in given(alarm, prop)]
    for arn in dict.fromkeys(actions):
        if part(arn, 2) == "sns":
            sent = on_behalf(arn_of(alarm))
            yield from by_service(stack, alarm, "cloudwatch.amazonaws.com", _SENT["sns"], arn, sent=sent, page=_ALARMS)


def _distribution(distribution: Resource, stack: Stack) -> Iterator[Need]:
    """Origin access control: CloudFront reads the bucket's objects for this distribution."""
    for bucket in _origins(distribution, stack):
        asked, sent = f"{arn_of(bucket)}/{SAMPLE}", on_behalf(arn_of(distribution))
        yield from by_service(
            stack, distribution, "cloudfront.amazonaws.com", "s3:GetObject", asked, sent=sent, page=_ACCESS
        )


def _origins(distribution: Resource, stack: Stack) -> Iterator[Resource]:
    """The buckets behind a distribution. Where a secret header hides its origins, those that they were made of."""
    if distribution.is_unknown("origins"):
        made_of = distribution.dependencies.get("origins", ())
        yield from (bucket for bucket in stack.of(BUCKET) if bucket.urn in made_of)
        return
    for origin in distribution.known("origins") or ():
        bucket = stack.find(origin["domainName"].split(".s3.")[0], BUCKET)
        if bucket and origin.get("originAccessControlId"):
            yield bucket


def _triggers(pool: Resource, stack: Stack) -> Iterator[Need]:
    for trigger in given(pool, "lambdaConfig").values():
        if isinstance(trigger, str) and part(trigger, 2) == "lambda":
            sent = on_behalf(arn_of(pool))
            yield from by_service(
                stack, pool, "cognito-idp.amazonaws.com", _SENT["lambda"], trigger, sent=sent, page=_TRIGGERS
            )


def _sending(arn: str, *, waits: bool = False) -> str:
    """The action that hands something to a target. Raises UnknownFlow for one of which nothing is known."""
    service = part(arn, 2)
    if part(arn, 5).startswith("api-destination/"):
        return "events:InvokeApiDestination"
    if service not in _SENT:
        raise UnknownFlow(f"something is delivered to {arn}, of which nothing is known")
    return _CALLED.get(service, _SENT[service]) if waits else _SENT[service]


def _polling(arn: str) -> tuple[str, str]:
    """The actions that read a source, and AWS's page. Raises UnknownFlow for one of which nothing is known."""
    if part(arn, 2) not in _POLLED:
        raise UnknownFlow(f"{arn} is read, of which nothing is known")
    return _POLLED[part(arn, 2)]


def _letters(policy: object) -> str:
    """The dead-letter queue in a redrive policy."""
    value = json.loads(policy) if isinstance(policy, str) and policy else policy or {}
    return str(value.get("deadLetterTargetArn", "")) if isinstance(value, dict) else ""


def _account(stack: Stack) -> str:
    """The account that the stack's queues, topics and functions are in."""
    named = (part(str(each.known("arn")), 4) for each in stack.resources if not each.is_unknown("arn"))
    return next((account for account in named if account), "")


_DERIVED: Final = {
    BUCKET_NOTIFICATION: _notifications,
    SUBSCRIPTION: _subscription,
    EVENT_SOURCE_MAPPING: _mapping,
    FUNCTION: _dead_letters,
    _INVOKE_CONFIG: _destinations,
    EVENT_TARGET: _target,
    SCHEDULE: _schedule,
    PIPE: _pipe,
    METRIC_ALARM: _alarm,
    DISTRIBUTION: _distribution,
    USER_POOL: _triggers,
}
