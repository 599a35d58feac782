"""What an ApiGatewayPattern costs in a month, without what its routes lead to."""

from __future__ import annotations

from dataclasses import dataclass

from ..core import prices
from ..core.cost import Bill, gb
from ..core.rest_api.auth import Scopes
from .args import ApiGatewayPatternArgs

_METRICS = 5
"""That a method sends: Count, 4XXError, 5XXError, Latency, IntegrationLatency.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""


@dataclass(frozen=True, kw_only=True)
class ApiUsage:
    """What happens in a month."""

    requests: float
    """Calls of the API."""

    answer_kb: float
    """Size of an answer."""

    pages: float = 0
    """Files of the front that viewers get."""

    page_kb: float = 0
    """Size of such a file."""

    missed: float = 0.1
    """Share of the files that CloudFront has to ask the bucket for."""

    tokens: float = 0
    """Tokens that programs get from the pool: one a client and hour is enough."""

    log_kb: float = 0.5
    """An access log's line."""

    log_months: float = 1.0
    """How long logs are kept."""

    traced: float = 0.05
    """Share of the calls that X-Ray records: all when there is less than one a second, else one in twenty."""


def monthly(args: ApiGatewayPatternArgs, usage: ApiUsage) -> Bill:
    """The bill of a month with this usage."""
    bill = Bill()
    routes = args.all_routes()
    bill.add(prices.API_REQUEST, "calls", usage.requests)
    answers = gb(kb=usage.requests * usage.answer_kb)
    if args.front:
        served = usage.requests + usage.pages
        bill.add(prices.CDN_REQUEST, "calls and pages", served)
        bill.add(prices.CDN_FUNCTION, "calls and pages", served)
        bill.add(prices.CDN_OUT_GB, "calls and pages", answers + gb(kb=usage.pages * usage.page_kb))
        bill.add(prices.S3_READ, "pages", usage.missed * usage.pages)
    else:
        bill.add(prices.OUT_GB, "answers", answers)
    if any(isinstance(route.auth, Scopes) for route in routes):
        bill.add(prices.M2M_CLIENT, "users", 1, idle=True)
        bill.add(prices.M2M_TOKEN, "tokens", usage.tokens)
    # Sent, and paid, only while a route is called.
    bill.add(prices.METRIC, "metrics of routes, and of throttling", _METRICS * len(routes) + 1 if usage.requests else 0)
    bill.watching(
        alarms=alarms(args),
        log_gb=gb(kb=usage.requests * usage.log_kb),
        log_months=usage.log_months,
        traces=usage.requests * usage.traced,
    )
    return bill


def alarms(args: ApiGatewayPatternArgs) -> int:
    """Errors, latency and throttling of the API; errors of the front."""
    return 4 if args.front else 3
