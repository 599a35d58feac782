"""A Bedrock guardrail: what a model is neither asked nor lets out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission

HARMS: Final = ("HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT")
BLOCKED: Final = "The guardrail blocked this."


class Guardrail:
    """Filters of harm over prompts and answers, of attacks over prompts, and of words over both.

    `strength` is NONE, LOW, MEDIUM or HIGH. What runs uses a version: changing the guardrail makes a new one.
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-components.html
    """

    def __init__(
        self, owner: Pattern, name: str, *, strength: str, words: Sequence[str] = (), personal: Sequence[str] = ()
    ) -> None:
        self._owner, tree_name = owner, owner.tree_name(name)
        filters = [_filter(harm, strength, strength) for harm in HARMS]
        filters.append(_filter("PROMPT_ATTACK", strength, "NONE"))  # an answer can't be one
        self.guardrail = aws.bedrock.Guardrail(
            tree_name,
            name=owner.physical("guardrail", name),
            blocked_input_messaging=BLOCKED,
            blocked_outputs_messaging=BLOCKED,
            content_policy_config=aws.bedrock.GuardrailContentPolicyConfigArgs(filters_configs=filters),
            word_policy_config=_words(words),
            sensitive_information_policy_config=_personal(personal),
            tags=owner.tags,
            opts=owner.child(),
        )
        self.version = aws.bedrock.GuardrailVersion(
            tree_name,
            guardrail_arn=self.guardrail.guardrail_arn,
            description=hashlib.sha256(repr((strength, [*words], [*personal])).encode()).hexdigest(),
            opts=owner.child(can_exist_twice=True),
        )

    def apply(self) -> Permission:
        """Use it with a model; AWS makes its id, so the permission goes by its tags.

        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html
        """
        names, tags = self._owner.names, self._owner.tags
        mine = {f"aws:ResourceTag/{tag}": (tags[tag],) for tag in ("project", "stack", "component")}
        return Permission(
            actions=("bedrock:ApplyGuardrail",),
            resources=(names.arn("bedrock", "guardrail/*"),),
            conditions={"StringEquals": mine},
        )


def _filter(kind: str, prompt: str, answer: str) -> aws.bedrock.GuardrailContentPolicyConfigFiltersConfigArgs:
    return aws.bedrock.GuardrailContentPolicyConfigFiltersConfigArgs(
        type=kind, input_strength=prompt, output_strength=answer
    )


def _words(words: Sequence[str]) -> aws.bedrock.GuardrailWordPolicyConfigArgs | None:
    texts = [aws.bedrock.GuardrailWordPolicyConfigWordsConfigArgs(text=word) for word in words]
    return aws.bedrock.GuardrailWordPolicyConfigArgs(words_configs=texts) if texts else None


def _personal(kinds: Sequence[str]) -> aws.bedrock.GuardrailSensitiveInformationPolicyConfigArgs | None:
    entities = [
        aws.bedrock.GuardrailSensitiveInformationPolicyConfigPiiEntitiesConfigArgs(type=kind, action="ANONYMIZE")
        for kind in kinds
    ]
    if not entities:
        return None
    return aws.bedrock.GuardrailSensitiveInformationPolicyConfigArgs(pii_entities_configs=entities)
