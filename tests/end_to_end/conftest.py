"""What a test of the whole product may ask for: two workspaces on one server, which may send to this machine."""

import ipaddress
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.clock import MovableClock
from tests.support.quiet import quiet_log
from tests.support.server import Served, served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


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
