"""The program `clockwire`, serving a database of its own, as a user would run it."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clockwire.cli.databases import opened
from clockwire.client import Client
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from tests.support.server import new_key, new_workspace

PROGRAM = str(Path(sys.executable).with_name("clockwire"))


@dataclass
class RunningServer:
    """A server on SQLite, with one workspace and a key that may do everything in it."""

    folder: Path
    options: Sequence[str] = ()
    target: str = ""
    workspace_id: str = ""
    api_key: str = ""
    _process: "subprocess.Popen[str] | None" = None
    _database: str = ""

    def create(self) -> None:
        """Make the database, the workspace and the key."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._database = f"sqlite:///{self.folder / 'clockwire.db'}"
        with opened(self._database) as database:
            self.workspace_id = new_workspace(database, system_clock, "acme")
        self.api_key = self.new_key(*SCOPES, name="all scopes")

    def with_another_workspace(self) -> "RunningServer":
        """The same server, with another workspace and a key that may do everything in that."""
        with opened(self._database) as database:
            other = replace(self, workspace_id=new_workspace(database, system_clock, "acme"))
        other.api_key = other.new_key(*SCOPES, name="all scopes")
        return other

    def new_key(self, *scopes: str, name: str = "a key") -> str:
        """A key with these scopes."""
        with opened(self._database) as database:
            return new_key(database, system_clock, self.workspace_id, scopes, name=name)

    def start(self, listen: str = "127.0.0.1:0") -> None:
        """Serve, at the address of an earlier start if there was one."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "serve", "--database", self._database, "--listen", self.target or listen, *self.options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith("listening on "):
            self.kill()
            raise AssertionError((self.folder / "server.log").read_text()[-3000:])
        self.target = line.removeprefix("listening on ")

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        """End it in an orderly way."""
        assert self._process is not None
        self._process.terminate()
        self._process.communicate(timeout=20)

    def client(self) -> Client:
        """A client with the key that may do everything."""
        return Client(self.target, api_key=self.api_key, plaintext=True)


@contextmanager
def running_server(folder: Path, *options: str) -> Iterator[RunningServer]:
    """A server with these options of `clockwire serve`."""
    server = RunningServer(folder, options)
    server.create()
    server.start()
    try:
        yield server
    finally:
        server.stop()
