"""What is measured in one round, one after the other: our deliveries, theirs, the limits, and our latency."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.celery_stack import CeleryStack, celery_stack
from bench.endpoints import Endpoints, Received
from bench.limits import Disk, Withheld, disk, quantile, sink_rate
from bench.processes import Program
from bench.service import Log, Service, service
from bench.unary import Calls
from bench.writing import Wrote

PER_SECOND = 100

_WARM_UP = 200
_RAW_REQUESTS = 20_000
_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of each is done in a round."""

    ours: int
    theirs: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Deliveries of one side, from the first call of who writes to the first byte of the last POST."""

    count: int
    per_second: float
    cpu_seconds: Mapping[str, float]
    """Of each part."""
    memory_mb: Mapping[str, float]
    """Of each part, at the end."""
    connections: int
    """Those that were used, new or not."""
    withheld_percent: float
    """How much of the processors the host kept for others meanwhile."""

    @property
    def cpu_per_1000(self) -> float:
        """Processor seconds of all parts per 1,000 deliveries."""
        return sum(self.cpu_seconds.values()) / self.count * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From an event's commit_time, taken before its transaction is written and synced, to its POST's first byte."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    call_p50_ms: float
    """How long the call that made the record took."""
    disk: Disk
    """The disk before and after, in the same minute."""
    withheld_percent: float
    """How much of the processors the host kept for others meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """All that was measured in one round."""

    ours: Deliveries
    theirs: Deliveries
    latency: Latency
    calls: Mapping[str, Calls]
    """Single calls by transport and name."""
    sink_per_second: float


def measure_round(folder: Path, endpoints: Endpoints, *, size: Size, redis_server: Path) -> Round:
    """One round, in a new folder: RuntimeError if anything did not arrive, was not signed or was not logged."""
    with service(folder, endpoints.urls) as clockwire:
        _write(clockwire, endpoints, _WARM_UP)
        latency = _latency(clockwire, endpoints, folder, size.seconds)
        ours, body = _our_deliveries(clockwire, endpoints, size.ours)
        calls = clockwire.calls()
    with celery_stack(folder, endpoints.urls, redis_server) as stack:
        theirs = _their_deliveries(stack, endpoints, size.theirs, json.loads(body))
    return Round(
        ours=ours,
        theirs=theirs,
        latency=latency,
        calls=calls,
        sink_per_second=sink_rate(endpoints, body, _RAW_REQUESTS),
    )


def _our_deliveries(clockwire: Service, endpoints: Endpoints, count: int) -> tuple[Deliveries, str]:
    before = clockwire.log_of_deliveries().succeeded
    deliveries, body = _write(clockwire, endpoints, count)
    log, wanted = clockwire.log_of_deliveries(), count + before
    if log != Log(succeeded=wanted, attempts=wanted, others=0):
        raise RuntimeError(f"{wanted} deliveries with an attempt each should be in the log, not {log}")
    return deliveries, body


def _write(clockwire: Service, endpoints: Endpoints, count: int) -> tuple[Deliveries, str]:
    endpoints.expect(count)
    with clockwire.writing(count) as writing:
        meter = _Meter({"server": clockwire.program, "client": writing})
        writing.begin()
        received = endpoints.wait(_PATIENCE_SECONDS)
        wrote = Wrote(**json.loads(writing.line(_PATIENCE_SECONDS)))
        return meter.deliveries(count, wrote.start_time, received), received.body


def _their_deliveries(stack: CeleryStack, endpoints: Endpoints, count: int, event: object) -> Deliveries:
    _enqueue(stack, endpoints, _WARM_UP, event)
    return _enqueue(stack, endpoints, count, event)


def _enqueue(stack: CeleryStack, endpoints: Endpoints, count: int, event: object) -> Deliveries:
    endpoints.expect(count)
    with stack.producer(count, event) as producer:
        meter = _Meter({"workers": stack.worker, "producer": producer, "Redis": stack.redis})
        producer.begin()
        received = endpoints.wait(_PATIENCE_SECONDS)
        return meter.deliveries(count, float(producer.line(_PATIENCE_SECONDS)), received)


def _latency(clockwire: Service, endpoints: Endpoints, folder: Path, seconds: int) -> Latency:
    count, cursor = seconds * PER_SECOND, clockwire.cursor()
    before = disk(folder)
    endpoints.expect(count)
    with clockwire.writing(count, per_second=PER_SECOND) as writing:
        withheld = Withheld()
        writing.begin()
        wrote = Wrote(**json.loads(writing.line(seconds + _PATIENCE_SECONDS)))
    received = endpoints.wait(_PATIENCE_SECONDS)
    withheld_percent = withheld.percent
    after = disk(folder)
    commits = {event.id: event.commit_time.ToNanoseconds() for event in clockwire.events_after(cursor)}
    times = [(arrival - commits[id_]) / 1e6 for id_, arrival in received.arrivals.items()]
    return Latency(
        p50_ms=quantile(times, 0.5),
        p90_ms=quantile(times, 0.9),
        p99_ms=quantile(times, 0.99),
        call_p50_ms=quantile(wrote.call_seconds, 0.5) * 1000,
        disk=max(before, after, key=lambda each: each.p99_ms),
        withheld_percent=withheld_percent,
    )


class _Meter:
    """What programs use from now on."""

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = programs
        self._before = {name: program.cpu_seconds for name, program in programs.items()}
        self._withheld = Withheld()

    def deliveries(self, count: int, start_time: float, received: Received) -> Deliveries:
        """What it took to deliver so many, as the sink saw them come."""
        if received.verified != received.samples or received.requests != count:
            sentence = f"{count} requests should have come, all signed"
            raise RuntimeError(
                f"{sentence}; {received.requests} came, {received.verified} of {received.samples} signed"
            )
        return Deliveries(
            count=count,
            per_second=count / (received.end_time - start_time),
            cpu_seconds={name: each.cpu_seconds - self._before[name] for name, each in self._programs.items()},
            memory_mb={name: each.memory_mb for name, each in self._programs.items()},
            connections=received.connections,
            withheld_percent=self._withheld.percent,
        )
