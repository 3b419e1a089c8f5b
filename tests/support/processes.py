"""The program `clockwire serve` on a database that others use too: as many processes as a test wants, to be killed."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clockwire.client import AsyncClient
from clockwire.settings import Address
from tests.support.server import SECRET_KEY
from tests.support.serving import PROGRAM

_ENVIRONMENT = {"CLOCKWIRE_SECRET_KEY": SECRET_KEY, "CLOCKWIRE_LOG_LEVEL": "warning"}


class ServerProcess:
    """A server that may be started again, at the address it had."""

    def __init__(self, database_url: str, log: Path, *options: str) -> None:
        self.target = "127.0.0.1:0"
        self._command = [PROGRAM, "serve", "--database", database_url, *options]
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """It answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """It begins to start."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--listen", self.target],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **_ENVIRONMENT},
            )

    def wait(self) -> None:
        """It answers, after it was launched."""
        line = self._process.stdout.readline().strip()
        assert line.startswith("listening on "), self._log.read_text()[-3_000:]
        self.target = line.removeprefix("listening on ")
        if "--http" in self._command:
            self.http_target = Address.of(self._process.stdout.readline().strip().removeprefix("http listening on "))

    def kill(self) -> None:
        """It ends as if the power had failed."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def stop(self) -> int:
        """It was told to end, and has; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)
        return self._process.returncode

    def client(self, api_key: str, **terms: Any) -> AsyncClient:
        """A client that never asks twice by itself."""
        return AsyncClient(self.target, api_key=api_key, **{"plaintext": True, "retries": 0, **terms})

    @property
    def memory(self) -> int:
        """The bytes of memory it takes."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def sending_pid(self) -> int:
        """The id of the process that sends its webhooks."""
        [pid] = self._pids_of("clockwire.sending")
        return pid

    @property
    def rehearsing_pid(self) -> int:
        """The id of the process that rehearses for it; 0 if there is none."""
        return next(iter(self._pids_of("clockwire.rehearsing")), 0)

    def _pids_of(self, module: str) -> list[int]:
        """Its processes that run a module."""
        return [
            int(child)
            for children in Path(f"/proc/{self._process.pid}/task").glob("*/children")
            for child in children.read_text().split()
            if module in Path(f"/proc/{child}/cmdline").read_text().split("\0")
        ]

    def tell_to_stop(self, number: int = signal.SIGTERM) -> None:
        """It is told to end."""
        self._process.send_signal(number)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a process, of anybody's, has ended when the time is over."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


@contextmanager
def server_processes(database_url: str, folder: Path, count: int, *options: str) -> Iterator[list[ServerProcess]]:
    """So many servers with these options of `clockwire serve`; whatever runs at the end is ended."""
    servers = [ServerProcess(database_url, folder / f"server{number}.log", *options) for number in range(count)]
    try:
        servers[0].start()  # and makes the tables
        for server in servers[1:]:
            server.launch()
        for server in servers[1:]:
            server.wait()
        yield servers
    finally:
        for server in servers:
            if server.running:
                server.kill()
