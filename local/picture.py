"""Draw a deployed or planned stack as a Mermaid flowchart: what holds, carries and works, and what flows between."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

PAGES = {
    "README.md": "",
    "docs/api-gateway.md": "api",
    "docs/event-sourcing.md": "events",
    "docs/fan-out.md": "posters",
    "docs/genai.md": "titles",
    "docs/waiting-room.md": "room",
}
"""Page → the component of the reference system that it shows, or all of them."""

Resource = Mapping[str, Any]
"""A resource as `pulumi stack export` has it: urn, type, parent, inputs, outputs, propertyDependencies."""

_SHAPES = {
    "aws:s3/bucket:Bucket": '[("{}")]',
    "aws:sns/topic:Topic": '{{{{"{}"}}}}',
    "aws:sqs/queue:Queue": '[["{}"]]',
    "aws:lambda/function:Function": '["λ {}"]',
    "aws:cloudfront/distribution:Distribution": '(("{}"))',
    "aws:apigateway/restApi:RestApi": '{{{{"{} gateway"}}}}',
    "aws:kinesis/stream:Stream": '[/"{}"/]',
    "aws:dynamodb/table:Table": '[("{}")]',
    "aws:cloudwatch/eventBus:EventBus": '{{{{"{}"}}}}',
    "aws:sfn/stateMachine:StateMachine": '["⚙ {}"]',
    "aws:pipes/pipe:Pipe": '>"{}"]',
}
_NAMES = {
    "aws:cloudwatch/eventBus:EventBus": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:kinesis/stream:Stream": "name",
    "aws:lambda/function:Function": "name",
    "aws:sfn/stateMachine:StateMachine": "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:sns/topic:Topic": "name",
    "aws:sqs/queue:Queue": "name",
}
# A wire is a resource that joins two others: type → (properties that name the one, the other).
_WIRES = {
    "aws:s3/bucketNotification:BucketNotification": ("bucket", "topics"),
    "aws:sns/topicSubscription:TopicSubscription": ("topic", "endpoint"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": ("eventSourceArn", "functionName"),
    "aws:cloudwatch/eventTarget:EventTarget": ("eventBusName", "arn"),
}
_ACTS = {
    "dynamodb:PartiQLInsert": "-->",
    "dynamodb:PutItem": "-->",
    "dynamodb:UpdateItem": "-->",
    "events:PutEvents": "-->",
    "kinesis:PutRecord": "-->",
    "lambda:InvokeFunction": "-->",
    "s3:PutObject": "-->",
    "sns:Publish": "-->",
    "sqs:SendMessage": "-.->",
    "states:StartExecution": "-->",
    "states:StartSyncExecution": "-->",
}
"""What goes from a principal to a resource, by action. What is read is left out: it would hide what flows."""

_PRINCIPALS = ("aws:lambda/function:Function", "aws:pipes/pipe:Pipe", "aws:sfn/stateMachine:StateMachine")


def draw(resources: Iterable[Resource], only: str = "") -> str:
    """A Markdown block with the flowchart: one box a component, an arrow for each thing that flows.

    `only` is the name of a component that is drawn alone.
    """
    everything = sorted(resources, key=lambda one: one["urn"])
    if only:
        (alone,) = (one["urn"] for one in everything if one["type"].startswith("serviceful:") and _name(one) == only)
        everything = [one for one in everything if alone in (one["urn"], one.get("parent"))]
    nodes = {one["urn"]: _id(one) for one in everything if one["type"] in _SHAPES}
    seen = any(one["type"] == "aws:cloudfront/distribution:Distribution" for one in everything)
    lines = ["flowchart LR", *(["  viewer([viewer])"] if seen else [])]
    for component in everything:
        if component["type"].startswith("serviceful:"):
            lines += _box(component, [one for one in everything if one.get("parent") == component["urn"]])
    wires = {
        *_wires(everything, nodes),
        *_streams(everything, nodes),
        *_grants(everything),
        *_origins(everything, nodes),
        *_proxied(everything),
    }
    lines += sorted(wires)
    return "\n".join(["```mermaid", *lines, "```"]) + "\n"


def _box(component: Resource, children: list[Resource]) -> Iterator[str]:
    name, kind = _name(component), component["type"].rpartition(":")[2]
    yield f'  subgraph {_id(component)} ["{name}: {kind}"]'
    drawn = [child for child in children if child["type"] in _SHAPES]
    for child in sorted(drawn, key=lambda one: (list(_SHAPES).index(one["type"]), _name(one))):
        yield f"    {_id(child)}" + _SHAPES[child["type"]].format(_name(child).removeprefix(f"{name}-"))
    yield "  end"


def _wires(everything: list[Resource], nodes: Mapping[str, str]) -> Iterator[str]:
    for wire in everything:
        if wire["type"] in _WIRES:
            ends = [_ends(wire, key, nodes) for key in _WIRES[wire["type"]]]
            yield from (f"  {one} --> {other}" for one in ends[0] for other in ends[1])


def _streams(everything: list[Resource], nodes: Mapping[str, str]) -> Iterator[str]:
    """A pipe takes from its source; a rule sends what a bucket says."""
    rules = {one["urn"]: one for one in everything if one["type"] == "aws:cloudwatch/eventRule:EventRule"}
    buckets = {
        one["inputs"]["bucket"]: nodes[one["urn"]] for one in everything if one["type"] == "aws:s3/bucket:Bucket"
    }
    for one in everything:
        if one["type"] == "aws:pipes/pipe:Pipe":
            yield from (f"  {source} --> {nodes[one['urn']]}" for source in _ends(one, "source", nodes))
        if one["type"] == "aws:cloudwatch/eventTarget:EventTarget":
            for rule in one["propertyDependencies"].get("rule", ()):
                pattern = json.loads(rules[rule]["inputs"].get("eventPattern") or "{}")
                for name in pattern.get("detail", {}).get("bucket", {}).get("name", ()):
                    yield from (f"  {buckets[name]} --> {target}" for target in _ends(one, "arn", nodes))


def _origins(everything: list[Resource], nodes: Mapping[str, str]) -> Iterator[str]:
    """Viewers get what is in a bucket, and call an API."""
    apis = {nodes[one["urn"]] for one in everything if one["type"] == "aws:apigateway/restApi:RestApi"}
    for one in everything:
        if one["type"] == "aws:cloudfront/distribution:Distribution":
            edge = nodes[one["urn"]]
            for origin in _ends(one, "origins", nodes):
                yield f"  {edge} --> {origin}" if origin in apis else f"  {origin} --> {edge}"
            yield f"  {edge} --> viewer"


def _proxied(everything: list[Resource]) -> Iterator[str]:
    """Which applications of others an API passes requests on to."""
    apis = {one["parent"]: one for one in everything if one["type"] == "aws:apigateway/restApi:RestApi"}
    for one in everything:
        if one["type"] == "aws:apigateway/integration:Integration" and one["inputs"]["type"] == "HTTP_PROXY":
            host = urlsplit(one["inputs"]["uri"]).netloc
            node = re.sub(r"\W", "_", host)
            yield f'  {_id(apis[one["parent"]])} --> {node}["{host}"]'


def _grants(everything: list[Resource]) -> Iterator[str]:
    """What principals do to what is in the ledger. A route acts for its API."""
    held = {one["inputs"][_NAMES[one["type"]]]: one for one in everything if one["type"] in _NAMES}
    roles = {one["inputs"]["name"]: one for one in everything if one["type"] == "aws:iam/role:Role"}
    acting = {_name(one): one for one in everything if one["type"] in _PRINCIPALS}
    apis = {one["parent"]: one for one in everything if one["type"] == "aws:apigateway/restApi:RestApi"}
    for component in everything:
        for grant in (component.get("outputs") or {}).get("grants", ()):
            principal = acting.get(_name(roles[grant["principal"]])) or apis.get(component["urn"])
            if principal is None:
                continue
            for action in grant["actions"]:
                for resource in grant["resources"] if action in _ACTS else ():
                    if target := held.get(_physical(resource)):
                        yield f"  {_id(principal)} {_ACTS[action]} {_id(target)}"


def _physical(arn: str) -> str:
    """The name in an ARN: behind `table/`, `function:` and the like, and before what follows it."""
    last = arn.split(":", 5)[5]
    for kind in ("table/", "stream/", "event-bus/", "function:", "stateMachine:"):
        last = last.removeprefix(kind)
    return last.partition("/")[0]


def _ends(wire: Resource, key: str, nodes: Mapping[str, str]) -> list[str]:
    return [nodes[urn] for urn in wire["propertyDependencies"].get(key, ()) if urn in nodes]


def _name(resource: Resource) -> str:
    return resource["urn"].rpartition("::")[2]


def _id(resource: Resource) -> str:
    kind = resource["type"].rpartition(":")[2].lower()
    return re.sub(r"\W", "_", f"{_name(resource)}_{kind}")
