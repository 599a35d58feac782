"""API keys, and the usage plan that makes them valid."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from ..core.pattern import Pattern


class Keys:
    """Keys for one stage. AWS makes their values, which are secrets in the state."""

    def __init__(
        self, owner: Pattern, names: Sequence[str], *, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage
    ) -> None:
        plan = aws.apigateway.UsagePlan(
            owner.name,
            name=owner.physical("api", "plan"),
            api_stages=[aws.apigateway.UsagePlanApiStageArgs(api_id=api.id, stage=stage.stage_name)],
            tags=owner.tags,
            opts=owner.child(),
        )
        self._keys = {name: _key(owner, name, plan) for name in names}

    def value(self, name: str) -> pulumi.Output[str]:
        """The key's value: a secret."""
        return pulumi.Output.secret(self._keys[name].value)


def _key(owner: Pattern, name: str, plan: aws.apigateway.UsagePlan) -> aws.apigateway.ApiKey:
    key = aws.apigateway.ApiKey(
        owner.tree_name(name), name=owner.physical("api", name), tags=owner.tags, opts=owner.child()
    )
    aws.apigateway.UsagePlanKey(
        owner.tree_name(name), key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=owner.child()
    )
    return key
