"""What calls of services other than DynamoDB and S3 are done to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .calls import Call, Computed, Target, Targets, at
from .definition import Expression

_QUEUE_URL = re.compile(r"https?://[^/]+/(\d{12})/([\w.-]+)")
_CONCATENATED = re.compile(r"\{%\s*'(https://[^/']+/[^']*)'\s*&")
_ACROSS_REGIONS = re.compile(r"(us|us-gov|eu|apac|ap|jp|au|ca|sa|me|af|global)\.")


def named(service: str, prefix: str, parameter: str) -> Targets:
    """What the parameter names, by name or ARN."""
    return lambda call: at(call.arn(service, prefix, call.name(parameter)))


def function(call: Call) -> Iterator[Target]:
    """The function, or its version or alias: each is a resource of its own.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    name, qualifier = call.name("FunctionName"), call.find("Qualifier")
    if not name.startswith("arn:"):  # name, name:qualifier, or account:function:name
        name = name.rpartition("function:")[2]
    arn = call.arn("lambda", "function:", name)
    yield Target(f"{arn}:{qualifier}" if qualifier else arn)


def mapping(call: Call) -> Iterator[Target]:
    """The event source mapping; calls of the SDK write its id as `Uuid`."""
    yield from at(call.arn("lambda", "event-source-mapping:", call.name("Uuid")))


def queue(call: Call) -> Iterator[Target]:
    """The queue that `QueueUrl` leads to."""
    url = call.name("QueueUrl")
    parts = _QUEUE_URL.fullmatch(url)
    if parts is None:
        raise ValueError(f"{call.integration} has a QueueUrl that is no queue's: {url}")
    yield Target(f"arn:{call.names.partition}:sqs:{call.names.region}:{parts[1]}:{parts[2]}")


def stream(call: Call) -> Iterator[Target]:
    """The stream, by name or ARN."""
    yield from at(call.find("StreamArn") or call.arn("kinesis", "stream/", call.name("StreamName")))


def buses(call: Call) -> Iterator[Target]:
    """The buses of the entries, for events of the sources that they name.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    for entry in map(call.within, call.rows("Entries")):
        arn = call.arn("events", "event-bus/", entry.find("EventBusName") or "default")
        yield Target(arn, {"StringEquals": {"events:source": (entry.text("Source"),)}})


def namespace(call: Call) -> Iterator[Target]:
    """Metrics take no resource; the condition holds their namespace."""
    yield Target("*", {"StringEquals": {"cloudwatch:namespace": (call.text("Namespace"),)}})


def machine(call: Call) -> Iterator[Target]:
    """The machine that is started, without version or alias."""
    arn = call.arn("states", "stateMachine:", call.name("StateMachineArn"))
    yield Target(":".join(arn.split(":")[:7]))


def its_executions(call: Call) -> Iterator[Target]:
    """Every execution of the machine that is started."""
    (started,) = machine(call)
    yield Target(started.arn.replace(":stateMachine:", ":execution:") + ":*")


def managed_rule(name: str) -> Targets:
    """A rule by which Step Functions hears of the end of a job."""
    return lambda call: at(call.names.arn("events", f"rule/{name}"))


def this_machine(call: Call) -> Iterator[Target]:
    """The machine whose state it is."""
    yield Target(call.machine)


def items_executions(call: Call) -> Iterator[Target]:
    """Every execution that a distributed Map of this machine makes."""
    yield Target(call.machine.replace(":stateMachine:", ":execution:") + "/*")


def endpoint(call: Call) -> Iterator[Target]:
    """This machine, for calls of one address by one method.

    An expression may add to a literal that holds host and slash: `{% 'https://api.example.com/videos/' & $id %}`.
    """
    method = {"states:HTTPMethod": (call.text("Method"),)}
    given = call.arguments.get("ApiEndpoint")
    begins = _CONCATENATED.match(given.text) if isinstance(given, Expression) else None
    if begins:
        like = {"StringLike": {"states:HTTPEndpoint": (f"{begins[1]}*",)}, "StringEquals": method}
        yield Target(call.machine, like)
    else:
        address = {"states:HTTPEndpoint": (call.text("ApiEndpoint"),)}
        yield Target(call.machine, {"StringEquals": {**address, **method}})


def connection(call: Call) -> Iterator[Target]:
    """The connection that signs the call."""
    yield Target(_connection(call))


def secret_of_connection(call: Call) -> Iterator[Target]:
    """The secret that EventBridge keeps for the connection: `events!connection/name/id`."""
    parts = _connection(call).split(":")
    name = parts[5].split("/")[1]
    yield Target(":".join([*parts[:2], "secretsmanager", *parts[3:5], f"secret:events!connection/{name}/*"]))


def _connection(call: Call) -> str:
    for holder in ("InvocationConfig", "Authentication"):
        if call.find(holder) is not None:
            return call.name(f"{holder}.ConnectionArn")
    raise ValueError(f"{call.integration} needs InvocationConfig.ConnectionArn")


def model(call: Call) -> Iterator[Target]:
    """A foundation model. An inference profile leads to models in regions that only its owner knows.

    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    name = call.name("ModelId")
    if "inference-profile/" in name or _ACROSS_REGIONS.match(name):
        raise Computed("ModelId, an inference profile")
    names = call.names
    yield Target(
        name if name.startswith("arn:") else f"arn:{names.partition}:bedrock:{names.region}::foundation-model/{name}"
    )


def guardrail(path: str) -> Targets:
    """The guardrail, if one is named."""

    def targets(call: Call) -> Iterator[Target]:
        if name := call.find(path):
            yield Target(call.arn("bedrock", "guardrail/", name))

    return targets


def key(call: Call) -> Iterator[Target]:
    """The KMS key. An alias is no resource of a key's actions.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    name = call.name("KeyId")
    if name.startswith("alias/") or ":alias/" in name:
        raise Computed("KeyId, an alias")
    yield Target(call.arn("kms", "key/", name))
