"""CloudFront: origin access controls, and tags of all that CloudFront has."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.provider.clients import PARTITION, Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, tag_changes, tag_list

_GONE = ("NoSuchOriginAccessControl",)
_MEMBERS = {
    "name": "Name",
    "description": "Description",
    "originAccessControlOriginType": "OriginAccessControlOriginType",
    "signingBehavior": "SigningBehavior",
    "signingProtocol": "SigningProtocol",
}


class OriginAccessControl(Resource):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html"""

    token = "aws:cloudfront/originAccessControl:OriginAccessControl"  # noqa: S105 - a type token

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateOriginAccessControl; a name that exists is refused by AWS."""
        made = aws.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=_config(inputs))
        return made["OriginAccessControl"]["Id"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """GetOriginAccessControl."""
        try:
            found = aws.client("cloudfront").get_origin_access_control(Id=id_)
        except ClientError as error:
            if is_missing(error, _GONE):
                return None
            raise
        config = found["OriginAccessControl"]["OriginAccessControlConfig"]
        read = {name: config.get(key) for name, key in _MEMBERS.items()}
        arn = f"arn:{PARTITION}:cloudfront::{aws.account}:origin-access-control/{id_}"
        return {**read, "arn": arn, "etag": found["ETag"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateOriginAccessControl, of the version that is there."""
        client = aws.client("cloudfront")
        etag = client.get_origin_access_control(Id=id_)["ETag"]
        client.update_origin_access_control(Id=id_, IfMatch=etag, OriginAccessControlConfig=_config(new))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteOriginAccessControl; AWS refuses while a distribution uses it."""
        client = aws.client("cloudfront")
        try:
            etag = client.get_origin_access_control(Id=id_)["ETag"]
            client.delete_origin_access_control(Id=id_, IfMatch=etag)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise


def tag(client: Any, arn: str, old: Props, new: Props) -> None:
    """Give what CloudFront has under `arn` the tags of `new`."""
    removed, added = tag_changes(old.get("tags"), new.get("tags"))
    if removed:
        client.untag_resource(Resource=arn, TagKeys={"Items": removed})
    if added:
        client.tag_resource(Resource=arn, Tags={"Items": tag_list(added)})


def _config(inputs: Props) -> Props:
    return {key: inputs.get(name) or "" for name, key in _MEMBERS.items()}
