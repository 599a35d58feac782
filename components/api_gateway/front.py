"""The static front: private pages and the API, behind one distribution."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from ..core.bucket import Bucket
from ..core.distribution import ApiOrigin, Distribution
from ..core.pattern import Pattern
from ..core.rest_api.api import RestApi
from . import defaults
from .args import Front

REWRITE = Path(__file__).with_name("rewrite.js")
_HOUR = "public, max-age=3600"
_REVALIDATE = "no-cache"


class StaticFront:
    """The pages in a bucket that only CloudFront reads; `/api/*` goes to the API, with the origin key."""

    def __init__(
        self,
        owner: Pattern,
        given: Front,
        *,
        api: RestApi,
        key: pulumi.Output[str],
    ) -> None:
        self.bucket = Bucket(owner, "pages")
        self.distribution = Distribution(
            owner,
            "front",
            bucket=self.bucket,
            edge=REWRITE,
            api=ApiOrigin(
                path=f"{defaults.API_PATH}/*",
                domain=api.domain,
                origin_path=pulumi.Output.concat("/", api.stage.stage_name),
                headers={"x-api-key": key},
            ),
        )
        self.bucket.policy(self.distribution.reads(self.bucket), awaited=owner.ledger.awaited)
        for file in _files(given.folder):
            self._page(owner, given.folder, file)
        self._config(owner, given.config)
        self.url = self.distribution.url
        self.api_url = self.url.apply(lambda url: f"{url}{defaults.API_PATH}")

    def _page(self, owner: Pattern, folder: Path, file: Path) -> None:
        key = file.relative_to(folder).as_posix()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        aws.s3.BucketObjectv2(
            owner.tree_name(f"page-{key}"),
            bucket=self.bucket.bucket.bucket,
            key=key,
            source=pulumi.FileAsset(str(file)),
            content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            cache_control=_REVALIDATE if kind == "text/html" else _HOUR,
            tags=owner.tags,
            opts=owner.child(),
        )

    def _config(self, owner: Pattern, values: Mapping[str, Any]) -> None:
        aws.s3.BucketObjectv2(
            owner.tree_name("page-config.json"),
            bucket=self.bucket.bucket.bucket,
            key="config.json",
            content=pulumi.Output.json_dumps(dict(values)),
            content_type="application/json",
            cache_control=_REVALIDATE,
            tags=owner.tags,
            opts=owner.child(),
        )


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
