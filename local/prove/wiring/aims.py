"""What a call is done to, as its parameters say: the calls of state machines, and of routes that call a service."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policies.framework.resources import Resource
from policies.framework.stack import Stack
from policies.framework.types import EVENT_SOURCE_MAPPING, KMS_KEY

from .need import SAMPLE, part

_ALIAS: Final = "aws:kms/alias:Alias"
_GUARDRAIL: Final = "aws:bedrock/guardrail:Guardrail"
_JSONATA: Final = re.compile(r"\{%\s*(?:'((?:[^'\\])*)'\s*(&)?)?.*%\}", re.DOTALL)
_QUEUE_URL: Final = re.compile(r"https?://[^/]+/(\d{12})/([\w.-]+)")
_OBJECT_URL: Final = re.compile(r"s3://([^/]+)/(.*)")


@dataclass(frozen=True)
class Aim:
    """What one action is done to."""

    arn: str
    sent: Mapping[str, str] = field(default_factory=dict)
    """Condition keys that the service sends because of the parameters."""

    begins: bool = False
    """Whether the ARN only begins so: an execution decides the rest."""


@dataclass(frozen=True)
class Text:
    """A parameter: what is written out of it, and whether that is all."""

    written: str
    whole: bool = True

    @property
    def sample(self) -> str:
        """A value that it may have."""
        return self.written if self.whole else self.written + SAMPLE


@dataclass(frozen=True)
class Call:
    """A call of a service, by a resource of a place (a partition, region and account)."""

    parameters: Mapping[str, Any]
    caller: str
    """An ARN in that place."""

    stack: Stack
    about: str = ""
    """The definition that the call is part of."""

    def text(self, name: str) -> Text | None:
        """A parameter, whatever the case of its first letter. A computed one is what its expression begins with."""
        for key, value in self.parameters.items():
            if key.removesuffix(".$").lower() == name.lower():
                return Text("", whole=False) if key.endswith(".$") else _text(value)
        return None

    def below(self, name: str) -> Call:
        """The call with a part of its parameters as if it were all."""
        value = self.parameters.get(name)
        return Call(value if isinstance(value, Mapping) else {}, self.caller, self.stack, self.about)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the caller's place."""
        return ":".join([*self.caller.split(":")[:2], service, *self.caller.split(":")[3:5], resource])

    def named(self, service: str, prefix: str, *parameters: str) -> Iterator[Aim]:
        """What one of the parameters names, by name or ARN."""
        found = next((text for name in parameters if (text := self.text(name))), Text("", whole=False))
        arn = found.written if found.written.startswith("arn:") else self.arn(service, prefix + found.written)
        yield Aim(arn, begins=not found.whole)


def aims(action: str, call: Call) -> Iterator[Aim]:
    """What `action` (`service:name`, in any case) of a call is done to; `*` for an action that takes no resource."""
    action = action.lower()
    found = _BY_ACTION.get(action) or _BY_SERVICE.get(action.partition(":")[0])
    if found is None:
        yield Aim("*")
        return
    yield from found(call)


def _text(value: Any) -> Text:
    if not isinstance(value, str):
        return Text("", whole=False)
    expression = _JSONATA.fullmatch(value)
    if expression is None:
        return Text(value)
    return Text(expression[1] or "", whole=False)


def _table(call: Call) -> Iterator[Aim]:
    index = call.text("IndexName")
    for aim in call.named("dynamodb", "table/", "TableName"):
        yield Aim(f"{aim.arn}/index/{index.sample}", begins=aim.begins) if index else aim


def _function(call: Call) -> Iterator[Aim]:
    qualifier = call.text("Qualifier")
    for aim in call.named("lambda", "function:", "FunctionName"):
        yield Aim(f"{aim.arn}:{qualifier.sample}", begins=aim.begins) if qualifier else aim


def _mapping(call: Call) -> Iterator[Aim]:
    """The mapping by its id; where that is computed, those of the functions that the definition speaks of."""
    uuid = call.text("UUID") or Text("", whole=False)
    for mapping in call.stack.of(EVENT_SOURCE_MAPPING):
        known, function = mapping.known("uuid"), mapping.known("functionArn")
        if uuid.written == known or (not uuid.whole and part(function, 5).split(":")[1] in call.about):
            yield Aim(call.arn("lambda", f"event-source-mapping:{known}"), {"lambda:FunctionArn": function})


def _queue(call: Call) -> Iterator[Aim]:
    url = call.text("QueueUrl")
    found = _QUEUE_URL.fullmatch(url.written) if url else None
    if found:
        yield Aim(":".join([*call.caller.split(":")[:2], "sqs", part(call.caller, 3), found[1], found[2]]))
    else:
        yield Aim(call.arn("sqs", ""), begins=True)


def _buses(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html"""
    entries = call.parameters.get("Entries") or [{}]
    for entry in entries if isinstance(entries, list) else [{}]:
        one = Call(entry, call.caller, call.stack)
        source = one.text("Source") or Text("", whole=False)
        bus = one.text("EventBusName") or Text("default")
        name = bus.written if bus.written.startswith("arn:") else one.arn("events", f"event-bus/{bus.written}")
        yield Aim(name, {"events:source": source.sample}, begins=not bus.whole)


def _object(call: Call) -> Iterator[Aim]:
    bucket, key = call.text("Bucket"), call.text("Key") or Text("", whole=False)
    yield from _in_bucket(call, bucket or Text("", whole=False), key)


def _in_bucket(call: Call, bucket: Text, key: Text) -> Iterator[Aim]:
    start = f"arn:{part(call.caller, 1)}:s3:::{bucket.written}"
    if not bucket.whole:
        yield Aim(start, begins=True)
    else:  # an expression that begins with a text writes below it; one that doesn't may write anywhere
        yield Aim(f"{start}/{key.sample if key.written else ''}", begins=not key.whole and not key.written)


def _media(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/transcribe/latest/dg/security_iam_id-based-policy-examples.html"""
    url = call.below("Media").text("MediaFileUri") or Text("", whole=False)
    found = _OBJECT_URL.fullmatch(url.written)
    if found:
        yield from _in_bucket(call, Text(found[1]), Text(found[2], url.whole))
    else:
        yield Aim(f"arn:{part(call.caller, 1)}:s3:::", begins=True)


def _transcript(call: Call) -> Iterator[Aim]:
    bucket = call.text("OutputBucketName")
    if bucket:
        yield from _in_bucket(call, bucket, call.text("OutputKey") or Text("", whole=False))


def _model(call: Call) -> Iterator[Aim]:
    model = call.text("ModelId") or Text("", whole=False)
    place = call.caller.split(":")
    arn = ":".join([*place[:2], "bedrock", place[3], "", f"foundation-model/{model.written}"])
    yield Aim(model.written if model.written.startswith("arn:") else arn, begins=not model.whole)


def _guardrail(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html"""
    identifier = call.below("GuardrailConfig").text("GuardrailIdentifier") or call.text("GuardrailIdentifier")
    for guardrail in call.stack.of(_GUARDRAIL):
        arn = guardrail.known("guardrailArn")
        if identifier and identifier.written in (arn, guardrail.known("guardrailId")):
            yield Aim(arn, _tags(guardrail))


def _tags(resource: Resource) -> dict[str, str]:
    return {f"aws:ResourceTag/{name}": value for name, value in (resource.known("tags") or {}).items()}


def _key(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-request-alias"""
    given = call.text("KeyId") or Text("", whole=False)
    for alias in call.stack.of(_ALIAS):
        key = call.stack.find(alias.known("targetKeyId"), KMS_KEY)
        if key and alias.known("name") == given.written:
            yield Aim(key.known("arn"), {"kms:RequestAlias": given.written})
            return
    yield from call.named("kms", "key/", "KeyId")


def _executions(call: Call) -> Iterator[Aim]:
    for aim in call.named("states", "stateMachine:", "stateMachineArn"):
        yield Aim(aim.arn.replace(":stateMachine:", ":execution:") + f":{SAMPLE}", begins=aim.begins)


def _managed_rule(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"""
    yield Aim(call.arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"))


def _endpoint(call: Call) -> Iterator[Aim]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#connect-http-task-permissions"""
    address, method = call.text("ApiEndpoint") or Text("", whole=False), call.text("Method") or Text("")
    yield Aim(call.caller, {"states:HTTPEndpoint": address.sample, "states:HTTPMethod": method.written})


def _connection(call: Call) -> Iterator[Aim]:
    yield from _connection_call(call).named("events", "connection/", "ConnectionArn")


def _connection_secret(call: Call) -> Iterator[Aim]:
    for aim in _connection(call):
        name = part(aim.arn, 5).split("/")[1]
        yield Aim(call.arn("secretsmanager", f"secret:events!connection/{name}/{SAMPLE}"), begins=aim.begins)


def _connection_call(call: Call) -> Call:
    return call.below("InvocationConfig" if "InvocationConfig" in call.parameters else "Authentication")


def _named(service: str, prefix: str, *parameters: str) -> Callable[[Call], Iterator[Aim]]:
    return lambda call: call.named(service, prefix, *parameters)


_machine = _named("states", "stateMachine:", "stateMachineArn")

_BY_ACTION: Final[dict[str, Callable[[Call], Iterator[Aim]]]] = {
    "bedrock:applyguardrail": _guardrail,
    "bedrock:invokemodel": _model,
    "cloudwatch:putmetricdata": lambda call: iter(
        [Aim("*", {"cloudwatch:namespace": (call.text("Namespace") or Text("", whole=False)).sample})]
    ),
    "events:describerule": _managed_rule,
    "events:putevents": _buses,
    "events:putrule": _managed_rule,
    "events:puttargets": _managed_rule,
    "events:retrieveconnectioncredentials": _connection,
    "lambda:geteventsourcemapping": _mapping,
    "lambda:invokefunction": _function,
    "lambda:updateeventsourcemapping": _mapping,
    "s3:listbucket": lambda call: (Aim(aim.arn.split("/")[0], begins=aim.begins) for aim in _object(call)),
    "states:describeexecution": _executions,
    "states:invokehttpendpoint": _endpoint,
    "states:startexecution": _machine,
    "states:startsyncexecution": _machine,
    "states:stopexecution": _executions,
    "transcribe:getobject": _media,
    "transcribe:gettranscriptionjob": _named("transcribe", "transcription-job/", "TranscriptionJobName"),
    "transcribe:putobject": _transcript,
}

_BY_SERVICE: Final[dict[str, Callable[[Call], Iterator[Aim]]]] = {
    "dynamodb": _table,
    "kinesis": _named("kinesis", "stream/", "StreamARN", "StreamName"),
    "kms": _key,
    "s3": _object,
    "secretsmanager": _connection_secret,
    "sns": _named("sns", "", "TopicArn"),
    "sqs": _queue,
}
