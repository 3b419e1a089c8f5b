"""Ten thousand HTTP connections that are kept open hold up nobody, and cost little memory."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from clockwire.cli.databases import opened
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from tests.support.http import exchange
from tests.support.processes import ServerProcess, server_processes
from tests.support.server import ON_SQLITE, new_key, new_workspace

CONNECTIONS = 10_000
AT_ONCE = 200
#: What this process and the server need besides.
OTHER_FILES = 700
MOST_BYTES = 40_000
PATIENCE = 5.0

REQUEST = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
ANSWER = b'{"status":"ok"}'


@pytest.fixture
def possible() -> Iterator[int]:
    """As many connections as this machine lets two processes have, up to ten thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(CONNECTIONS, hard - OTHER_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def api_key(database_url: str) -> str:
    """Of a workspace in the database, before a server runs on it."""
    with opened(database_url) as database:
        return new_key(database, system_clock, new_workspace(database, system_clock, "Crowded"), SCOPES)


@pytest.fixture
async def process(database_url: str, api_key: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    with server_processes(database_url, tmp_path, 1, "--no-dispatch", "--http", "127.0.0.1:0") as [process]:
        yield process


@ON_SQLITE
@pytest.mark.timeout(120)
async def test_connections_that_are_kept_open_hold_up_nobody(process: ServerProcess, api_key: str, possible: int):
    before, crowd = process.memory, Crowd(process)
    while len(crowd.connections) < possible:
        await asyncio.gather(*(crowd.join() for _ in range(min(AT_ONCE, possible - len(crowd.connections)))))
    assert (process.memory - before) / possible < MOST_BYTES

    began = time.monotonic()
    async with process.client(api_key) as client:
        created = await client.create("client", client_name="Acme")
    said = {"authorization": f"Bearer {api_key}", "content-type": "application/json"}
    body = b'{"key":{"id":"%s"}}' % created.record.id.encode()
    answer = exchange(process.http_target, "POST", "/clockwire.v1.RecordService/GetRecord", body, said)
    assert answer.json["record"]["client"]["ClientName"] == "Acme"
    assert time.monotonic() - began < PATIENCE

    for reader, writer in crowd.connections[:: possible // 100]:
        await ask(reader, writer)
    assert process.stop() == 0
    assert await crowd.connections[0][0].read() == b""
    crowd.leave()


class Crowd:
    """Clients that ask once and stay."""

    def __init__(self, process: ServerProcess) -> None:
        self._address = process.http_target
        self.connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def join(self) -> None:
        """One more."""
        reader, writer = await asyncio.open_connection(self._address.host, self._address.port, limit=4096)
        await ask(reader, writer)
        self.connections.append((reader, writer))

    def leave(self) -> None:
        """All of them."""
        for _, writer in self.connections:
            writer.transport.abort()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One question, answered."""
    writer.write(REQUEST)
    assert (await reader.readuntil(ANSWER)).startswith(b"HTTP/1.1 200")
