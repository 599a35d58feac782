"""Secrets: kept where they can be changed and watched, and never in clear beside a program."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Option, Scope, Severity, resources, rule
from ..framework.stack import Stack
from ..framework.types import FUNCTION, KMS_KEY, PARAMETER, STAGE, STATE_MACHINE
from .machines import definition_of
from .reach import inner

_FORMS: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # access keys of AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}"  # GitHub
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\bsk[-_](?:live[-_]|ant[-_]|proj[-_])?[A-Za-z0-9_-]{20,}"  # Stripe, model providers
    r"|\bAIza[A-Za-z0-9_-]{35}"  # Google
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."  # a signed token
    r"|://[^/\s:@]+:[^/\s:@]+@"  # a password in an address
)
"""How well-known secrets look, wherever they stand."""

_NAME: Final = re.compile(
    r"(?:^|[_.-])(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$", re.IGNORECASE
)
"""Names of what is a secret; `KEYS_SECRET` that holds an ARN or a name passes by its value."""

_POINTER: Final = re.compile(
    r"arn:.*|[a-z]+://[^@]*|/[\w./-]*|alias/.*|\{\{resolve:.*\}\}|[a-z][a-z0-9./_-]*[-_./](?:secrets?|keys?)"
)
"""Values that say where a secret is: an ARN, an address, a parameter's or secret's path."""

_ENTROPY_BITS: Final = 3.5
_LEAST_LENGTH: Final = 16
"""A random base64 text of 16 characters has about 3.75 bits a character, words joined by hyphens about 3.3."""

_MAKES_SECRETS: Final = re.compile(
    r"(?i)password|secretVersion|accessKey|privateKey|apiKey|ssm/parameter|^pulumi:pulumi:"
)
"""Types among whose outputs is a secret."""

_SYMMETRIC: Final = (None, "", "SYMMETRIC_DEFAULT")


def _configured(name: str, value: str) -> Example:
    return {f"{FUNCTION} worker": {"name": "worker", "environment": {"variables": {name: value}}}}


@rule(
    "no-plaintext-secrets",
    "No secret stands in clear in an environment, a stage, a parameter or a definition",
    severity=Severity.CRITICAL,
    on=resources(FUNCTION, STAGE, PARAMETER, STATE_MACHINE),
    judges={FUNCTION: ("environment",), PARAMETER: ("type", "value"), STAGE: ("variables",)},
    why="Whoever may look at the function's settings, Pulumi's state or a log of its start has it, and nobody can "
    "change it without a deployment.",
    fix="Keep it in Secrets Manager or a SecureString, and give the function its name and the right to read it",
    page="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
    same_as=(
        "checkov CKV_AWS_45",
        "prowler awslambda_function_no_secrets_in_variables",
        "prowler apigateway_restapi_no_secrets_in_stage_variables",
        "prowler stepfunctions_statemachine_no_secrets_in_definition",
    ),
    frameworks=("SEC02-BP03", "SEC08-BP02"),
    passes=_configured("KEYS_SECRET", "shop/signing-keys"),
    fails=_configured("API_KEY", "9f2c77e0b1d84a6f"),
    options={
        "names": Option(
            [],
            "Names of settings that look like a secret's and hold none",
            {"type": "array", "items": {"type": "string"}},
        )
    },
)
def no_plaintext_secrets(resource: Resource, context: Context) -> Iterator[str]:
    """Judge one function, stage, parameter or machine.

    A value that is known only after the update is an ARN, an address or a name, unless what it is made of makes
    secrets.
    """
    for where, name, value in _values(resource, context.stack):
        if name not in context.options["names"] and (why := _looks_secret(name, value)):
            yield f"has {why} in {where}"


def _values(resource: Resource, stack: Stack) -> Iterator[tuple[str, str, str]]:
    """Each value: what a message calls it, its name, and itself."""
    if resource.type == FUNCTION:
        yield from _variables(resource, "environment", resource.props.get("environment") or {}, stack)
    elif resource.type == STAGE:
        yield from _variables(resource, "variables", {"variables": resource.props.get("variables")}, stack)
    elif resource.type == PARAMETER:
        if resource.known("type") != "SecureString":
            name = resource.known("name") or resource.name
            yield "a parameter of clear text", str(name).replace("/", "_"), str(resource.known("value") or "")
    else:
        yield "its definition", "", definition_of(resource, stack)


def _variables(
    resource: Resource, prop: str, holder: Mapping[str, Any], stack: Stack
) -> Iterator[tuple[str, str, str]]:
    variables = inner(resource, holder.get("variables") or {}, prop)
    for name in variables.props:
        try:
            value = variables.known(name)
        except UnknownValueError:
            made_of = set(resource.dependencies.get(prop, ()))
            makers = [each for each in stack.resources if each.urn in made_of]
            if len(makers) < max(len(made_of), 1) or any(_MAKES_SECRETS.search(each.type) for each in makers):
                raise
            continue
        yield f"the variable {name}", name, value if isinstance(value, str) else json.dumps(value)


def _looks_secret(name: str, value: str) -> str:
    """What a value looks like, or ""."""
    if _FORMS.search(value):
        return "what looks like a key"
    if not _NAME.search(name) or _POINTER.fullmatch(value):
        return ""
    if len(value) >= _LEAST_LENGTH and _entropy(value) >= _ENTROPY_BITS:
        return "what looks like a secret"
    return "what is called a secret" if value and not value.isdigit() and " " not in value else ""


def _entropy(value: str) -> float:
    """Bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


@rule(
    "kms-key-rotation",
    "Keys that encrypt are changed every year",
    severity=Severity.MEDIUM,
    scope=Scope.RESOURCE,
    on=resources(KMS_KEY),
    judges={KMS_KEY: ("enableKeyRotation", "customerMasterKeySpec")},
    why="What is encrypted under one key for ever is lost at once with it.",
    fix="Set enableKeyRotation; leave multiRegion out",
    page="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    same_as=(
        "cdk-nag AwsSolutions-KMS5",
        "checkov CKV_AWS_7",
        "prowler kms_cmk_rotation_enabled",
        "prowler kms_cmk_not_multi_region",
    ),
    frameworks=("SEC08-BP01", "CIS 3.6"),
    passes={f"{KMS_KEY} data": {"enableKeyRotation": True, "customerMasterKeySpec": "SYMMETRIC_DEFAULT"}},
    fails={f"{KMS_KEY} data": {"description": "of everything"}},
)
def kms_key_rotation(key: Resource, _: Context) -> Iterator[str]:
    """Judge one key. KMS rotates symmetric keys by itself; keys that sign can't be."""
    if key.known("customerMasterKeySpec") in _SYMMETRIC and key.known("enableKeyRotation") is not True:
        yield "is never changed"
    if key.known("multiRegion"):
        yield "can be copied to other regions"
