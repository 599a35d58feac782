"""Buckets: closed to the public."""

from __future__ import annotations

from collections.abc import Iterator

from ..framework.resources import Resource
from ..framework.rule import Context, Example, Scope, Severity, resources, rule
from ..framework.types import BUCKET, PUBLIC_ACCESS_BLOCK

SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"


def _closed(*switches: str) -> Example:
    block = {"bucket": "uploads", **{switch: switch in switches for switch in SWITCHES}}
    return {f"{BUCKET} uploads": {"bucket": "uploads"}, f"{PUBLIC_ACCESS_BLOCK} uploads": block}


@rule(
    "s3-public-access-block",
    "Every bucket blocks public access in all four ways",
    severity=Severity.CRITICAL,
    on=resources(BUCKET),
    judges={PUBLIC_ACCESS_BLOCK: ("bucket", *SWITCHES)},
    why="The block holds whatever an object's ACL or a later policy says.",
    fix="Add a BucketPublicAccessBlock with all four settings on",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    same_as=("cdk-nag AwsSolutions-S2", "checkov CKV2_AWS_6", "prowler s3_bucket_level_public_access_block"),
    frameworks=(
        "SEC03-BP07",
        "CIS 2.1.4",
    ),
    passes=_closed(*SWITCHES),
    fails=_closed(*SWITCHES[1:]),
)
def public_access_block(bucket: Resource, context: Context) -> Iterator[str]:
    """Judge one bucket by its block."""
    blocks = context.stack.naming(bucket, PUBLIC_ACCESS_BLOCK, "bucket")
    if not blocks:
        yield "has no public access block"
    for block in blocks:
        if off := [switch for switch in SWITCHES if block.known(switch) is not True]:
            yield f"has a public access block without {', '.join(off)}"


@rule(
    "s3-no-acls",
    "No bucket grants anything by an ACL",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    on=resources(BUCKET, OWNERSHIP, "aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2"),
    judges={OWNERSHIP: ("rule",), BUCKET: ("acl", "grants")},
    why="An ACL grants to other accounts and to everybody beside the bucket's policy, and stands in no ledger.",
    fix="Leave ACLs out; objects belong to the bucket's owner (BucketOwnerEnforced), which turns them off",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    same_as=("checkov CKV2_AWS_65", "prowler s3_bucket_acl_prohibited"),
    frameworks=(
        "SEC03-BP07",
        "SEC08-BP04",
    ),
    passes={
        f"{BUCKET} uploads": {"bucket": "uploads", "acl": "private", "grants": []},
        f"{OWNERSHIP} uploads": {"bucket": "uploads", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    },
    fails={f"{OWNERSHIP} uploads": {"bucket": "uploads", "rule": {"objectOwnership": "ObjectWriter"}}},
)
def no_acls(resource: Resource, _: Context) -> Iterator[str]:
    """Judge one bucket, its ownership controls or an ACL."""
    if resource.type == OWNERSHIP:
        ownership = (resource.known("rule") or {}).get("objectOwnership")
        if ownership != "BucketOwnerEnforced":
            yield f"has the object ownership {ownership}, which leaves ACLs on"
    elif resource.type != BUCKET:
        yield "is an ACL"
    elif (resource.known("acl") or "private") != "private" or resource.known("grants"):
        yield "has an ACL of its own"
