"""Condition operators and keys: which exist, and which values an operator compares a key with.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Final

_NAMES: Final = {
    "String": "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike",
    "Numeric": "NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals "
    "NumericGreaterThan NumericGreaterThanEquals",
    "Date": "DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals",
    "Bool": "Bool",
    "Binary": "BinaryEquals",
    "IPAddress": "IpAddress NotIpAddress",
    "ARN": "ArnEquals ArnLike ArnNotEquals ArnNotLike",
    "Null": "Null",
}
_KIND: Final = {name.lower(): kind for kind, names in _NAMES.items() for name in names.split()}
_FITS: Final = {"ARN": ("ARN", "String"), "Date": ("Date", "Numeric")}
"""Kinds of operators for a key's type, where it isn't that type alone: an epoch is a date and a number."""

GLOBAL: Final[Mapping[str, str]] = {
    key.lower(): type_
    for type_, keys in {
        "String": "PrincipalAccount PrincipalOrgID PrincipalServiceName PrincipalType PrincipalTag/${TagKey} userid "
        "username FederatedProvider Ec2InstanceSourceVpc SourceIdentity SourceVpc SourceVpce VpceAccount VpceOrgID "
        "ResourceAccount ResourceOrgID CalledViaFirst CalledViaLast CalledViaAWSMCP referer RequestedRegion "
        "SourceAccount SourceOrgID SourceOwner UserAgent AssumedRoot",
        "ArrayOfString": "PrincipalOrgPaths PrincipalServiceNamesList VpceOrgPaths ResourceOrgPaths CalledVia "
        "SourceOrgPaths",
        "ARN": "PrincipalArn SourceArn SourceVpcArn ChatbotSourceArn",
        "Bool": "PrincipalIsAWSService MultiFactorAuthPresent ViaAWSService ViaAWSMCPService SecureTransport "
        "IsMcpServiceAction",
        "Numeric": "MultiFactorAuthAge",
        "Date": "TokenIssueTime CurrentTime EpochTime",
        "IPAddress": "SourceIp VpcSourceIp Ec2InstanceSourcePrivateIPv4",
    }.items()
    for key in (f"aws:{name}" for name in keys.split())
} | {
    "ec2:roledelivery": "String",
    "ec2:sourceinstancearn": "ARN",
    "glue:roleassumedby": "String",
    "glue:credentialissuingservice": "String",
    "codebuild:buildarn": "ARN",
    "codebuild:projectarn": "ARN",
    "identitystore:userid": "String",
    "lambda:sourcefunctionarn": "ARN",
    "ssm:sourceinstancearn": "ARN",
}
"""Keys that any service's requests may carry → type, in lower case. Tags of a request or resource are not among them:
those stand with the actions that take them."""

_VALUES: Final = {
    "Bool": re.compile(r"true|false", re.IGNORECASE),
    "Numeric": re.compile(r"-?\d+(\.\d+)?"),
    "ARN": re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+|arn:.*\*"),
    "Null": re.compile(r"true|false", re.IGNORECASE),
}


_CHOSEN: Final = re.compile(r"(\$\{.*|<.*|(?<=/)tag-key|(?<=/))$")
"""What ends a key's name where the caller chooses the rest, in each of the reference's spellings."""


@dataclass(frozen=True)
class Operator:
    """A condition operator with its prefix and suffix taken off."""

    name: str
    """In lower case: `stringlike`."""

    kind: str
    """The type that it compares: `String`, `ARN`, `Null`, …"""

    quantifier: str = ""
    """`forallvalues`, `foranyvalue` or nothing."""

    if_exists: bool = False

    @property
    def negated(self) -> bool:
        """Whether it is true for every value but some, and for a request without the key."""
        return "not" in self.name

    @property
    def by_pattern(self) -> bool:
        """Whether `*` and `?` in its values stand for others."""
        return self.kind == "ARN" or self.name in ("stringlike", "stringnotlike")

    def fits(self, type_: str) -> bool:
        """Whether it compares keys of a type."""
        plain = type_.removeprefix("ArrayOf")
        return self.kind == "Null" or self.kind in _FITS.get(plain, (plain,))

    def takes(self, value: str) -> bool:
        """Whether it can be true of anything beside a value. A policy variable may stand for any."""
        if "${" in value:
            return True
        if self.kind == "String":
            return self.by_pattern or not re.search(r"[*?]", value)
        if self.kind == "IPAddress":
            return _is_network(value)
        if self.kind == "Date":
            return _is_date(value)
        return self.kind not in _VALUES or _VALUES[self.kind].fullmatch(value) is not None


def operator(text: str) -> Operator | None:
    """The operator that a condition names, in any case; `None` when IAM has none of the name."""
    quantifier, _, rest = text.lower().rpartition(":")
    if quantifier not in ("", "forallvalues", "foranyvalue"):
        return None
    name = rest.removesuffix("ifexists")
    if name not in _KIND or (name == "null" and (quantifier or name != rest)):
        return None
    return Operator(name, _KIND[name], quantifier, name != rest)


def key_type(key: str, keys: Mapping[str, str]) -> str | None:
    """The type of a key among `keys`, as AWS's reference writes them: `aws:ResourceTag/${TagKey}`; `None` if not."""
    wanted = key.lower()
    for name, type_ in keys.items():
        stem, goes_on = _stem(name)
        if wanted.startswith(stem) and (len(wanted) > len(stem)) == goes_on:
            return type_
    return None


@lru_cache(4096)
def _stem(name: str) -> tuple[str, bool]:
    """The part of a key's name that is given, in lower case, and whether the caller chooses more."""
    found = _CHOSEN.search(name.lower())
    return (name.lower()[: found.start()], True) if found else (name.lower(), False)


def _is_network(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        return value.isdigit()
    return True
