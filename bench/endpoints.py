"""What the benchmark asks of the sink: where it listens, that all came, and what came."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import Program
from bench.sink import ADDRESSES

SECRET = "a secret that both sides sign with"  # noqa: S105 - it guards nothing


@dataclass(frozen=True, slots=True)
class Received:
    """What came, as the sink saw it."""

    arrivals: dict[str, int]
    """First byte of each webhook-id, in nanoseconds since the epoch."""
    requests: int
    connections: int
    addresses: int
    samples: int
    verified: int
    """How many of the samples bore the right signature."""
    body: str
    """One of the bodies."""

    @property
    def end_time(self) -> float:
        """When the last one came, in seconds since the epoch."""
        return max(self.arrivals.values()) / 1e9


@contextmanager
def listening(folder: Path) -> Iterator["Endpoints"]:
    """The sink, running."""
    command = [sys.executable, "-m", "bench.sink"]
    with Program(command, log=folder / "sink.log", stdout=subprocess.PIPE) as program:
        told = json.loads(program.line())
        with socket.create_connection(("127.0.0.1", told["control"])) as control:
            yield Endpoints(program, told["port"], control)


class Endpoints:
    """Fifty endpoints, and what came there."""

    def __init__(self, program: Program, port: int, control: socket.socket) -> None:
        self.program = program
        self.port = port
        self.urls = [f"http://{address}:{port}/hook" for address in ADDRESSES]
        self._control = control
        self._answers = control.makefile("rb")

    def expect(self, count: int) -> None:
        """Forget what came, and count anew to so many."""
        self._ask(do="expect", count=count)

    def wait(self, seconds: float) -> Received:
        """What came, as soon as as many came as were expected; RuntimeError if they do not in time."""
        answer = self._ask(do="wait", seconds=seconds)
        if not answer["complete"]:
            raise RuntimeError(f"only {answer['came']} deliveries came within {seconds:g} s")
        return Received(**self._ask(do="report", secret=SECRET))

    def _ask(self, **command: object) -> dict[str, Any]:
        self._control.sendall(json.dumps(command).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer
