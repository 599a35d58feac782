"""Which models there are, and under which ARNs a call of one is judged.

https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """One foundation model."""

    id: str
    family: str
    """Whose shape a body has: `nova`, `anthropic` or `canvas`."""
    on_demand: bool = True
    """Whether it is called by its own id; others are called by an inference profile alone."""
    structured: bool = False
    """Whether it takes a JSON schema as the format of its text."""

    def arn(self, region: str) -> str:
        """Its ARN in a region."""
        return f"arn:aws:bedrock:{region}::foundation-model/{self.id}"


_MODELS = {
    model.id: model
    for model in (
        Model("amazon.nova-micro-v1:0", "nova"),
        Model("amazon.nova-lite-v1:0", "nova"),
        Model("amazon.nova-pro-v1:0", "nova"),
        Model("anthropic.claude-3-haiku-20240307-v1:0", "anthropic"),
        Model("anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic", on_demand=False, structured=True),
        Model("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", on_demand=False, structured=True),
        Model("amazon.nova-canvas-v1:0", "canvas"),
    )
}
_PROFILES = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}


@dataclass(frozen=True)
class Called:
    """A model as a call names it: by id, by ARN or by an inference profile."""

    model: Model
    profile: str | None = None
    """The id of the profile."""

    def arn(self, region: str, account: str) -> str:
        """What the call is judged on."""
        if self.profile:
            return f"arn:aws:bedrock:{region}:{account}:inference-profile/{self.profile}"
        return self.model.arn(region)

    def behind(self) -> list[str]:
        """What else it is judged on: the model in each region of the profile."""
        regions = _PROFILES[self.profile.partition(".")[0]] if self.profile else ()
        return [self.model.arn(region) for region in regions]


def find(identifier: str) -> Called | None:
    """The model of an id or ARN; None for one that doesn't exist."""
    name = identifier.rpartition("/")[2]
    if name in _MODELS:
        return Called(_MODELS[name])
    prefix, _, rest = name.partition(".")
    if prefix in _PROFILES and rest in _MODELS:
        return Called(_MODELS[rest], name)
    return None
