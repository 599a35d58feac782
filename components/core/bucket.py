"""A private S3 bucket, and the permissions that open it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from .pattern import Pattern
from .permissions import Permission, Statement, resource_document, tls_only
from .topic import Topic


class Bucket:
    """A private, encrypted bucket that refuses callers without TLS.

    Encrypted with keys that S3 owns (SSE-S3), which cost and grant nothing:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html
    """

    def __init__(self, owner: Pattern, name: str) -> None:
        self._owner, self.tree_name = owner, owner.tree_name(name)
        self.physical_name = owner.physical("bucket", name)
        self.arn = owner.names.arn("s3", self.physical_name)
        data = owner.child(holds_data=True)
        self.bucket = aws.s3.Bucket(
            self.tree_name,
            bucket=self.physical_name,
            force_destroy=not owner.settings.protect_data,
            tags=owner.tags,
            opts=data,
        )
        owner.may_lose(f"aws:s3/bucket:Bucket::{self.tree_name}")
        self._keep_private()
        self._encrypt()
        self._drop_unfinished_uploads()

    def read(self, prefix: str = "") -> tuple[Permission, ...]:
        """Get objects below `prefix`; a missing key is told apart from a forbidden one.

        Without `ListBucket` S3 answers 403 instead of 404:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        return (Permission(actions=("s3:GetObject",), resources=(self._objects(prefix),)), self._list(prefix))

    def get(self, prefix: str = "") -> tuple[Permission, ...]:
        """Get objects below `prefix`; a missing key looks like a forbidden one."""
        return (Permission(actions=("s3:GetObject",), resources=(self._objects(prefix),)),)

    def write(self, prefix: str = "") -> tuple[Permission, ...]:
        """Put objects below `prefix`."""
        return (Permission(actions=("s3:PutObject",), resources=(self._objects(prefix),)),)

    def replace(self, prefix: str = "") -> tuple[Permission, ...]:
        """Put objects below `prefix` on the condition of what is there now.

        A conditional write also reads; it needs no right to list:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        return (Permission(actions=("s3:GetObject", "s3:PutObject"), resources=(self._objects(prefix),)),)

    def policy(
        self, *statements: Statement, awaited: dict[str, pulumi.Output[str]] | None = None
    ) -> aws.s3.BucketPolicy:
        """Attach the bucket's one policy: `statements`, and TLS for everybody."""
        everything = (tls_only(("s3:*",), self.arn, f"{self.arn}/*"), *statements)
        self._owner.ledger.state(f"aws:s3/bucketPolicy:BucketPolicy::{self.tree_name}", everything)
        return aws.s3.BucketPolicy(
            self.tree_name,
            bucket=self.bucket.bucket,
            policy=resource_document(everything, awaited),
            opts=self._owner.child(after=[self._access_block]),
        )

    def notify(self, topic: Topic, *, prefix: str, after: pulumi.Resource) -> aws.s3.BucketNotification:
        """Tell `topic` of each object that is created below `prefix`; `after` is the policy that lets S3 publish."""
        created = aws.s3.BucketNotificationTopicArgs(
            topic_arn=topic.topic.arn, events=["s3:ObjectCreated:*"], filter_prefix=prefix
        )
        return aws.s3.BucketNotification(
            self.tree_name, bucket=self.bucket.bucket, topics=[created], opts=self._owner.child(after=[after])
        )

    def announce(self) -> aws.s3.BucketNotification:
        """Tell EventBridge, on the account's default bus, of all that happens here.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
        """
        return aws.s3.BucketNotification(
            self.tree_name, bucket=self.bucket.bucket, eventbridge=True, opts=self._owner.child()
        )

    def take_posts_from(self, origins: Sequence[str]) -> aws.s3.BucketCorsConfiguration:
        """Let scripts of pages at `origins` POST forms here, and read the answer.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
        """
        rule = aws.s3.BucketCorsConfigurationCorsRuleArgs(
            allowed_methods=["POST"], allowed_origins=list(origins), allowed_headers=["*"], max_age_seconds=600
        )
        return aws.s3.BucketCorsConfiguration(
            self.tree_name, bucket=self.bucket.bucket, cors_rules=[rule], opts=self._owner.child()
        )

    def _objects(self, prefix: str) -> str:
        return f"{self.arn}/{prefix}*"

    def _list(self, prefix: str) -> Permission:
        below = {"StringLike": {"s3:prefix": (f"{prefix}*",)}}
        return Permission(actions=("s3:ListBucket",), resources=(self.arn,), conditions=below)

    def _keep_private(self) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
        self._access_block = aws.s3.BucketPublicAccessBlock(
            self.tree_name,
            bucket=self.bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._owner.child(),
        )
        owned = aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced")
        aws.s3.BucketOwnershipControls(
            self.tree_name, bucket=self.bucket.bucket, rule=owned, opts=self._owner.child(after=[self._access_block])
        )

    def _encrypt(self) -> None:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=default)
        aws.s3.BucketServerSideEncryptionConfiguration(
            self.tree_name, bucket=self.bucket.bucket, rules=[rule], opts=self._owner.child()
        )

    def _drop_unfinished_uploads(self) -> None:
        """Parts of an upload that never ended are paid for and seen by nobody.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
        """
        abort = aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=1)
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="drop-unfinished-uploads",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            abort_incomplete_multipart_upload=abort,
        )
        aws.s3.BucketLifecycleConfiguration(
            self.tree_name, bucket=self.bucket.bucket, rules=[rule], opts=self._owner.child()
        )
