"""A Clockwire of its own on this machine: a SQLite file, a server, a workspace and a key, made by the command line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockwireServer:
    """A server that answers, and a key that may do everything in a new workspace."""

    address: str
    workspace_id: str
    api_key: str
    log: Path

    @property
    def host(self) -> str:
        """The address without the port."""
        return self.address.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.address.rpartition(":")[2])


@contextmanager
def running_clockwire(folder: Path, *, listen: str = "127.0.0.1:0") -> Iterator[ClockwireServer]:
    """A server on a new database in *folder*, stopped at the end. Its webhooks may go to this machine, by http too."""
    folder.mkdir(parents=True, exist_ok=True)
    database = f"sqlite:///{folder / 'clockwire.db'}"
    workspace_id = _clockwire("workspace", "create", "Demonstration", "--database", database)
    api_key = _clockwire("key", "create", "--workspace", workspace_id, "--scope", "all", "--database", database)
    log = folder / "server.log"
    arguments = ["--database", database, "--listen", listen, "--allow-target", "127.0.0.0/8"]
    with (
        log.open("wb") as errors,
        subprocess.Popen([_program(), "serve", *arguments], stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            yield ClockwireServer(address=_address(process, log), workspace_id=workspace_id, api_key=api_key, log=log)
        finally:
            process.terminate()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where it listens: it says so in one line when it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    if not line.startswith("listening on "):
        raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
    return line.split()[-1]


def _clockwire(*arguments: str) -> str:
    """What a command of the program prints."""
    done = subprocess.run([_program(), *arguments], stdout=subprocess.PIPE, check=True, env=os.environ)
    return done.stdout.decode().strip()


def _program() -> str:
    return str(Path(sys.executable).parent / "clockwire")
