"""What API Gateway says about one stage of a REST API, and what it warns of."""

from __future__ import annotations

from ..alarm import Alarm
from ..log_group import LogGroup
from ..metric import Metric
from . import defaults
from .scope import Scope

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
_LONGEST_MS = 29_000
"""How long API Gateway waits for a target."""


class ApiMetrics:
    """Metrics of a stage of the API of `scope`; API Gateway sends none when nothing is called.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """

    def __init__(self, scope: Scope, *, stage: str, logs: LogGroup) -> None:
        self._scope, self._stage = scope, stage
        # API Gateway counts 429 among all 4xx; its access log tells them apart.
        self._throttled = logs.count(scope.part("throttled"), pattern="{ $.status = 429 }")
        for what, metrics in {
            "requests": [self.requests(), self.throttled()],
            "share of errors": [self.server_errors(), self.client_errors()],
            "latency": [self.latency(), self.backend_latency()],
        }.items():
            scope.owner.watch.show(f"{scope.part('API')}, {what}", *metrics)

    def requests(self) -> Metric:
        """All requests."""
        return self._metric("Count", "SampleCount", "Count")

    def server_errors(self) -> Metric:
        """Share of requests (0-1) that ended with 5xx."""
        return self._metric("5XXError", "Average", "None")

    def client_errors(self) -> Metric:
        """Share of requests (0-1) that ended with 4xx, throttled ones among them."""
        return self._metric("4XXError", "Average", "None")

    def throttled(self) -> Metric:
        """Requests that were turned away with 429."""
        return self._throttled

    def latency(self) -> Metric:
        """From request to answer, in milliseconds: all but one in a hundred took less."""
        return self._metric("Latency", "p99", "Milliseconds")

    def backend_latency(self) -> Metric:
        """The targets' part of it."""
        return self._metric("IntegrationLatency", "p99", "Milliseconds")

    def warn_of_errors(self) -> tuple[Alarm, ...]:
        """Alarms on errors of ours, on answers that nearly came too late, and on callers who are turned away."""
        errors = Alarm(
            self._scope.owner,
            self._scope.part("server-errors"),
            self.server_errors(),
            threshold=0.05,
            periods=5,
            datapoints=3,
            means="More than a twentieth of the API's requests end with 5xx.",
            runbook="api-errors",
        )
        latency = Alarm(
            self._scope.owner,
            self._scope.part("latency"),
            self.latency(),
            threshold=0.8 * _LONGEST_MS,
            periods=5,
            datapoints=3,
            means=f"Answers of the API take nearly as long as API Gateway waits, {_LONGEST_MS // 1000} s.",
            runbook="api-latency",
        )
        throttled = Alarm(
            self._scope.owner,
            self._scope.part("throttled"),
            self.throttled(),
            threshold=defaults.THROTTLED_ALARM,
            periods=5,
            datapoints=3,
            means="Callers are turned away with 429, minute after minute.",
            runbook="api-throttled",
        )
        return errors, latency, throttled

    def _metric(self, name: str, statistic: str, unit: str) -> Metric:
        return Metric(
            namespace="AWS/ApiGateway",
            name=name,
            dimensions={"ApiName": self._scope.physical_name, "Stage": self._stage},
            statistic=statistic,
            unit=unit,
        )
