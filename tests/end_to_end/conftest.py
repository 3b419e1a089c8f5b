"""What a test of the whole product may ask for: a server that may send to this machine, and several to race through."""

import ipaddress
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack

import pytest

from clockwire.cli.databases import opened
from clockwire.client import AsyncClient
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from tests.support.clock import MovableClock
from tests.support.postgresql import PostgreSQL
from tests.support.processes import ServerProcess, server_processes
from tests.support.quiet import quiet_log
from tests.support.server import Served, new_key, new_workspace, served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
#: How many servers may share a database.
SERVERS = {"sqlite": 1, "postgresql": 3}

Racing = tuple[str, Sequence[ServerProcess]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Only errors are logged, in plain text: these tests make thousands of calls."""
    with quiet_log():
        yield


@pytest.fixture
async def server(database_url: str, clock: MovableClock) -> AsyncIterator[Served]:
    """A server on each kind of database whose webhooks may go to 127.0.0.0/8; it sends none but tests."""
    async with served(database_url, clock, allow_target=[LOOPBACK]) as server:
        yield server


@pytest.fixture(scope="module", params=SERVERS)
def racing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Racing]:
    """A database of each kind, and as many servers on it as there may be; the tests of a module share them."""
    folder, name = tmp_path_factory.mktemp("racing"), f"racing_{uuid.uuid4().hex}"
    postgresql: PostgreSQL | None = None
    url = f"sqlite:///{folder / 'clockwire.db'}"
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        url = postgresql.create(name)
    with server_processes(url, folder, SERVERS[request.param], "--no-dispatch") as servers:
        yield url, servers
    if postgresql:
        postgresql.drop(name)


@pytest.fixture
async def clients(racing: Racing) -> AsyncIterator[list[AsyncClient]]:
    """One for each server, all in one workspace that is empty."""
    url, servers = racing
    with opened(url) as database:
        api_key = new_key(database, system_clock, new_workspace(database, system_clock, "Race"), SCOPES)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(server.client(api_key, timeout=30)) for server in servers]
