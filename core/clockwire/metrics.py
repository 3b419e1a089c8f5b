"""What is counted, for Prometheus: each number is noted where it arises, by a function that is handed down there.

`METRICS` is the only list; the reference in docs/ is made from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics import disable_created_metrics

from clockwire import __version__
from clockwire.model.instants import SECOND
from clockwire.model.outcome import OutcomeKind
from clockwire.operations.dispatch import Settled
from clockwire.operations.publishing import Sealed

# A second series for each, which says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric, as Prometheus shows it."""

    name: str
    kind: type[Counter | Gauge | Histogram]
    meaning: str
    labels: Sequence[str] = ()
    buckets: Sequence[float] = ()

    def made(self, registry: CollectorRegistry) -> Any:  # noqa: ANN401 - one of three kinds, with methods of their own
        """The metric, which begins at 0."""
        terms: dict[str, Any] = {"buckets": self.buckets} if self.buckets else {}
        return self.kind(self.name, self.meaning, self.labels, registry=registry, **terms)


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="clockwire_build_info",
            kind=Gauge,
            labels=["version"],
            meaning="Always 1; the label says which version runs.",
        ),
        Metric(
            name="clockwire_calls_total",
            kind=Counter,
            labels=["method", "code"],
            meaning="Calls that have ended, over gRPC and HTTP alike; code as gRPC names it, OK for success.",
        ),
        Metric(
            name="clockwire_call_duration_seconds",
            kind=Histogram,
            labels=["method"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            meaning="How long calls took; for a stream, how long it was open.",
        ),
        Metric(
            name="clockwire_events_written_total",
            kind=Counter,
            meaning="Events that this process committed to the log.",
        ),
        Metric(
            name="clockwire_write_group_operations",
            kind=Histogram,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
            meaning="How many operations were committed together, in one database transaction.",
        ),
        Metric(
            name="clockwire_rehearsals_total",
            kind=Counter,
            labels=["result"],
            meaning="Batches of records that were rehearsed by another process while they waited to be written: "
            "`performed` as rehearsed, or `outdated`, because others had changed what they depend on.",
        ),
        Metric(
            name="clockwire_delivery_attempts_total",
            kind=Counter,
            labels=["outcome"],
            meaning="Attempts of this process to send a webhook.",
        ),
        Metric(
            name="clockwire_delivery_attempt_duration_seconds",
            kind=Histogram,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            meaning="How long attempts took, whatever came of them.",
        ),
        Metric(
            name="clockwire_deliveries_ended_total",
            kind=Counter,
            labels=["result"],
            meaning="Deliveries that ended with an attempt of this process: it succeeded, or was the last and failed.",
        ),
        Metric(
            name="clockwire_deliveries_owed",
            kind=Gauge,
            meaning="Deliveries in the whole database that wait for an attempt or are under way; at most 100,000 are "
            "counted, and those of paused subscriptions are not.",
        ),
        Metric(
            name="clockwire_delivery_lateness_seconds",
            kind=Gauge,
            meaning="For how long the most overdue delivery in the whole database has been due; 0 if none is.",
        ),
        Metric(name="clockwire_streams_open", kind=Gauge, meaning="Event streams that are open."),
        Metric(name="clockwire_http_connections_open", kind=Gauge, meaning="HTTP connections that are open."),
    )
}


class Metrics:
    """The numbers of one process. Any thread may note something."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._made = {name: metric.made(self._registry) for name, metric in METRICS.items()}
        self._made["clockwire_build_info"].labels(__version__).set(1)
        self._groups = self._made["clockwire_write_group_operations"]
        self._events = self._made["clockwire_events_written_total"]
        self._attempt_seconds = self._made["clockwire_delivery_attempt_duration_seconds"]
        # Looking a metric up by its labels costs more than counting.
        self._labelled = cache(lambda name, *labels: self._made[name].labels(*labels))
        for kind in OutcomeKind:
            self._labelled("clockwire_delivery_attempts_total", kind.name.lower())
        for result in ("performed", "outdated"):
            self._labelled("clockwire_rehearsals_total", result)
        for result in ("succeeded", "failed"):
            self._labelled("clockwire_deliveries_ended_total", result)

    def call_ended(self, method: str, code: str, seconds: float) -> None:
        """A call has been answered."""
        self._labelled("clockwire_calls_total", method, code).inc()
        self._labelled("clockwire_call_duration_seconds", method).observe(seconds)

    def group_written(self, sealed: Sealed) -> None:
        """A group has been committed."""
        self._groups.observe(sealed.operation_count)
        self._events.inc(sum(map(len, sealed.entries.values())))

    def rehearsal_ended(self, performed: bool) -> None:  # noqa: FBT001 - called by who knows no more
        """An operation that was rehearsed has had its turn."""
        self._labelled("clockwire_rehearsals_total", "performed" if performed else "outdated").inc()

    def attempts_settled(self, settled: Sequence[Settled]) -> None:
        """Attempts have been written down."""
        for outcome, duration, last in settled:
            self._labelled("clockwire_delivery_attempts_total", outcome.name.lower()).inc()
            self._attempt_seconds.observe(duration / SECOND)
            if last:
                result = "succeeded" if outcome is OutcomeKind.SUCCEEDED else "failed"
                self._labelled("clockwire_deliveries_ended_total", result).inc()

    def watch(self, name: str, now: Callable[[], float]) -> None:
        """The gauge shows what *now* gives whenever somebody looks."""
        self._made[name].set_function(now)

    def show(self, name: str, value: float) -> None:
        """The gauge stands there."""
        self._made[name].set(value)

    def exposed(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
