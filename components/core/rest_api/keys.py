"""API keys, and the usage plan that makes them valid."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from .scope import Scope


class Keys:
    """Keys for one stage. AWS makes their values, which are secrets in the state."""

    def __init__(
        self, scope: Scope, names: Sequence[str], *, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage
    ) -> None:
        plan = aws.apigateway.UsagePlan(
            scope.tree_name,
            name=scope.physical("plan"),
            api_stages=[aws.apigateway.UsagePlanApiStageArgs(api_id=api.id, stage=stage.stage_name)],
            tags=scope.owner.tags,
            opts=scope.owner.child(),
        )
        self._keys = {name: _key(scope, name, plan) for name in names}

    def value(self, name: str) -> pulumi.Output[str]:
        """The key's value: a secret."""
        return pulumi.Output.secret(self._keys[name].value)


def _key(scope: Scope, name: str, plan: aws.apigateway.UsagePlan) -> aws.apigateway.ApiKey:
    key = aws.apigateway.ApiKey(
        scope.tree(name), name=scope.physical(name), tags=scope.owner.tags, opts=scope.owner.child()
    )
    aws.apigateway.UsagePlanKey(
        scope.tree(name), key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=scope.owner.child()
    )
    return key
