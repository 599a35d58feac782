"""What the edge reads: a CloudFront KeyValueStore, written with its ETag.

Its API takes requests signed for all regions at once (SigV4A), which botocore does with the AWS common runtime:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions-sigv4a.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awscrt  # noqa: F401 - so that it is in the bundle
from botocore.exceptions import ClientError

ATTEMPTS = 5


@dataclass
class EdgeStore:
    """The one store of all rooms."""

    store: Any
    """A boto3 client of `cloudfront-keyvaluestore`."""

    arn: str
    _etag: str = ""

    def put(self, values: Mapping[str, str]) -> None:
        """Write all of `values` at once, over what others may have written meanwhile."""
        puts = [{"Key": key, "Value": value} for key, value in values.items()]
        for attempt in range(ATTEMPTS):
            etag = self._etag or self.store.describe_key_value_store(KvsARN=self.arn)["ETag"]
            try:
                self._etag = self.store.update_keys(KvsARN=self.arn, IfMatch=etag, Puts=puts)["ETag"]
            except ClientError as error:
                self._etag = ""
                if error.response["Error"]["Code"] not in ("ConflictException", "ValidationException"):
                    raise
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return
