"""What the machine allows: how fast the sink answers, how fast the disk syncs, how much of the CPUs is there."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

from bench.endpoints import Endpoints
from bench.sink import ADDRESSES

_BLOCK = b"\0" * 4096
_TICKS = os.sysconf("SC_CLK_TCK")
_STOLEN = 8  # of the numbers in the first line of /proc/stat, see proc(5)


@dataclass(frozen=True, slots=True)
class Disk:
    """How long it takes to write 4 KiB in place and sync them."""

    p50_ms: float
    p99_ms: float
    per_second: float


def sink_rate(endpoints: Endpoints, body: str, count: int) -> float:
    """Requests per second of one connection to each endpoint, the next request as soon as the last is answered."""
    endpoints.expect(count)
    started = time.perf_counter()
    uvloop.run(_send(endpoints.port, body.encode(), count))
    return count / (time.perf_counter() - started)


def disk(folder: Path, count: int = 300) -> Disk:
    """The disk under *folder*, right now."""
    file = folder / "fdatasync"
    file.write_bytes(_BLOCK * 64)
    descriptor = os.open(file, os.O_WRONLY)
    times = []
    try:
        os.fsync(descriptor)
        for number in range(count):
            started = time.perf_counter()
            os.pwrite(descriptor, _BLOCK, number % 64 * len(_BLOCK))
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
    return Disk(quantile(times, 0.5) * 1000, quantile(times, 0.99) * 1000, count / sum(times))


class Withheld:
    """How much processor time the host keeps from this machine, from now on ("steal" in proc(5))."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._before = _stolen_seconds()

    @property
    def percent(self) -> float:
        """Of all processors of this machine; 0 if it is no guest of a host."""
        elapsed = (time.perf_counter() - self._began) * (os.cpu_count() or 1)
        return (_stolen_seconds() - self._before) / elapsed * 100


def _stolen_seconds() -> float:
    return int(Path("/proc/stat").read_text().split()[_STOLEN]) / _TICKS


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so great a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Sender(asyncio.Protocol):
    def __init__(self, request: bytes, count: int, ended: asyncio.Future[None]) -> None:
        self._request = request
        self._left = count
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - the answer is always the same, and comes at once
        self._left -= 1
        if self._left > 0:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc:
            self._ended.set_exception(exc)
        else:
            self._ended.set_result(None)


async def _send(port: int, body: bytes, count: int) -> None:
    head = "POST /hook HTTP/1.1\r\nHost: sink\r\nwebhook-id: raw\r\nContent-Type: application/json; charset=utf-8"
    request = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    loop = asyncio.get_running_loop()
    ended = [loop.create_future() for _ in ADDRESSES]
    for address, future in zip(ADDRESSES, ended, strict=True):
        each = count // len(ADDRESSES)
        await loop.create_connection(lambda f=future, n=each: _Sender(request, n, f), address, port)  # type: ignore[misc]
    await asyncio.gather(*ended)
