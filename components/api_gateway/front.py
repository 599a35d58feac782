"""The static front: private pages and the API, behind one distribution."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from ..core.bucket import Bucket
from ..core.distribution import Distribution
from ..core.edge import ASSETS, Fragment, WebOrigin
from ..core.pages import REVALIDATE, upload
from ..core.pattern import Pattern
from . import defaults
from .args import Front

REWRITE = Fragment(Path(__file__).with_name("rewrite.js"))


class StaticFront:
    """The pages in a bucket that only CloudFront reads; `/api/*` goes to the API, with the origin key."""

    def __init__(self, owner: Pattern, given: Front, api: WebOrigin) -> None:
        self.bucket = Bucket(owner, "pages")
        self.distribution = Distribution(
            owner,
            "front",
            bucket=self.bucket,
            edge=(REWRITE,),
            gate=given.room,
            api=api,
        )
        self.bucket.policy(self.distribution.reads(self.bucket), awaited=owner.ledger.awaited)
        upload(owner, self.bucket, given.folder)
        for path, folder in given.also.items():
            upload(owner, self.bucket, folder, below=f"{path}/")
        if given.room:
            upload(owner, self.bucket, given.room.assets, below=ASSETS[1:])
        self._config(owner, given.config)
        self.url = self.distribution.url
        self.api_url = self.url.apply(lambda url: f"{url}{defaults.API_PATH}")

    def _config(self, owner: Pattern, values: Mapping[str, Any]) -> None:
        aws.s3.BucketObjectv2(
            owner.tree_name("page-config.json"),
            bucket=self.bucket.bucket.bucket,
            key="config.json",
            content=pulumi.Output.json_dumps(dict(values)),
            content_type="application/json",
            cache_control=REVALIDATE,
            tags=owner.tags,
            opts=owner.child(),
        )
