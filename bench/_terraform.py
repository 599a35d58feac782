"""Recorded resources as the Terraform plan that describes the same, for tools that read one.

The shape is that of `terraform show -json` (https://developer.hashicorp.com/terraform/internals/json-format).
Pulumi's AWS provider is made of Terraform's: a type or property has the same words in another case, a block that may
stand once is an object, and one that may stand often is a list under a plural.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policies.framework.resources import Resource
from policies.framework.types import ADDRESSES, PHYSICAL_NAME

_TYPES: Final = {
    "aws:apigateway/response:Response": "aws_api_gateway_gateway_response",
    "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey": "aws_cloudfrontkeyvaluestore_key",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
}
_SERVICES: Final = {"apigateway": "api_gateway"}
_ARGUMENTS: Final = {
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
    ("aws_lambda_function", "code"): "filename",
    ("aws_lambda_function", "name"): "function_name",
    ("aws_lambda_permission", "function"): "function_name",
    ("aws_sns_topic_subscription", "topic"): "topic_arn",
}

MAPS: Final = frozenset(
    ["dimensions", "inputPaths", "metadata", "tags", "tagsAll", "triggers", "variables"]
    + [f"{way}{what}" for way in ("request", "response") for what in ("Models", "Parameters", "Templates")]
)
"""Properties that are maps, where other objects are blocks."""

_TEXTS: Final = frozenset({"assumeRolePolicy", "definition", "policy", "redriveAllowPolicy", "redrivePolicy", "schema"})
"""Properties that hold JSON, as text in Terraform."""


@dataclass(frozen=True)
class Block:
    """One resource in a plan."""

    resource: Resource
    type: str
    name: str
    values: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, bool] = field(default_factory=dict)
    """The arguments that are known only after the update."""

    @property
    def address(self) -> str:
        """How the plan names it."""
        return f"{self.type}.{self.name}"

    @property
    def head(self) -> dict[str, str]:
        """What each part of a plan repeats."""
        provider = "registry.terraform.io/hashicorp/aws"
        return {
            "address": self.address,
            "mode": "managed",
            "type": self.type,
            "name": self.name,
            "provider_name": provider,
        }

    @property
    def change(self) -> dict[str, Any]:
        """Its making."""
        return {"actions": ["create"], "before": None, "after": self.values, "after_unknown": self.unknown}


def blocks(resources: Iterable[Resource]) -> list[Block]:
    """One for each resource of AWS; components and providers have no counterpart."""
    return [_block(resource) for resource in resources if resource.type.startswith("aws:")]


def plan(blocks: list[Block]) -> dict[str, Any]:
    """The plan that makes all of them."""
    by_urn = {block.resource.urn: block for block in blocks}
    by_name = {value: block for block in blocks for value in _names(block.resource)}
    configured = [{**each.head, "expressions": dict(_expressions(each, by_urn, by_name))} for each in blocks]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [{**each.head, "values": each.values} for each in blocks]}},
        "resource_changes": [{**each.head, "change": each.change} for each in blocks],
        "configuration": {"root_module": {"resources": configured}},
    }


def _block(resource: Resource) -> Block:
    block = Block(resource, _type_of(resource.type), re.sub(r"[^\w-]", "_", resource.name))
    for prop in resource.props:
        if prop.startswith("__"):
            continue
        if resource.is_unknown(prop):
            block.unknown[_argument(block.type, prop)] = True
            continue
        word, value = _converted(prop, resource.known(prop))
        block.values[_argument(block.type, prop, word)] = value
    return block


def _type_of(token: str) -> str:
    service, _, rest = token.removeprefix("aws:").partition("/")
    return _TYPES.get(token) or f"aws_{_SERVICES.get(service, service)}_{_snake(rest.partition(':')[0])}"


def _argument(type_: str, prop: str, word: str = "") -> str:
    word = word or _snake(prop)
    if type_.startswith("aws_api_gateway_") and word in ("deployment", "rest_api"):
        return f"{word}_id"
    return _ARGUMENTS.get((type_, prop), word)


def _converted(prop: str, value: Any) -> tuple[str, Any]:
    """A property's name and value on the other side."""
    word = _snake(prop)
    if prop in MAPS:
        return word, value
    if prop in _TEXTS and isinstance(value, dict | list):
        return word, json.dumps(value)
    if isinstance(value, dict):
        return word, [dict(_converted(*item) for item in value.items())]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return _singular(word), [dict(_converted(*pair) for pair in item.items()) for item in value]
    return word, value


def _expressions(
    block: Block, by_urn: Mapping[str, Block], by_name: Mapping[str, Block]
) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Argument → the resources that it refers to: what it was made of, or what it names."""
    resource = block.resource
    own = (PHYSICAL_NAME.get(resource.type, "name"), *ADDRESSES)
    for prop in resource.props:
        sources = [by_urn[urn] for urn in resource.dependencies.get(prop, ()) if urn in by_urn]
        if not sources and prop not in own and not resource.is_unknown(prop):
            value = resource.known(prop)
            sources = [by_name[value]] if isinstance(value, str) and value in by_name else []
        references = [reference for each in sources for reference in (f"{each.address}.id", each.address)]
        if references and block not in sources:
            yield _argument(block.type, prop), {"references": references}


def _names(resource: Resource) -> Iterator[str]:
    for prop in (PHYSICAL_NAME.get(resource.type, "name"), *ADDRESSES):
        if not resource.is_unknown(prop) and isinstance(value := resource.known(prop), str) and value:
            yield value


def _snake(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()


def _singular(word: str) -> str:
    for plural, singular in (("ies", "y"), ("xes", "x"), ("sses", "ss"), ("s", "")):
        if word.endswith(plural) and not word.endswith("ss"):
            return word.removesuffix(plural) + singular
    return word
