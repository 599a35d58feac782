"""Cases of Bedrock's guardrails."""

from __future__ import annotations

from typing import Any

from tests.local.provider_cases import TAGS, World, case, unique


def _guardrail(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    found = aws("bedrock").get_guardrail(guardrailIdentifier=id_)
    tags = aws("bedrock").list_tags_for_resource(resourceARN=found["guardrailArn"])["tags"]
    policies = [found[name] for name in ("wordPolicy", "sensitiveInformationPolicy", "contentPolicy", "topicPolicy")]
    said = [found[name] for name in ("name", "description", "blockedInputMessaging", "blockedOutputsMessaging")]
    return [*said, *policies, {row["key"]: row["value"] for row in tags}]


_ORDER = {"name": "order", "description": "An order", "pattern": "A-[0-9]+", "action": "ANONYMIZE"}
_FILTER = {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}
_TOPIC = {"name": "advice", "definition": "Medical advice", "type": "DENY", "examples": ["Which pill?"]}


@case(
    "aws:bedrock/guardrail:Guardrail",
    seen=_guardrail,
    expected=lambda given: [
        given["name"],
        "For titles",
        "not asked",
        "not said",
        {"words": [{"text": "gunpowder"}], "managedWordLists": [{"type": "PROFANITY"}]},
        {"piiEntities": [{"type": "EMAIL", "action": "BLOCK"}], "regexes": [_ORDER]},
        {"filters": [_FILTER]},
        {"topics": [_TOPIC]},
        TAGS,
    ],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "topicPolicyConfig"},
        "blockedInputMessaging": "no",
        "wordPolicyConfig": {"wordsConfigs": [{"text": "dynamite"}]},
        "tags": {"owner": "me"},
    },
    replace={"region": "eu-west-1"},
)
def guardrail(world: World) -> dict[str, Any]:
    return {
        "name": unique("guardrail"),
        "description": "For titles",
        "blockedInputMessaging": "not asked",
        "blockedOutputsMessaging": "not said",
        "wordPolicyConfig": {
            "wordsConfigs": [{"text": "gunpowder"}],
            "managedWordListsConfigs": [{"type": "PROFANITY"}],
        },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfigs": [{"type": "EMAIL", "action": "BLOCK"}],
            "regexesConfigs": [_ORDER],
        },
        "contentPolicyConfig": {"filtersConfigs": [_FILTER]},
        "topicPolicyConfig": {"topicsConfigs": [_TOPIC]},
        "region": "us-east-1",
        "tags": TAGS,
    }


def _version(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    arn, _, version = id_.rpartition(",")
    found = aws("bedrock").get_guardrail(guardrailIdentifier=arn, guardrailVersion=version)
    return [found["guardrailArn"], found["description"], found["version"]]


@case(
    "aws:bedrock/guardrailVersion:GuardrailVersion",
    seen=_version,
    expected=lambda given: [given["guardrailArn"], "The first", "1"],
    replace={"description": "The second"},
)
def guardrail_version(world: World) -> dict[str, Any]:
    said = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    words = {"wordPolicyConfig": {"wordsConfigs": [{"text": "gunpowder"}]}}
    made = world.make("aws:bedrock/guardrail:Guardrail", name=unique("guardrail"), **said, **words)
    return {
        "guardrailArn": made.outputs["guardrailArn"],
        "description": "The first",
        "skipDestroy": False,
        "region": "us-east-1",
    }


CASES = [guardrail, guardrail_version]
