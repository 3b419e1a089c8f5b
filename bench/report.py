"""What was found: a table for people, JSON for programs, and which floors were missed."""

import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.rounds import PER_SECOND, Deliveries, Round

LEAST_RATIO = 10
LARGEST_P50_MS = 3
LEAST_SINK_RATIO = 3

_VERSIONS = ("clockwire", "grpcio", "pycurl", "sqlalchemy", "celery", "redis", "requests", "uvloop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run: what was asked for, where, when, with what, and what every round gave."""

    command: str
    rounds: Sequence[Round]
    time: str
    machine: str
    versions: Mapping[str, str]
    load: float
    """How many processes wanted a CPU at the end, on average over a minute: ours and those of others."""


def report_of(command: str, rounds: Sequence[Round]) -> Report:
    """The report of a run that has just ended here."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    return Report(
        command=command,
        rounds=rounds,
        time=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Linux {platform.release()}",
        versions=versions | {name: importlib.metadata.version(name) for name in _VERSIONS},
        load=os.getloadavg()[0],
    )


def print_report(report: Report) -> None:
    """The medians of the rounds, with the smallest and the largest beside them."""
    rounds = report.rounds
    print(f"\n{report.time} · {report.machine} · load {report.load:.1f} · {len(rounds)} rounds")
    print(", ".join(f"{name} {version}" for name, version in report.versions.items()))
    print(f"\n{'':<46}{'Clockwire':>24}{'Celery + Redis':>24}{'ratio':>8}")
    for name, value in _COMPARED.items():
        print(_row(name, rounds, value))
    withheld = [_spread([side.withheld_percent for side in sides]) for sides in _sides(rounds)]
    print(f"{'CPU that the host withheld, %':<46}{withheld[0]:>24}{withheld[1]:>24}")
    print(f"\nCPU of the parts, s per 1,000: {_parts(rounds)}")
    print(f"\nCommit to POST at {PER_SECOND} events/s")
    for name, of in _ALONE.items():
        print(f"{name:<46}{_spread([of(each) for each in rounds]):>24}")
    _print_calls(rounds)


def _print_calls(rounds: Sequence[Round]) -> None:
    print(f"\n{'Single calls, 32 at a time':<46}{'per second':>24}{'CPU of the server, µs':>24}")
    for name in rounds[0].calls:
        made = [each.calls[name] for each in rounds]
        per_second, cpu = (
            _spread([each.per_second for each in made]),
            _spread([each.server_microseconds for each in made]),
        )
        print(f"  {name:<44}{per_second:>24}{cpu:>24}")


def write_json(report: Report, file: Path) -> None:
    """All of it, for programs."""
    file.write_text(json.dumps(asdict(report), indent=2) + "\n")


def missed_floors(report: Report) -> list[str]:
    """What is not as good as it must be; ratios within a round decide."""
    ratio = statistics.median(each.ours.per_second / each.theirs.per_second for each in report.rounds)
    p50 = statistics.median(each.latency.p50_ms for each in report.rounds)
    sink = statistics.median(each.sink_per_second / each.ours.per_second for each in report.rounds)
    floors = {
        f"{LEAST_RATIO} times the deliveries of Celery: they are {ratio:.1f} times": ratio >= LEAST_RATIO,
        f"commit to POST in less than {LARGEST_P50_MS} ms (p50): it is {p50:.2f} ms": p50 < LARGEST_P50_MS,
        f"a sink {LEAST_SINK_RATIO} times as fast as what it measures: it is {sink:.1f} times": sink
        >= LEAST_SINK_RATIO,
    }
    return [sentence for sentence, holds in floors.items() if not holds]


_COMPARED: Mapping[str, Callable[[Deliveries], float]] = {
    "deliveries per second": lambda side: side.per_second,
    "CPU seconds per 1,000 deliveries": lambda side: side.cpu_per_1000,
    "memory of all processes, MB": lambda side: sum(side.memory_mb.values()),
    "deliveries per connection": lambda side: side.count / side.connections,
}

_ALONE: Mapping[str, Callable[[Round], float]] = {
    "  p50, ms": lambda each: each.latency.p50_ms,
    "  p90, ms": lambda each: each.latency.p90_ms,
    "  p99, ms": lambda each: each.latency.p99_ms,
    "  the call itself, p50, ms": lambda each: each.latency.call_p50_ms,
    "  CPU that the host withheld, %": lambda each: each.latency.withheld_percent,
    "  fdatasync in the same minute, p50, ms": lambda each: each.latency.disk.p50_ms,
    "  fdatasync in the same minute, p99, ms": lambda each: each.latency.disk.p99_ms,
    "Limits: what the sink answers per second": lambda each: each.sink_per_second,
    "Limits: fdatasync per second": lambda each: each.latency.disk.per_second,
}


def _row(name: str, rounds: Sequence[Round], value: Callable[[Deliveries], float]) -> str:
    ours = [value(each.ours) for each in rounds]
    theirs = [value(each.theirs) for each in rounds]
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    return f"{name:<46}{_spread(ours):>24}{_spread(theirs):>24}{ratio:>8.3g}"


def _spread(values: Sequence[float]) -> str:
    return f"{_number(statistics.median(values))} ({_number(min(values))}-{_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _sides(rounds: Sequence[Round]) -> tuple[Sequence[Deliveries], Sequence[Deliveries]]:
    return [each.ours for each in rounds], [each.theirs for each in rounds]


def _parts(rounds: Sequence[Round]) -> str:
    return ", ".join(each for sides in _sides(rounds) for each in _cpu(sides))


def _cpu(sides: Sequence[Deliveries]) -> Iterator[str]:
    for part in sides[0].cpu_seconds:
        median = statistics.median(side.cpu_seconds[part] / side.count * 1000 for side in sides)
        yield f"{part} {median:.3f}"
