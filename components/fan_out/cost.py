"""What a FanOutConverter costs in a month."""

from __future__ import annotations

from dataclasses import dataclass

from ..core import prices
from ..core.cost import Bill, gb
from ..core.function import LARGEST_DISK_MB, SMALLEST_DISK_MB
from . import defaults
from .args import FanOutConverterArgs

_EVENT_KB = 1.0
"""S3's event about one object is a little smaller than this."""


@dataclass(frozen=True, kw_only=True)
class FanOutUsage:
    """What happens in a month."""

    uploads: float
    """Files that come in; each is converted by every converter."""

    upload_mb: float
    """Size of an upload."""

    rendition_mb: float
    """Size of a rendition."""

    conversion_s: float
    """How long a conversion takes, on average over the converters."""

    views: float
    """Renditions that viewers get."""

    kept_months: float = 1.0
    """How long uploads and renditions are kept."""

    form_s: float = 0.1
    """How long it takes to sign a form."""

    missed: float = 0.1
    """Share of the views that CloudFront has to ask the bucket for."""

    log_kb: float = 2.0
    """Log lines of a call."""

    log_months: float = 1.0
    """How long logs are kept."""

    traced: float = 0.05
    """Share of the calls that X-Ray records: all when there is less than one a second, else one in twenty."""


def monthly(args: FanOutConverterArgs, usage: FanOutUsage) -> Bill:
    """The bill of a month with this usage."""
    bill = Bill()
    conversions = usage.uploads * len(args.converters)
    kept_mb = (usage.uploads * usage.upload_mb + conversions * usage.rendition_mb) * usage.kept_months
    bill.add(prices.S3_WRITE, "uploads and renditions", usage.uploads + conversions)
    # A converter looks at what is there, then reads the upload.
    bill.add(prices.S3_READ, "conversions and views", 2 * conversions + usage.missed * usage.views)
    bill.add(prices.S3_GB_MONTH, "uploads and renditions", gb(mb=kept_mb), idle=True)
    bill.add(prices.PUBLISH, "arrivals", usage.uploads)
    bill.add(prices.FILTERED_GB, "arrivals", gb(kb=conversions * _EVENT_KB))
    # Sent, received, deleted.
    bill.add(prices.QUEUE_REQUEST, "messages", 3 * conversions)
    bill.polling("empty queues, asked", queues=len(args.converters))
    bill.function("forms", calls=usage.uploads, seconds=usage.form_s, memory_mb=defaults.FORM_MEMORY_MB)
    disk_mb = min(max(SMALLEST_DISK_MB, 2 * args.max_upload_mb), LARGEST_DISK_MB)
    for converter in args.converters:
        bill.function(
            converter.name,
            calls=usage.uploads,
            seconds=usage.conversion_s,
            memory_mb=converter.memory_mb,
            disk_mb=disk_mb,
        )
    bill.add(prices.CDN_REQUEST, "views", usage.views)
    bill.add(prices.CDN_OUT_GB, "views", gb(mb=usage.views * usage.rendition_mb))
    calls = usage.uploads + conversions
    bill.watching(
        alarms=alarms(args),
        log_gb=gb(kb=calls * usage.log_kb),
        log_months=usage.log_months,
        traces=calls * usage.traced,
    )
    return bill


def alarms(args: FanOutConverterArgs) -> int:
    """A dead-letter queue and a function each converter; the form, the topic and the distribution."""
    return 2 * len(args.converters) + 3
