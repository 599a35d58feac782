"""The FanOutConverter pattern."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi import ResourceOptions

from ..core.bucket import Bucket
from ..core.dashboard import Dashboard
from ..core.distribution import READABLE_BY_EVERY_PAGE, Distribution
from ..core.function import LARGEST_DISK_MB, SMALLEST_DISK_MB, VISIBILITY_FACTOR, Function
from ..core.pattern import Pattern
from ..core.queue import Queue
from ..core.topic import Topic
from . import defaults
from .args import FanOutConverterArgs
from .converters import Converter


class FanOutConverter(Pattern):
    """Convert every uploaded file into several renditions, in parallel, the moment it arrives.

    S3 → SNS → one SQS queue and function per converter → S3 → CloudFront. Each upload is converted once, whatever is
    delivered twice, late or out of order; a file that can't be converted ends in its branch's dead-letter queue with
    the reason, and the rest goes on.
    """

    url: pulumi.Output[str]
    """Where renditions are served: `https://….cloudfront.net`, then prefix, upload and format."""

    upload_function: pulumi.Output[str]
    """Name of the function that makes an upload form of `{"filename": …}`."""

    rendition_urls: dict[str, pulumi.Output[str]]
    """Converter → URL of its rendition, in which `{upload}` stands for the upload's key without `uploads/`."""

    def __init__(self, name: str, args: FanOutConverterArgs, opts: ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("serviceful:index:FanOutConverter", name, physical_name=args.physical_name, opts=opts)
        self.args = args
        self.uploads = Bucket(self, "uploads")
        self.renditions = Bucket(self, "renditions")
        self.form = self._upload_form()
        self.arrivals = self._arrivals()
        self.branches = {converter.name: self._branch(converter) for converter in args.converters}
        self.cdn = self._cdn()
        self.url, self.upload_function = self.cdn.url, self.form.function.name
        self.rendition_urls = {converter.name: self._url_of(converter) for converter in args.converters}
        self.dashboard = self._watch()
        self.publish(
            url=self.url,
            rendition_urls=self.rendition_urls,
            upload_function=self.upload_function,
            uploads_bucket=self.uploads.bucket.bucket,
            renditions_bucket=self.renditions.bucket.bucket,
        )

    def _upload_form(self) -> Function:
        """Signs forms; holds no more than what a form allows."""
        return Function(
            self,
            "form",
            handler="handlers.uploads.form",
            permissions=self.uploads.write(defaults.UPLOADS_PREFIX),
            environment={
                "UPLOADS_BUCKET": self.uploads.physical_name,
                "UPLOADS_PREFIX": defaults.UPLOADS_PREFIX,
                "MAX_BYTES": str(self._max_bytes),
                "SUFFIXES": ",".join(self.args.accept),
                "EXPIRES_S": str(self.args.form_expires_s),
            },
            memory_mb=defaults.FORM_MEMORY_MB,
            timeout_s=defaults.FORM_TIMEOUT_S,
        )

    def _arrivals(self) -> Topic:
        """Announces each upload to all branches."""
        self.uploads.policy()
        self.uploads.take_posts_from(self.args.upload_origins)
        topic = Topic(self, "arrivals")
        policy = topic.policy(topic.published_by_bucket(self.uploads.arn))
        self.uploads.notify(topic, prefix=defaults.UPLOADS_PREFIX, after=policy)
        return topic

    def _branch(self, converter: Converter) -> Function:
        """One converter: its queue, its function, and nothing shared with the others."""
        queue = Queue(
            self,
            converter.name,
            visibility_s=VISIBILITY_FACTOR * converter.timeout_s,
            attempts=defaults.ATTEMPTS,
            topic_arn=self.arrivals.arn,
        )
        policy = queue.policy(queue.filled_by_topic(self.arrivals.arn))
        self.arrivals.feed(queue, only=_uploads_with(converter.suffixes), after=policy, name=converter.name)
        function = Function(
            self,
            converter.name,
            handler=converter.handler,
            permissions=(
                queue.consume(),
                queue.dead_letters.send(),
                *self.uploads.read(defaults.UPLOADS_PREFIX),
                *self.renditions.replace(converter.prefix),
            ),
            environment={
                "SOURCE_PREFIX": defaults.UPLOADS_PREFIX,
                "TARGET_BUCKET": self.renditions.physical_name,
                "TARGET_PREFIX": converter.prefix,
                "DEAD_LETTERS_URL": queue.dead_letters.queue.url,
                "MAX_BYTES": str(self._max_bytes),
                "MAX_PIXELS": str(self.args.max_megapixels * 1_000_000),
                **converter.environment(),
            },
            memory_mb=converter.memory_mb,
            timeout_s=converter.timeout_s,
            disk_mb=self._disk_mb,
        )
        function.poll(queue, batch=defaults.BATCH, max_concurrency=converter.max_concurrency)
        return function

    def _cdn(self) -> Distribution:
        """Serves the renditions; the bucket opens to it alone."""
        cdn = Distribution(self, "cdn", bucket=self.renditions, headers=READABLE_BY_EVERY_PAGE)
        self.renditions.policy(cdn.reads(self.renditions), awaited=self.ledger.awaited)
        return cdn

    def _watch(self) -> Dashboard:
        """Warns of what fails for good, or for everybody; a file that can't be converted is a dead letter."""
        for function in (self.form, *self.branches.values()):
            function.warn_of_errors()
        self.arrivals.warn_of_losses()
        self.cdn.warn_of_errors()
        return Dashboard(self)

    @property
    def described_renditions(self) -> dict[str, dict[str, Any]]:
        """What a page needs: converter → `url` with `{upload}` in it, and the `suffixes` that it takes."""
        return {
            converter.name: {"url": self.rendition_urls[converter.name], "suffixes": list(converter.suffixes)}
            for converter in self.args.converters
        }

    def _url_of(self, converter: Converter) -> pulumi.Output[str]:
        path = f"{converter.prefix}{{upload}}.{converter.extension}"
        return self.url.apply(lambda url: f"{url}/{path}")

    @property
    def _disk_mb(self) -> int:
        """Room for the largest upload and its rendition; a function works on one at a time."""
        return min(max(SMALLEST_DISK_MB, 2 * self.args.max_upload_mb), LARGEST_DISK_MB)

    @property
    def _max_bytes(self) -> int:
        return self.args.max_upload_mb * 1024 * 1024


def _uploads_with(suffixes: tuple[str, ...]) -> dict[str, object]:
    """A filter over S3's event: a PNG never wakes a branch that takes none.

    https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
    """
    if not suffixes:
        return {"Records": {"s3": {"object": {"key": [{"prefix": defaults.UPLOADS_PREFIX}]}}}}
    return {"Records": {"s3": {"object": {"key": [{"suffix": suffix} for suffix in suffixes]}}}}
