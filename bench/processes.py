"""What a process and its children cost, and how they are started and ended. Linux: it reads /proc."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 30


class Program:
    """A program of the benchmark with its children, until the end of a `with` block.

    What it says on stderr, and unless asked for on stdout, is kept in a log.
    """

    def __init__(
        self,
        command: Sequence[object],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> None:
        self._log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=stdin,
                stdout=file if stdout is None else stdout,
                stderr=file,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                bufsize=0,  # a line that was read with another would not wake who waits for it
            )

    def line(self, seconds: float = _PATIENCE_SECONDS) -> str:
        """The next line that it prints; RuntimeError, with the end of its log, if there is none."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if ready and (line := self.process.stdout.readline()):
            return line.decode()
        raise RuntimeError(f"{self._log} ends with:\n{self.said()[-2000:]}")

    def said(self) -> str:
        """Its log so far."""
        return self._log.read_text()

    def begin(self) -> None:
        """Give the sign that it waits for."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It is asked to end, and made to if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the program and its children so far, those that have ended included."""
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))

    @property
    def memory_mb(self) -> float:
        """Its memory and its children's, what they share counted once (PSS)."""
        return sum(_memory_kb(pid) for pid in _family(self.process.pid)) / 1024


def _family(root: int) -> Iterator[int]:
    yield root
    for children in Path(f"/proc/{root}/task").glob("*/children"):  # of each thread: any may start a process
        for child in children.read_text().split():
            yield from _family(int(child))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _memory_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
