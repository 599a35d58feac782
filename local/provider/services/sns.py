"""SNS: topics and their policies."""

from __future__ import annotations

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, tag_changes, tag_list, tag_map
from local.wire import UNKNOWN

_GONE = ("NotFound", "NotFoundException")
_TEXTS = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId"}
_FLAGS = {"fifoTopic": "FifoTopic", "contentBasedDeduplication": "ContentBasedDeduplication"}


class Topic(Resource):
    """https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""

    token = "aws:sns/topic:Topic"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """What the API refuses, and the service model doesn't say."""
        fifo = inputs.get("fifoTopic")
        if given(inputs, "name") and fifo is not UNKNOWN and inputs["name"].endswith(".fifo") is not (fifo is True):
            yield Failure("name", "a FIFO topic's name ends in .fifo, and no other's does")
        if inputs.get("contentBasedDeduplication") is True and fifo is False:
            yield Failure("contentBasedDeduplication", "only a FIFO topic deduplicates by content")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateTopic; see the facts' note on names that exist."""
        attributes = {key: inputs[name] for name, key in _TEXTS.items() if inputs.get(name)}
        if inputs.get("fifoTopic"):
            attributes.update({key: str(bool(inputs.get(name))).lower() for name, key in _FLAGS.items()})
        made = aws.client("sns").create_topic(
            Name=inputs["name"], Attributes=attributes, Tags=tag_list(inputs.get("tags"))
        )
        return made["TopicArn"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """Attributes and tags."""
        sns = aws.client("sns")
        try:
            attributes = sns.get_topic_attributes(TopicArn=id_)["Attributes"]
            tags = sns.list_tags_for_resource(ResourceArn=id_)["Tags"]
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        properties: Props = {
            "name": id_.rsplit(":", 1)[-1],
            "arn": id_,
            "owner": attributes.get("Owner"),
            "tags": tag_map(tags),
        }
        properties.update({name: attributes.get(key) or None for name, key in _TEXTS.items()})
        properties.update({name: attributes.get(key, "false") == "true" for name, key in _FLAGS.items()})
        return properties

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """SetTopicAttributes, TagResource and UntagResource."""
        sns = aws.client("sns")
        for name in sorted(changed & _TEXTS.keys()):
            sns.set_topic_attributes(TopicArn=id_, AttributeName=_TEXTS[name], AttributeValue=new.get(name) or "")
        if "contentBasedDeduplication" in changed:
            value = str(bool(new.get("contentBasedDeduplication"))).lower()
            sns.set_topic_attributes(TopicArn=id_, AttributeName="ContentBasedDeduplication", AttributeValue=value)
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                sns.untag_resource(ResourceArn=id_, TagKeys=removed)
            if added:
                sns.tag_resource(ResourceArn=id_, Tags=tag_list(added))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteTopic succeeds for a topic that is gone."""
        aws.client("sns").delete_topic(TopicArn=id_)


class TopicPolicy(Resource):
    """A topic's resource policy: its own Pulumi resource, the same topic's attribute."""

    token = "aws:sns/topicPolicy:TopicPolicy"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """SetTopicAttributes."""
        _set_policy(aws, inputs["arn"], inputs["policy"])
        return inputs["arn"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """The attribute."""
        attributes = attributes_of(aws, id_)
        if not attributes or not attributes.get("Policy"):
            return None
        return {"arn": id_, "policy": attributes["Policy"], "owner": attributes.get("Owner")}

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """SetTopicAttributes."""
        _set_policy(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """A topic always has a policy: back to the one that AWS gives a new topic.

        https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
        """
        try:
            _set_policy(aws, id_, default_policy(aws, id_))
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def attributes_of(aws: Aws, arn: str) -> dict[str, str] | None:
    """A topic's attributes, None without topic."""
    try:
        return aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def default_policy(aws: Aws, arn: str) -> str:
    """The owner's account may do everything with its topic."""
    actions = "AddPermission DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Publish RemovePermission"
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in [*actions.split(), "SetTopicAttributes", "Subscribe"]],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": aws.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _set_policy(aws: Aws, arn: str, policy: str) -> None:
    aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
