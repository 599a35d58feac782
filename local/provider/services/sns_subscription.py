"""SNS: subscriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given
from local.wire import UNKNOWN

_GONE = ("NotFound", "NotFoundException")
_POLICIES = {"filterPolicy": "FilterPolicy", "redrivePolicy": "RedrivePolicy"}
_SCOPE = "filterPolicyScope"
_FILTER_KEYS = 5
_WITH_RAW_DELIVERY = ("sqs",)
_BY_A_PERSON = ("email",)
"""Protocols whose subscriptions are confirmed by whoever gets the message."""


class TopicSubscription(Resource):
    """https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"""

    token = "aws:sns/topicSubscription:TopicSubscription"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Filters as https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html has them."""
        protocol = inputs.get("protocol")
        if inputs.get("rawMessageDelivery") is True and protocol not in (*_WITH_RAW_DELIVERY, UNKNOWN):
            yield Failure("rawMessageDelivery", f"{protocol} takes no raw messages")
        if protocol == "email" and given(inputs, "endpoint") and "@" not in inputs["endpoint"]:
            yield Failure("endpoint", "the endpoint of email is an address")
        if given(inputs, _SCOPE) and not inputs.get("filterPolicy"):
            yield Failure(_SCOPE, "a filter policy scope needs a filter policy")
        if given(inputs, "filterPolicy"):
            policy = json.loads(inputs["filterPolicy"])
            if not isinstance(policy, dict):
                yield Failure("filterPolicy", "a filter policy is an object")
            elif inputs.get(_SCOPE, "MessageAttributes") == "MessageAttributes":
                if any(isinstance(value, dict) for value in policy.values()):
                    yield Failure("filterPolicy", "a nested filter policy needs the scope MessageBody")
                if len(policy) > _FILTER_KEYS:
                    yield Failure("filterPolicy", f"a filter policy has at most {_FILTER_KEYS} keys")

    def create(self, aws: Aws, inputs: Props) -> str:
        """Subscribe."""
        attributes = {"RawMessageDelivery": str(bool(inputs.get("rawMessageDelivery"))).lower()}
        attributes.update({key: inputs[name] for name, key in _POLICIES.items() if inputs.get(name)})
        if inputs.get(_SCOPE):
            attributes["FilterPolicyScope"] = inputs[_SCOPE]
        made = aws.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return made["SubscriptionArn"]

    def settle(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Wait for the confirmation that SNS makes itself; nobody waits for a person."""
        if inputs["protocol"] in _BY_A_PERSON:
            return
        aws.wait_until(lambda: _attributes(aws, id_).get("PendingConfirmation") != "true", f"confirmation of {id_}")

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """Attributes."""
        try:
            found = _attributes(aws, id_)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        return {
            "arn": id_,
            "topic": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
            "ownerId": found.get("Owner"),
            "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
            "filterPolicy": _document(found.get("FilterPolicy")),
            "redrivePolicy": _document(found.get("RedrivePolicy")),
            _SCOPE: found.get("FilterPolicyScope") if _document(found.get("FilterPolicy")) else None,
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """SetSubscriptionAttributes, in an order in which each step is valid."""

        def put(key: str, value: str) -> None:
            aws.client("sns").set_subscription_attributes(SubscriptionArn=id_, AttributeName=key, AttributeValue=value)

        scope = new.get(_SCOPE) or "MessageAttributes"
        # The body's scope takes every policy; the attributes' scope takes flat ones only, so it is set last.
        if _SCOPE in changed and scope == "MessageBody":
            put("FilterPolicyScope", scope)
        for name in sorted(changed & _POLICIES.keys()):
            put(_POLICIES[name], new.get(name) or ("{}" if name == "filterPolicy" else ""))
        if _SCOPE in changed and scope == "MessageAttributes":
            put("FilterPolicyScope", scope)
        if "rawMessageDelivery" in changed:
            put("RawMessageDelivery", str(bool(new.get("rawMessageDelivery"))).lower())

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """Unsubscribe."""
        try:
            aws.client("sns").unsubscribe(SubscriptionArn=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def _attributes(aws: Aws, arn: str) -> dict[str, str]:
    return aws.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def _document(text: str | None) -> str | None:
    return text if text and text != "{}" else None
