"""Bedrock: guardrails and their versions."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, present, tag_changes, tag_list, tag_map

_GONE = ("ResourceNotFoundException",)
_DRAFT = "DRAFT"
_LISTS = {
    "wordPolicy": ("words", "managedWordLists"),
    "sensitiveInformationPolicy": ("piiEntities", "regexes"),
    "contentPolicy": ("filters",),
    "topicPolicy": ("topics",),
}
"""Policies and their lists: `wordsConfigs` in Pulumi is `wordsConfig` in a call and `words` in an answer."""


class Guardrail(Resource):
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html"""

    token = "aws:bedrock/guardrail:Guardrail"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateGuardrail."""
        tags = tag_list(inputs.get("tags"), "key", "value")
        return aws.client("bedrock").create_guardrail(**_sent(inputs), tags=tags)["guardrailId"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it can be used."""
        aws.wait_until(lambda: (_find(aws, id_, _DRAFT) or {}).get("status") == "READY", f"the guardrail {id_}")

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetGuardrail and ListTagsForResource."""
        found = _find(aws, id_, _DRAFT)
        if found is None:
            return None
        tags = aws.client("bedrock").list_tags_for_resource(resourceARN=found["guardrailArn"])["tags"]
        return {
            "guardrailArn": found["guardrailArn"],
            "guardrailId": found["guardrailId"],
            "createdAt": found["createdAt"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": found["status"],
            "version": found["version"],
            "name": found["name"],
            "description": found.get("description") or None,
            "blockedInputMessaging": found["blockedInputMessaging"],
            "blockedOutputsMessaging": found["blockedOutputsMessaging"],
            **{f"{policy}Config": _read(found.get(policy), lists) for policy, lists in _LISTS.items()},
            "tags": tag_map(tags, "key", "value"),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateGuardrail with everything, TagResource and UntagResource."""
        client = aws.client("bedrock")
        if changed - {"tags"}:
            client.update_guardrail(guardrailIdentifier=id_, **_sent(new))
            self.settle(aws, id_, new)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(resourceARN=old["guardrailArn"], tagKeys=removed)
            if added:
                client.tag_resource(resourceARN=old["guardrailArn"], tags=tag_list(added, "key", "value"))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteGuardrail, which takes its versions along."""
        _delete(aws, guardrailIdentifier=id_)


class GuardrailVersion(Resource):
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrailVersion.html"""

    token = "aws:bedrock/guardrailVersion:GuardrailVersion"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateGuardrailVersion."""
        made = aws.client("bedrock").create_guardrail_version(
            guardrailIdentifier=inputs["guardrailArn"], **present(description=inputs.get("description"))
        )
        return f"{inputs['guardrailArn']},{made['version']}"

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait until it can be used."""
        arn, _, version = id_.rpartition(",")
        aws.wait_until(lambda: (_find(aws, arn, version) or {}).get("status") == "READY", f"the version {id_}")

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetGuardrail with the version."""
        arn, _, version = id_.rpartition(",")
        found = _find(aws, arn, version)
        if found is None:
            return None
        return {
            "guardrailArn": found["guardrailArn"],
            "version": found["version"],
            "description": found.get("description") or None,
        }

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteGuardrail with the version, unless it shall stay."""
        arn, _, version = id_.rpartition(",")
        if not state.get("skipDestroy"):
            _delete(aws, guardrailIdentifier=arn, guardrailVersion=version)


def _sent(inputs: Props) -> dict[str, Any]:
    names = ("name", "description", "blockedInputMessaging", "blockedOutputsMessaging")
    policies = {}
    for policy, lists in _LISTS.items():
        given = inputs.get(f"{policy}Config") or {}
        sent = {f"{name}Config": given[f"{name}Configs"] for name in lists if given.get(f"{name}Configs")}
        if sent:
            policies[f"{policy}Config"] = sent
    return {**present(**{name: inputs.get(name) for name in names}), **policies}


def _read(policy: dict[str, Any] | None, lists: tuple[str, ...]) -> Props | None:
    if not policy:
        return None
    return {f"{name}Configs": [present(**row) for row in policy[name]] for name in lists if policy.get(name)}


def _find(aws: Aws, identifier: str, version: str) -> dict[str, Any] | None:
    try:
        return aws.client("bedrock").get_guardrail(guardrailIdentifier=identifier, guardrailVersion=version)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _delete(aws: Aws, **which: str) -> None:
    try:
        aws.client("bedrock").delete_guardrail(**which)
    except ClientError as error:
        if not is_missing(error, _GONE):
            raise
