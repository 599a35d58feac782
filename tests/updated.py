"""A program as if AWS had made what it registers: every ARN, id and URL is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from policies.framework.resources import Resource
from policies.state import resources_of
from tests.recorder import Registration, record

PLACE: Final = ":eu-west-1:123456789012:"

_ARNS: Final = {
    "aws:apigateway/restApi:RestApi": "apigateway:eu-west-1::/restapis/{id}",
    "aws:bedrock/guardrail:Guardrail": f"bedrock{PLACE}guardrail/{{id}}",
    "aws:cloudfront/distribution:Distribution": "cloudfront::123456789012:distribution/{id}",
    "aws:cloudfront/keyValueStore:KeyValueStore": "cloudfront::123456789012:key-value-store/{id}",
    "aws:cloudwatch/eventBus:EventBus": f"events{PLACE}event-bus/{{name}}",
    "aws:cloudwatch/eventConnection:EventConnection": f"events{PLACE}connection/{{name}}/{{id}}",
    "aws:cloudwatch/eventRule:EventRule": f"events{PLACE}rule/{{bus}}{{name}}",
    "aws:cloudwatch/logGroup:LogGroup": f"logs{PLACE}log-group:{{name}}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": f"cloudwatch{PLACE}alarm:{{name}}",
    "aws:cognito/userPool:UserPool": f"cognito-idp{PLACE}userpool/{{id}}",
    "aws:dynamodb/table:Table": f"dynamodb{PLACE}table/{{name}}",
    "aws:iam/role:Role": "iam::123456789012:role/{name}",
    "aws:kinesis/stream:Stream": f"kinesis{PLACE}stream/{{name}}",
    "aws:kms/key:Key": f"kms{PLACE}key/{{id}}",
    "aws:lambda/function:Function": f"lambda{PLACE}function:{{name}}",
    "aws:pipes/pipe:Pipe": f"pipes{PLACE}pipe/{{name}}",
    "aws:s3/bucket:Bucket": "s3:::{name}",
    "aws:scheduler/schedule:Schedule": f"scheduler{PLACE}schedule/{{groupName}}/{{name}}",
    "aws:secretsmanager/secret:Secret": f"secretsmanager{PLACE}secret:{{name}}-a1b2c3",
    "aws:sfn/stateMachine:StateMachine": f"states{PLACE}stateMachine:{{name}}",
    "aws:sns/topic:Topic": f"sns{PLACE}{{name}}",
    "aws:sqs/queue:Queue": f"sqs{PLACE}{{name}}",
}


def updated(program: Callable[[], Any]) -> list[Resource]:
    """The resources of a program after its first update."""
    plan = record(program, made=_made)
    return resources_of({"resources": plan.exported()})


def _made(one: Registration) -> dict[str, Any]:
    name = str(one.inputs.get("bucket") or one.inputs.get("name") or one.name)
    bus = one.inputs.get("eventBusName", "default")
    place = {"id": one.name, "groupName": "default", "bus": "" if bus == "default" else f"{bus}/"}
    arn = f"arn:aws:{_ARNS[one.type]}".format_map({**place, **one.inputs, "name": name}) if one.type in _ARNS else ""
    return {"name": name, **({"arn": arn} if arn else {}), **_OTHERS.get(one.type, lambda *_: {})(one, name, arn)}


_Others = Callable[[Registration, str, str], dict[str, Any]]

_OTHERS: Final[dict[str, _Others]] = {
    "aws:apigateway/resource:Resource": lambda one, *_: {"path": f"/{one.inputs['pathPart']}"},
    "aws:apigateway/restApi:RestApi": lambda one, *_: {
        "executionArn": f"arn:aws:execute-api{PLACE}{one.name}",
        "rootResourceId": "root",
    },
    "aws:bedrock/guardrail:Guardrail": lambda one, _, arn: {"guardrailArn": arn, "guardrailId": one.name},
    "aws:cloudfront/distribution:Distribution": lambda *_: {"domainName": "d1.cloudfront.net"},
    "aws:dynamodb/table:Table": lambda *row: {"streamArn": f"{row[2]}/stream/2026-01-01T00:00:00.000"},
    "aws:kms/key:Key": lambda one, *_: {"keyId": one.name, "policy": _KEY_POLICY},
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda one, *_: {
        "uuid": one.name,
        "functionArn": f"arn:aws:lambda{PLACE}function:{one.inputs['functionName']}",
    },
    "aws:s3/bucket:Bucket": lambda _, name, __: {
        "id": name,
        "bucket": name,
        "bucketRegionalDomainName": f"{name}.s3.eu-west-1.amazonaws.com",
    },
    "aws:sqs/queue:Queue": lambda _, name, __: {
        "id": f"https://sqs.eu-west-1.amazonaws.com/123456789012/{name}",
        "url": f"https://sqs.eu-west-1.amazonaws.com/123456789012/{name}",
    },
}

_KEY_POLICY: Final = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
    '{"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}]}'
)
