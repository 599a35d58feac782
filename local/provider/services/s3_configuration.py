"""S3: the configurations of a bucket that are Pulumi resources of their own, one value each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, present
from local.provider.services.s3 import GONE
from local.wire import UNKNOWN


class Configuration(Resource):
    """One configuration of a bucket: its id is the bucket's name, and writing it again replaces it."""

    absent: ClassVar[tuple[str, ...]] = ()
    """Error codes that say the bucket has none."""

    @abstractmethod
    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """Write it."""

    @abstractmethod
    def get(self, s3: Any, bucket: str) -> Props:
        """Read it, as inputs."""

    @abstractmethod
    def remove(self, s3: Any, bucket: str) -> None:
        """Remove it."""

    def create(self, aws: Aws, inputs: Props) -> str:
        """Write it."""
        self.put(aws.client("s3"), inputs["bucket"], inputs)
        return inputs["bucket"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """Read it; without bucket there is none."""
        try:
            return {"bucket": id_, **self.get(aws.client("s3"), id_)}
        except ClientError as error:
            if is_missing(error, (*GONE, *self.absent)):
                return None
            raise

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """Write it again."""
        self.put(aws.client("s3"), id_, new)

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """Remove it."""
        if state.get("skipDestroy"):
            return
        try:
            self.remove(aws.client("s3"), id_)
        except ClientError as error:
            if not is_missing(error, (*GONE, *self.absent)):
                raise


class PublicAccessBlock(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html"""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105 - a type token
    absent = ("NoSuchPublicAccessBlockConfiguration",)
    _FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutPublicAccessBlock."""
        flags = {_upper(name): bool(inputs.get(name)) for name in self._FLAGS}
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=flags)

    def get(self, s3: Any, bucket: str) -> Props:
        """GetPublicAccessBlock."""
        found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        return {name: found.get(_upper(name), False) for name in self._FLAGS}

    def remove(self, s3: Any, bucket: str) -> None:
        """DeletePublicAccessBlock."""
        s3.delete_public_access_block(Bucket=bucket)


class Encryption(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html"""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"  # noqa: S105
    absent = ("ServerSideEncryptionConfigurationNotFoundError",)

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutBucketEncryption."""
        rules = []
        for rule in inputs["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault")
            rules.append(
                present(
                    ApplyServerSideEncryptionByDefault={"SSEAlgorithm": default["sseAlgorithm"]} if default else None,
                    BucketKeyEnabled=rule.get("bucketKeyEnabled"),
                )
            )
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})

    def get(self, s3: Any, bucket: str) -> Props:
        """GetBucketEncryption."""
        rules = []
        for rule in s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule.get("ApplyServerSideEncryptionByDefault")
            rules.append(
                present(
                    applyServerSideEncryptionByDefault={"sseAlgorithm": default["SSEAlgorithm"]} if default else None,
                    bucketKeyEnabled=rule.get("BucketKeyEnabled"),
                )
            )
        return {"rules": rules}

    def remove(self, s3: Any, bucket: str) -> None:
        """DeleteBucketEncryption."""
        s3.delete_bucket_encryption(Bucket=bucket)


class Ownership(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html"""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105 - a type token
    absent = ("OwnershipControlsNotFoundError",)

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutBucketOwnershipControls."""
        rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, s3: Any, bucket: str) -> Props:
        """GetBucketOwnershipControls."""
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": {"objectOwnership": rules[0]["ObjectOwnership"]}}

    def remove(self, s3: Any, bucket: str) -> None:
        """DeleteBucketOwnershipControls."""
        s3.delete_bucket_ownership_controls(Bucket=bucket)


class BucketPolicy(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"""

    token = "aws:s3/bucketPolicy:BucketPolicy"  # noqa: S105 - a type token
    absent = ("NoSuchBucketPolicy",)

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutBucketPolicy."""
        s3.put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])

    def get(self, s3: Any, bucket: str) -> Props:
        """GetBucketPolicy."""
        return {"policy": s3.get_bucket_policy(Bucket=bucket)["Policy"]}

    def remove(self, s3: Any, bucket: str) -> None:
        """DeleteBucketPolicy."""
        s3.delete_bucket_policy(Bucket=bucket)


class Cors(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html"""

    token = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"  # noqa: S105 - a type token
    absent = ("NoSuchCORSConfiguration",)
    _MEMBERS: ClassVar = {
        "id": "ID",
        "allowedHeaders": "AllowedHeaders",
        "allowedMethods": "AllowedMethods",
        "allowedOrigins": "AllowedOrigins",
        "exposeHeaders": "ExposeHeaders",
        "maxAgeSeconds": "MaxAgeSeconds",
    }

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutBucketCors."""
        rules = [
            present(**{member: rule.get(name) for name, member in self._MEMBERS.items()})
            for rule in inputs["corsRules"]
        ]
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})

    def get(self, s3: Any, bucket: str) -> Props:
        """GetBucketCors."""
        rules = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
        return {
            "corsRules": [
                {name: rule[member] for name, member in self._MEMBERS.items() if member in rule} for rule in rules
            ]
        }

    def remove(self, s3: Any, bucket: str) -> None:
        """DeleteBucketCors."""
        s3.delete_bucket_cors(Bucket=bucket)


class Lifecycle(Configuration):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html"""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"  # noqa: S105 - a type token
    absent = ("NoSuchLifecycleConfiguration",)

    def check(self, inputs: Props) -> Iterator[Failure]:
        """Each rule does something, and has an id of its own."""
        rules = inputs.get("rules")
        if not isinstance(rules, list):
            return
        known = [rule for rule in rules if isinstance(rule, dict)]
        names = [rule.get("id") for rule in known if rule.get("id") is not UNKNOWN]
        if len(set(names)) < len(names):
            yield Failure("rules", "two rules have one id")
        for index, rule in enumerate(known):
            if not rule.keys() & {"expiration", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload"}:
                yield Failure(f"rules[{index}]", "a rule needs an action")

    def put(self, s3: Any, bucket: str, inputs: Props) -> None:
        """PutBucketLifecycleConfiguration."""
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={"Rules": [_to_rule(rule) for rule in inputs["rules"]]},
            **present(TransitionDefaultMinimumObjectSize=inputs.get("transitionDefaultMinimumObjectSize")),
        )

    def get(self, s3: Any, bucket: str) -> Props:
        """GetBucketLifecycleConfiguration; the size for which AWS moves objects is its own default."""
        found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        return {
            "rules": [_from_rule(rule) for rule in found["Rules"]],
            "transitionDefaultMinimumObjectSize": found.get(
                "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
            ),
        }

    def remove(self, s3: Any, bucket: str) -> None:
        """DeleteBucketLifecycle."""
        s3.delete_bucket_lifecycle(Bucket=bucket)


_FILTERS = {
    "prefix": "Prefix",
    "objectSizeGreaterThan": "ObjectSizeGreaterThan",
    "objectSizeLessThan": "ObjectSizeLessThan",
}
_ACTIONS = {
    "abortIncompleteMultipartUpload": ("AbortIncompleteMultipartUpload", ("daysAfterInitiation",)),
    "expiration": ("Expiration", ("days", "expiredObjectDeleteMarker")),
    "noncurrentVersionExpiration": ("NoncurrentVersionExpiration", ("noncurrentDays", "newerNoncurrentVersions")),
}


def _to_rule(rule: Props) -> Props:
    parts = {key: rule["filter"][name] for name, key in _FILTERS.items() if (rule.get("filter") or {}).get(name)}
    sent: Props = {"ID": rule["id"], "Status": rule["status"]}
    # AWS takes one condition as it is and several under And; none is the empty prefix.
    sent["Filter"] = {"And": parts} if len(parts) > 1 else parts or {"Prefix": ""}
    for name, (key, members) in _ACTIONS.items():
        if rule.get(name):
            sent[key] = {_upper(member): rule[name][member] for member in members if rule[name].get(member) is not None}
    return sent


def _from_rule(rule: Props) -> Props:
    found = rule.get("Filter") or {}
    parts = found.get("And", found)
    read: Props = {"id": rule["ID"], "status": rule["Status"]}
    read["filter"] = {name: parts[key] for name, key in _FILTERS.items() if parts.get(key)}
    for name, (key, members) in _ACTIONS.items():
        if key in rule:
            read[name] = {member: rule[key][_upper(member)] for member in members if _upper(member) in rule[key]}
    return read


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]
