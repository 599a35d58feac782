"""What a month costs: lines of a bill from prices and quantities. No Pulumi, no AWS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import prices
from .prices import Price, Region

HOURS = 730
"""Of a month."""

SECONDS = HOURS * 3600

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: a mapping begins with five long polls at once,
# of 20 s at most, and each is a request.
_POLLS = 5
_POLL_S = 20

_MB, _KB = 1024, 1024**2
"""Of a GB."""

_WHOLE = 100
"""From here on parts of a unit aren't shown."""


@dataclass(frozen=True)
class Line:
    """One line: how much of what."""

    price: Price
    what: str
    quantity: float
    idle: bool = False
    """Whether it is paid when nothing happens."""

    def usd(self, region: Region) -> float:
        """USD a month."""
        return self.quantity * self.price.of(region)


@dataclass
class Bill:
    """What one pattern costs in a month, line by line. Free tiers are left out."""

    lines: list[Line] = field(default_factory=list)

    def add(self, price: Price, what: str, quantity: float, *, idle: bool = False) -> None:
        """Add a line, unless there is nothing to pay."""
        if quantity:
            self.lines.append(Line(price, what, quantity, idle))

    def total(self, region: Region) -> float:
        """USD a month."""
        return sum(line.usd(region) for line in self.lines)

    def idle(self, region: Region) -> float:
        """USD a month when nothing happens; what is kept is kept."""
        return sum(line.usd(region) for line in self.lines if line.idle)

    def function(self, what: str, *, calls: float, seconds: float, memory_mb: int, disk_mb: int = 512) -> None:
        """Calls of a function of `seconds` each."""
        self.add(prices.CALL, what, calls)
        self.add(prices.GB_SECOND, what, calls * seconds * memory_mb / _MB)
        self.add(prices.DISK_GB_SECOND, what, calls * seconds * (disk_mb - 512) / _MB)

    def polling(self, what: str, *, queues: int, fifo: bool = False) -> None:
        """Requests by which Lambda asks queues that are empty."""
        price = prices.FIFO_REQUEST if fifo else prices.QUEUE_REQUEST
        self.add(price, what, queues * _POLLS * SECONDS / _POLL_S, idle=True)

    def watching(self, *, alarms: int, log_gb: float, traces: float, log_months: float) -> None:
        """Alarms, one dashboard, logs that are kept for `log_months`, and traces."""
        self.add(prices.ALARM, "alarms", alarms, idle=True)
        self.add(prices.DASHBOARD, "dashboard", 1, idle=True)
        self.add(prices.LOG_GB, "logs", log_gb)
        self.add(prices.LOG_GB_MONTH, "logs", log_gb * log_months, idle=True)
        self.add(prices.TRACE, "traces", traces)


def gb(*, mb: float = 0, kb: float = 0) -> float:
    """As GB, of which AWS has 1,024 MB each."""
    return mb / _MB + kb / _KB


def table(bill: Bill) -> str:
    """The bill in Markdown, for each region."""
    head = " | ".join(f"{region}, USD" for region in prices.REGIONS)
    lines = [
        f"| service | what | units a month | {head} | idle |",
        "|---|---|--:|" + "--:|" * len(prices.REGIONS) + "---|",
    ]
    for line in sorted(bill.lines, key=lambda one: one.price.service):
        costs = " | ".join(_cost(line, region) for region in prices.REGIONS)
        service = f"[{line.price.service}]({line.price.page})"
        what = f"{line.what}: {line.price.unit}"
        lines.append(f"| {service} | {what} | {_amount(line.quantity)} | {costs} | {'yes' if line.idle else ''} |")
    for title, sums in (("**all**", bill.total), ("**when idle**", bill.idle)):
        lines.append(f"| {title} | | | {' | '.join(f'**{sums(region):,.2f}**' for region in prices.REGIONS)} | |")
    return "\n".join([*lines, "", *_notes(bill.lines)]) + "\n"


def _amount(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= _WHOLE else f"{quantity:,.3g}"


def _cost(line: Line, region: Region) -> str:
    return f"{line.usd(region):,.2f}{'' if line.price.is_known(region) else ' *'}"


def _notes(lines: Iterable[Line]) -> list[str]:
    notes = [
        f"Prices as AWS published them by {prices.AS_OF}, on the pages that the services lead to, without free tiers "
        "and discounts: check them before you rely on a sum. CloudFront's are for viewers in the USA and Japan."
    ]
    if not all(line.price.is_known(region) for line in lines for region in prices.REGIONS):
        notes.append("\\* The region's own price was not known; us-east-1's is taken.")
    return notes
