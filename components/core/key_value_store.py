"""A CloudFront KeyValueStore: what functions at the edge read."""

from __future__ import annotations

import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission, placeholder


class KeyValueStore:
    """A store that one function at the edge may read: 5 MB, keys of 512 and values of 1,024 characters.

    Its ARN holds an id that AWS makes, so grants on it are known once it exists.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
    """

    def __init__(self, owner: Pattern, name: str, *, comment: str) -> None:
        self.tree_name = owner.tree_name(name)
        self.store = aws.cloudfront.KeyValueStore(
            self.tree_name,
            name=owner.physical("key-value-store", name),
            comment=comment,
            tags=owner.tags,
            # CloudFront doesn't delete a store that a function uses, so a replacement comes first.
            opts=owner.child(can_exist_twice=True),
        )
        self.arn = self.store.arn
        owner.ledger.awaited[self._arn_name] = self.arn

    @property
    def _arn_name(self) -> str:
        return f"{self.tree_name}.arn"

    def update(self) -> Permission:
        """Write pairs, by the store's ETag.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfrontkeyvaluestore.html
        """
        actions = ("cloudfront-keyvaluestore:DescribeKeyValueStore", "cloudfront-keyvaluestore:UpdateKeys")
        return Permission(actions=actions, resources=(placeholder(self._arn_name),))
